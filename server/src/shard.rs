//! Where subscribers wait: each server thread parks its own and is woken once an update, not once a subscriber.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use slab::Slab;
use tokio::sync::Notify;

use crate::{
    fault::Tamper,
    hub::{Batch, Expired, Hub},
    metrics::TransportMetrics,
};

/// The parked subscribers of one server thread.
#[derive(Debug, Default)]
pub struct Shard {
    parked: Mutex<Slab<Option<Waker>>>,
    bell: Notify,
}

impl Shard {
    /// Called by the publisher: one wake-up for the whole thread, however many are parked there.
    pub(crate) fn ring_bell(&self) {
        self.bell.notify_one();
    }

    /// Wakes the parked subscribers whenever the bell rings. Runs for as long as its thread serves.
    pub async fn serve_bell(&self) {
        let mut awake: Vec<Waker> = Vec::new();
        let mut turn = 0_usize;
        loop {
            self.bell.notified().await;
            turn += 1;
            self.take_parked(&mut awake);
            if awake.is_empty() {
                continue;
            }
            // Whoever is woken first is served first. Another begins each time, or client 1 would always be
            // first and the last one always late. The golden ratio spreads the beginnings evenly.
            let first = turn.wrapping_mul(0x9e37_79b9) % awake.len();
            awake.rotate_left(first);
            awake.drain(..).for_each(Waker::wake);
        }
    }

    fn take_parked(&self, into: &mut Vec<Waker>) {
        // Woken only after the lock is released: a wake-up may run code that parks again.
        into.extend(self.parked().iter_mut().filter_map(|(_, waker)| waker.take()));
    }

    fn parked(&self) -> std::sync::MutexGuard<'_, Slab<Option<Waker>>> {
        // No code panics while it holds the list.
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its cursor has left the ring: it was too slow.
    #[error(transparent)]
    Expired(#[from] Expired),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
}

/// A subscriber: a cursor into the hub's ring, and a place to wait in a shard.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    shard: Arc<Shard>,
    metrics: Arc<TransportMetrics>,
    slot: usize,
    cursor: u64,
    tamper: Option<Box<Tamper>>,
}

impl Subscription {
    /// Subscribes to what follows `after`, or to what is published from now on.
    pub fn new(
        hub: &Arc<Hub>,
        shard: &Arc<Shard>,
        metrics: &Arc<TransportMetrics>,
        after: Option<u64>,
    ) -> Result<Self, Expired> {
        let cursor = hub.cursor(after)?;
        let slot = shard.parked().insert(None);
        let (hub, shard, metrics) = (Arc::clone(hub), Arc::clone(shard), Arc::clone(metrics));
        Ok(Self { hub, shard, metrics, slot, cursor, tamper: None })
    }

    /// The same with a fault for this client, if it has one.
    #[must_use]
    pub fn tampered_with(mut self, tamper: Option<Box<Tamper>>) -> Self {
        self.tamper = tamper;
        self
    }

    /// The last update taken, or where the subscription began.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Everything published after the cursor, as soon as there is anything; moves the cursor past it.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Batch, Ended> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch, Ended>> {
        if let Poll::Ready(taken) = self.take(context) {
            return Poll::Ready(taken);
        }
        self.park(context.waker());
        // Looked at again after parking: an update published in between rang the bell for the others only.
        self.take(context)
    }

    fn take(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch, Ended>> {
        let batch = match self.hub.after(self.cursor) {
            Err(expired) => {
                self.metrics.slow_consumers.inc();
                return Poll::Ready(Err(expired.into()));
            }
            Ok(batch) => batch,
        };
        let (done, batch) = match &mut self.tamper {
            None => (batch.len() as u64, batch),
            Some(tamper) => tamper.take(self.cursor, &batch, context),
        };
        self.cursor += done;
        if !batch.is_empty() {
            self.metrics.took(batch.len() as u64);
            return Poll::Ready(Ok(batch));
        }
        if self.hub.is_draining() { Poll::Ready(Err(Ended::Draining)) } else { Poll::Pending }
    }

    fn park(&self, waker: &Waker) {
        let mut parked = self.shard.parked();
        match &mut parked[self.slot] {
            Some(parked) if parked.will_wake(waker) => {}
            place => *place = Some(waker.clone()),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let waker = self.shard.parked().remove(self.slot);
        // Dropped here, outside the lock.
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::hub::History;

    const HISTORY: History = History { updates: 100_000, bytes: 1 << 24 };

    fn subscribe(hub: &Arc<Hub>) -> Subscription {
        Subscription::new(hub, hub.shard(0), &Arc::default(), None).unwrap()
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn no_update_and_no_wake_up_is_lost_between_threads() {
        const UPDATES: u64 = 20_000;
        let hub = Hub::new(HISTORY, 1);
        let subscriptions: Vec<_> = (0..50).map(|_| subscribe(&hub)).collect();
        let begin = Arc::new(Barrier::new(2));
        let publisher = std::thread::spawn({
            let (hub, begin) = (Arc::clone(&hub), Arc::clone(&begin));
            move || {
                begin.wait();
                (0..UPDATES).for_each(|_| hub.publish(|seq, line| line.extend(seq.to_string().bytes())));
            }
        });
        runtime().block_on(async {
            let shard = Arc::clone(hub.shard(0));
            tokio::spawn(async move { shard.serve_bell().await });
            let readers: Vec<_> = subscriptions
                .into_iter()
                .map(|mut subscription| {
                    tokio::spawn(async move {
                        let mut seen = Vec::new();
                        while subscription.cursor() < UPDATES {
                            seen.extend_from_slice(&subscription.next().await.unwrap().lines());
                        }
                        seen
                    })
                })
                .collect();
            begin.wait();
            let expected = (1..=UPDATES).map(|seq| seq.to_string() + "\n").collect::<String>();
            for reader in readers {
                assert!(reader.await.unwrap() == expected.as_bytes());
            }
        });
        publisher.join().unwrap();
    }

    #[test]
    fn the_order_of_service_rotates() {
        let hub = Hub::new(HISTORY, 1);
        let mut firsts = std::collections::HashSet::new();
        runtime().block_on(async {
            let shard = Arc::clone(hub.shard(0));
            tokio::spawn(async move { shard.serve_bell().await });
            let (sender, mut served) = tokio::sync::mpsc::unbounded_channel();
            for client in 0..10 {
                let (mut subscription, sender) = (subscribe(&hub), sender.clone());
                tokio::spawn(async move {
                    while subscription.next().await.is_ok() {
                        sender.send(client).unwrap();
                    }
                });
            }
            tokio::task::yield_now().await;
            for _ in 0..30 {
                hub.publish(|_, line| line.push(b'1'));
                firsts.insert(served.recv().await.unwrap());
                for _ in 1..10 {
                    served.recv().await.unwrap();
                }
            }
        });
        assert_eq!(firsts.len(), 10, "every client came first at some time");
    }

    #[test]
    fn draining_ends_a_subscription_once_it_is_current() {
        let hub = Hub::new(HISTORY, 1);
        let mut subscription = subscribe(&hub);
        hub.publish(|_, line| line.push(b'1'));
        hub.drain();
        runtime().block_on(async {
            assert_eq!(subscription.next().await.unwrap().len(), 1);
            assert_eq!(subscription.next().await.unwrap_err(), Ended::Draining);
        });
    }
}
