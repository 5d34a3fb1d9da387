//! The thread that reads packets from the device, and writes each back turned round when it is due.

use std::{
    num::NonZeroU64,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TryRecvError},
    },
    time::Duration,
};

use protocol::clock::{NS_PER_SEC, now_ns};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read, write},
    thread::set_current_timer_slack,
    time::{ClockId, Timespec, clock_gettime},
};

use super::{
    account::Account,
    conditions::{Fate, Fates},
    packet,
    queue::Queue,
};

/// So many packets are read at most before others are written.
const READS: usize = 32;
/// So many are written at most before it is looked again what has come: for so long at most, some 50 us, a packet seems to
/// have been sent later than it was.
const WRITES: usize = 8;

/// What the thread is told.
pub(super) enum Order {
    /// Drops everything for so long.
    Outage(Duration),
    /// Has packets take another round trip from now on.
    RoundTrip { rtt_ms: f64 },
    /// Gives away what it has counted, with its CPU time so far in nanoseconds, and counts on in another account.
    Take { next: Box<Account>, taken: SyncSender<(Box<Account>, u64)> },
}

/// The thread's own.
pub(super) struct Mirror<D> {
    /// Not blocking.
    pub(super) device: D,
    /// It is told nothing more once the other end is gone, and ends then.
    pub(super) orders: Receiver<Order>,
    /// Readable when there are orders, or will be none.
    pub(super) bell: Arc<OwnedFd>,
    pub(super) queue: Queue,
    pub(super) fates: Fates,
    pub(super) account: Box<Account>,
    /// When the last write ended.
    pub(super) free_ns: u64,
}

impl<D: AsFd> Mirror<D> {
    /// Works until the other end of its orders is gone, or the device is.
    pub(super) fn run(mut self) {
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        while self.obey() {
            let Ok(has_read) = self.read() else { return };
            if !self.write() && !has_read {
                self.wait();
            }
        }
    }

    /// Does as it is told; `false` if it is to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Outage(duration)) => self.fates.outage_until_ns = now_ns() + duration.as_nanos() as u64,
                Ok(Order::RoundTrip { rtt_ms }) => self.fates.change(rtt_ms, now_ns()),
                Ok(Order::Take { next, taken }) => {
                    let account = std::mem::replace(&mut self.account, next);
                    // Nobody waits for it any more: then nobody misses it.
                    let _ = taken.send((account, cpu_ns()));
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Reads what has come; whether that was anything. Fails if there is no device any more.
    fn read(&mut self) -> Result<bool, Errno> {
        for reads in 0..READS {
            let place = self.queue.next();
            let bytes = match read(&self.device, &mut *place) {
                Ok(bytes) => bytes,
                Err(Errno::AGAIN | Errno::INTR) => return Ok(reads > 0),
                Err(error) => return Err(error),
            };
            // After the read: what has been sent before is never taken for sent earlier than it was.
            let sent_ns = now_ns();
            // The kernel looks for routers by IPv6, which are not there.
            let Some(head) = packet::turn(&mut place[..bytes]) else { continue };
            match self.fates.of(head, sent_ns) {
                Fate::Due { due_ns } => self.account.dropped += u64::from(!self.queue.keep(bytes, due_ns)),
                Fate::Lost => self.account.lost += 1,
                Fate::Cut => self.account.cut += 1,
            }
        }
        Ok(true)
    }

    /// Writes what is due; whether that was anything.
    fn write(&mut self) -> bool {
        let mut begun_ns = now_ns();
        for writes in 0..WRITES {
            let Some((due_ns, packet)) = self.queue.take_due(begun_ns) else { return writes > 0 };
            // The receiver's TCP runs in here.
            match write(&self.device, packet) {
                Ok(bytes) => self.account.written(bytes, due_ns, self.free_ns, begun_ns),
                Err(_) => self.account.dropped += 1,
            }
            begun_ns = now_ns();
            self.free_ns = begun_ns;
        }
        true
    }

    /// Waits until something comes, is due or is ordered.
    fn wait(&mut self) {
        let timeout = self.queue.due_ns().map(|due_ns| {
            let wait_ns = due_ns.saturating_sub(now_ns());
            Timespec { tv_sec: (wait_ns / NS_PER_SEC) as i64, tv_nsec: (wait_ns % NS_PER_SEC) as i64 }
        });
        let mut ready = [PollFd::new(&self.device, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
        // Interrupted, it looks again.
        let _ = poll(&mut ready, timeout.as_ref());
        if !ready[1].revents().is_empty() {
            let _ = read(&self.bell, &mut [0; 8]);
        }
    }
}

/// CPU time of the calling thread so far.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * NS_PER_SEC + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Sender, channel, sync_channel},
        thread::JoinHandle,
    };

    use protocol::results::{LinkUsage, Path, RoundTrip};
    use rustix::{
        event::{EventfdFlags, eventfd},
        net::{AddressFamily, SocketFlags, SocketType, socketpair},
    };

    use super::*;
    use crate::link::{addresses::Addresses, conditions::Conditions};

    /// A thread whose device is one end of a pair of sockets, so that no rights are needed.
    struct Tried {
        /// The other end, which blocks.
        kernel: OwnedFd,
        orders: Sender<Order>,
        bell: Arc<OwnedFd>,
        thread: JoinHandle<()>,
    }

    impl Tried {
        fn start(rtt_ms: f64, loss_percent: f64, room: u32) -> Self {
            let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
            let (kernel, device) = pair.unwrap();
            rustix::io::ioctl_fionbio(&device, true).unwrap();
            let path = Path { rtt_ms: RoundTrip::constant(rtt_ms), jitter_ms: 0.0, loss_percent };
            let fates = Fates::new(Conditions { path, seed: 1 }, Addresses::PRIVATE);
            let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK).unwrap());
            let (orders, obeyed) = channel();
            let (queue, account) = (Queue::new(room), Box::new(Account::new()));
            let mirror = Mirror { device, orders: obeyed, bell: Arc::clone(&bell), queue, fates, account, free_ns: 0 };
            Self { kernel, orders, bell, thread: std::thread::spawn(|| mirror.run()) }
        }

