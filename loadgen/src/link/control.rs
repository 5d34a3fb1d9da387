//! A link at work: its device and its thread, what it is told, and what it is asked.

use std::{
    net::IpAddr,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Sender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use protocol::results::LinkUsage;
use rustix::{
    event::{EventfdFlags, eventfd},
    io::write,
    thread::{Pid, gettid},
};
use server::values::Cpus;

use super::{
    account::Account,
    addresses::{Addresses, OWN},
    conditions::{Conditions, Fates},
    device,
    mirror::{Mirror, Order},
    queue::Queue,
};

/// Packets under way at most: what 25,000 a second are at the longest round trip. Of its 200 MB only what is used is taken.
const PACKETS_MAX: u32 = 1 << 17;

/// A device with a thread that gives its packets back. Dropped, it ends the thread and with it the device, which also goes with
/// this process, however that ends.
#[derive(Debug)]
pub struct Link {
    addresses: Addresses,
    device: String,
    /// What the device's queue had dropped, and how long the thread had worked, when it was asked last.
    before: Before,
    /// Its thread, as the kernel knows it.
    pub thread_id: Pid,
    orders: Option<Sender<Order>>,
    bell: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Before {
    dropped: AtomicU64,
    cpu_ns: AtomicU64,
}

impl Link {
    /// Makes the device and starts the thread, which keeps to those processors.
    ///
    /// In the namespace that [`enter_namespace`](super::enter_namespace) has entered; one at a time. Fails where there are no rights to
    /// that, or no such processors.
    pub fn start(conditions: &Conditions, cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        let (addresses, cpus) = (Addresses::PRIVATE, cpus.cloned());
        let device = device::open(addresses).context("cannot make the link's device")?;
        let name = device.name().context("the link's device has no name")?;
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (sender, orders) = channel();
        let (pinned, is_pinned) = sync_channel(1);
        let before = Before { dropped: device::dropped(&name)?.into(), ..Before::default() };
        let fates = Fates::new(*conditions, addresses);
        let (queue, account) = (Queue::new(PACKETS_MAX), Box::new(Account::new()));
        let mirror = Mirror { device, orders, bell: Arc::clone(&bell), queue, fates, account, free_ns: 0 };
        let thread = thread::Builder::new().name("link".to_owned()).spawn(move || {
            let _ = pinned.send(cpus.as_ref().map_or(Ok(()), Cpus::pin).map(|()| gettid()));
            mirror.run();
        })?;
        let thread_id = is_pinned.recv().context("the link's thread did not start")??;
        Ok(Self { thread_id, addresses, device: name, before, orders: Some(sender), bell, thread: Some(thread) })
    }

    /// The address by which clients reach a server through the link: one that listens on all addresses.
    pub fn server(&self) -> IpAddr {
        self.addresses.server()
    }

    /// The device's own address, on which a server may listen that is to be reached through the link only, or past it by that.
    pub fn own(&self) -> IpAddr {
        OWN.into()
    }

    /// All addresses, for workers.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// From now on drops every packet that is sent, either way, for so long.
    pub fn outage(&self, duration: Duration) {
        // A link that is gone has lost its device, and carries nothing already.
        let _ = self.tell(Order::Outage(duration));
    }

    /// From now on has every packet that is sent take another round trip, the same for every client. None overtakes another of its
    /// connection: behind what is under way, it waits for that.
    pub fn set_round_trip(&self, rtt_ms: f64) {
        // As with an outage.
        let _ = self.tell(Order::RoundTrip { rtt_ms });
    }

    /// What happened since this was asked last, or since the start. Takes as long as a few packets do.
    ///
    /// Fails if the device is gone.
    pub fn take(&self) -> anyhow::Result<LinkUsage> {
        const GONE: &str = "the link's device is gone: somebody has taken it away";
        let (taken, answer) = sync_channel(1);
        self.tell(Order::Take { next: Box::new(Account::new()), taken }).context(GONE)?;
        let (account, cpu_ns) = answer.recv().context(GONE)?;
        let dropped = device::dropped(&self.device)?;
        let since = |before: &AtomicU64, now: u64| now.saturating_sub(before.swap(now, Relaxed));
        Ok(account.into_usage(since(&self.before.dropped, dropped), since(&self.before.cpu_ns, cpu_ns)))
    }

    fn tell(&self, order: Order) -> anyhow::Result<()> {
        self.orders.as_ref().context("it has ended")?.send(order).ok().context("it has ended")?;
        self.ring();
        Ok(())
    }

    /// Wakes the thread.
    fn ring(&self) {
        // It fails only where it has been rung 2^64 times and not been heard.
        let _ = write(&self.bell, &1_u64.to_ne_bytes());
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        drop(self.orders.take());
        self.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
