//! Tampering with what one client receives: updates left out, doubled or swapped, or all of them shown later.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Sleep;

use super::Fault;
use crate::stream::batch::Batch;

/// The faults of a client that was chosen for any.
#[derive(Debug)]
pub struct Tamper {
    faults: Vec<Fault>,
    slow_by: Duration,
    /// Up to where a slow client will be shown the stream, and when.
    showing: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Tamper {
    /// What is done to the connection with this number, if anything is.
    pub fn of(faults: &[Fault], connection: u64) -> Option<Box<Self>> {
        let mut tamper = Self { faults: Vec::new(), slow_by: Duration::ZERO, showing: None };
        for fault in faults {
            match *fault {
                Fault::Drop(share) | Fault::Duplicate(share) | Fault::Swap(share)
                    if connection.is_multiple_of(share.clients) =>
                {
                    tamper.faults.push(*fault);
                }
                Fault::Slow { clients, by } if connection.is_multiple_of(clients) => tamper.slow_by += by,
                _ => {}
            }
        }
        (!tamper.faults.is_empty() || !tamper.slow_by.is_zero()).then(|| Box::new(tamper))
    }

    /// Of what follows `cursor`: how many updates the client is done with, and what it is shown for them.
    pub(crate) fn take(&mut self, cursor: u64, batch: &Batch, context: &mut Context<'_>) -> (u64, Batch) {
        let mut done = self.due(cursor, batch.len() as u64, context);
        // One that is to come after its successor waits for it.
        if done > 0 && self.swaps(cursor + done) {
            done -= 1;
        }
        let mut order: Vec<u64> = (cursor + 1..=cursor + done).collect();
        for (place, seq) in (1..).zip(cursor + 1..cursor + done) {
            if self.swaps(seq) {
                order.swap(place - 1, place);
            }
        }
        let mut shown = Batch::default();
        for seq in order {
            for _ in 0..self.copies(seq) {
                shown.0.push(batch.0[(seq - cursor - 1) as usize].clone());
            }
        }
        (done, shown)
    }

    /// How many of so many updates a slow client may be shown now.
    fn due(&mut self, cursor: u64, there: u64, context: &mut Context<'_>) -> u64 {
        if self.slow_by.is_zero() || there == 0 {
            return there;
        }
        let slow_by = self.slow_by;
        let showing = self.showing.get_or_insert_with(|| (cursor + there, Box::pin(tokio::time::sleep(slow_by))));
        match showing.1.as_mut().poll(context) {
            Poll::Pending => 0,
            Poll::Ready(()) => self.showing.take().map_or(0, |(up_to, _)| there.min(up_to.saturating_sub(cursor))),
        }
    }

    fn swaps(&self, seq: u64) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::Swap(share) if share.chooses(seq)))
    }

    fn copies(&self, seq: u64) -> usize {
        self.faults.iter().fold(1, |copies, fault| match fault {
            Fault::Drop(share) if share.chooses(seq) => 0,
            Fault::Duplicate(share) if share.chooses(seq) => copies * 2,
            _ => copies,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Waker};

    use protocol::clock::now_ns;

    use super::*;
    use crate::stream::{
        hub::{Hub, Room},
        shard::{Shard, Subscription},
    };

    fn subscribe(hub: &Arc<Hub>, tamper: Option<Box<Tamper>>) -> Subscription {
        let shard = Shard::new(hub, 0, |_, _| unreachable!("batches are taken here, and not written"));
        Subscription::new(&shard, Arc::clone(hub.broadcast()), &Arc::default(), None).unwrap().tampered_with(tamper)
    }

    /// The digits that a connection is shown while 1 to 9 are published, in so many at a time.
    fn shown(spec: &str, connection: u64, at_a_time: u64) -> String {
        let hub = Hub::new(&Room::new(100, 1 << 20), 1);
        let tamper = Tamper::of(&[spec.parse().unwrap()], connection);
        let mut subscription = subscribe(&hub, tamper);
        let mut shown = String::new();
        for seq in 1..=9 {
            hub.publish(hub.broadcast(), |seq, line| line.extend(seq.to_string().bytes()));
            if seq % at_a_time == 0 {
                let mut context = Context::from_waker(Waker::noop());
                while let Poll::Ready(batch) = std::pin::pin!(subscription.next()).poll(&mut context) {
                    shown += &String::from_utf8_lossy(&batch.unwrap().lines()).replace('\n', "");
                }
            }
        }
        shown
    }

    #[test]
    fn chosen_updates_are_left_out_doubled_or_swapped_however_they_are_batched() {
        for at_a_time in [1, 3, 9] {
            assert_eq!(shown("drop:3:2", 4, at_a_time), "124578", "{at_a_time}");
            assert_eq!(shown("duplicate:4:2", 4, at_a_time), "12344567889", "{at_a_time}");
            assert_eq!(shown("swap:2:2", 4, at_a_time), "132547698", "{at_a_time}");
        }
        assert_eq!(shown("swap:3:2", 4, 1), "12435768", "9 waits for 10");
    }

    #[test]
    fn other_clients_are_left_alone() {
        assert!(Tamper::of(&["drop:1:2".parse().unwrap(), "slow:5:1ms".parse().unwrap()], 3).is_none());
        assert!(Tamper::of(&["delay:websocket:1ms".parse().unwrap()], 0).is_none());
    }

    #[test]
    fn a_slow_client_is_shown_what_there_was_and_later() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let hub = Hub::new(&Room::new(100, 1 << 20), 1);
            let tamper = Tamper::of(&["slow:1:10ms".parse().unwrap()], 0);
            let mut subscription = subscribe(&hub, tamper);
            hub.publish(hub.broadcast(), |_, line| line.push(b'1'));
            let begun_ns = now_ns();
            {
                let mut next = std::pin::pin!(subscription.next());
                assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            hub.publish(hub.broadcast(), |_, line| line.push(b'2'));
            for line in ["1\n", "2\n"] {
                assert_eq!(subscription.next().await.unwrap().lines(), line);
            }
            assert!(now_ns() - begun_ns >= 20_000_000, "each after a time of its own");
        });
    }
}