        fn tell(&self, order: Order) {
            self.orders.send(order).unwrap();
            write(&self.bell, &1_u64.to_ne_bytes()).unwrap();
        }

        fn take(&self) -> LinkUsage {
            let (taken, answer) = sync_channel(1);
            self.tell(Order::Take { next: Box::new(Account::new()), taken });
            let (account, cpu_ns) = answer.recv().unwrap();
            account.into_usage(0, cpu_ns)
        }

        /// Takes until that much is told of.
        fn take_until(&self, mut enough: impl FnMut(&LinkUsage) -> bool) {
            while !enough(&self.take()) {
                std::thread::yield_now();
            }
        }

        /// Sends a packet from 10.98.0.1 to 10.99.0.2 that ends in that byte.
        fn send(&self, last: u8) {
            write(&self.kernel, &[&[0x45; 12][..], &[10, 98, 0, 1], &[10, 99, 0, 2], &[0, 80, 0, 90, last]].concat())
                .unwrap();
        }

        /// What comes back next: where it is from, and its last byte.
        fn receive(&self) -> ([u8; 4], u8) {
            let mut packet = [0; 100];
            let bytes = read(&self.kernel, &mut packet).unwrap();
            (packet[12..16].try_into().unwrap(), packet[bytes - 1])
        }
    }

    impl Tried {
        fn end(self) {
            drop(self.orders);
            write(&self.bell, &1_u64.to_ne_bytes()).unwrap();
            self.thread.join().unwrap();
        }
    }

    #[test]
    fn packets_come_back_from_where_they_were_sent_to_in_order_and_never_sooner_than_asked() {
        let tried = Tried::start(40.0, 0.0, 100);
        let sent_ns = now_ns();
        (0..50).for_each(|number| tried.send(number));
        // What the kernel says by IPv6 is of no account.
        write(&tried.kernel, &[0x60; 48]).unwrap();
        for number in 0..50 {
            assert_eq!(tried.receive(), ([10, 99, 0, 2], number));
        }
        assert!(now_ns() - sent_ns >= 20_000_000);
        let (mut packets, mut bytes) = (0, 0);
        tried.take_until(|usage| {
            assert_eq!((usage.lost, usage.cut, usage.dropped), (0, 0, 0));
            assert_eq!((usage.lateness.len(), usage.serialisation.len()), (usage.packets, usage.packets));
            (packets, bytes) = (packets + usage.packets, bytes + usage.bytes);
            packets >= 50
        });
        assert_eq!((packets, bytes, tried.take().packets), (50, 50 * 25, 0));
        tried.end();
    }

    #[test]
    fn what_is_lost_cut_or_finds_no_room_is_counted_apart() {
        let lossy = Tried::start(0.0, 50.0, 100);
        (0..100).for_each(|number| lossy.send(number));
        let (mut arrived, mut lost) = (0, 0);
        lossy.take_until(|usage| {
            assert_eq!((usage.cut, usage.dropped), (0, 0));
            (arrived, lost) = (arrived + usage.packets, lost + usage.lost);
            arrived + lost == 100
        });
        assert!(arrived > 0 && lost > 0, "{arrived} {lost}");
        lossy.end();

        // None of these is due while it is looked at.
        let narrow = Tried::start(10_000.0, 0.0, 3);
        (0..10).for_each(|number| narrow.send(number));
        let mut dropped = 0;
        narrow.take_until(|usage| {
            dropped += usage.dropped;
            dropped == 7
        });
        narrow.tell(Order::Outage(Duration::from_mins(1)));
        narrow.send(0);
        narrow.take_until(|usage| (usage.cut, usage.dropped) == (1, 0));
        narrow.end();
    }
}
