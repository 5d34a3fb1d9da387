//! The log that every transport reads: a bounded ring of updates, each encoded once, and cursors into it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use protocol::wire::Refusal;
use tokio::sync::Notify;

use super::batch::{Batch, Encoded};

/// How much is kept for those who come late.
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// Updates at most.
    pub updates: usize,
    /// Bytes at most, but never fewer than one update.
    pub bytes: usize,
    /// Bytes handed out at once, but never fewer than one update: a subscriber far behind cannot hold more in flight.
    pub batch_bytes: usize,
}

impl History {
    /// So many updates and bytes, of which 64 KiB are handed out at once.
    pub const fn new(updates: usize, bytes: usize) -> Self {
        Self { updates, bytes, batch_bytes: 64 * 1024 }
    }
}

/// Updates handed out at once.
const BATCH_UPDATES_MAX: usize = 512;

/// The stream's log, and the shards that wait for it.
#[derive(Debug)]
pub struct Hub {
    ring: Mutex<Ring>,
    /// The ring's newest `seq`, readable without its lock.
    newest: AtomicU64,
    draining: AtomicBool,
    batches_cut: AtomicU64,
    /// What wakes each shard that reads it.
    wakeups: Box<[Arc<Notify>]>,
}

impl Hub {
    /// An empty hub for so many shards.
    pub fn new(history: History, shards: usize) -> Arc<Self> {
        Arc::new(Self {
            ring: Mutex::new(Ring::new(history)),
            newest: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            batches_cut: AtomicU64::new(0),
            wakeups: (0..shards).map(|_| Arc::default()).collect(),
        })
    }

    /// Appends the next update, written by `encode` given its `seq`, and wakes every shard once.
    pub fn publish(&self, encode: impl FnOnce(u64, &mut Vec<u8>)) {
        // One publisher: nothing else moves `newest`, so encoding needs no lock.
        let seq = self.newest.load(Ordering::Relaxed) + 1;
        let mut line = Vec::with_capacity(256);
        encode(seq, &mut line);
        self.ring().push(Encoded::new(seq, &line));
        self.newest.store(seq, Ordering::Release);
        self.wake_shards();
    }

    /// The newest update's `seq`, 0 before the first.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Notified whenever the shard with this number is to look again.
    pub(super) fn wakeup(&self, shard: usize) -> &Arc<Notify> {
        &self.wakeups[shard]
    }

    /// Whether [`Self::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Tells every subscriber to come to an end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.wake_shards();
    }

    /// Where a new subscriber stands: at `after` if the ring still reaches back to it, or at the newest update.
    pub fn cursor(&self, after: Option<u64>) -> Result<u64, Expired> {
        match after {
            None => Ok(self.newest()),
            Some(cursor) => self.ring().position(cursor).map(|_| cursor),
        }
    }

    /// Everything after `cursor`, as much as one batch holds; empty if there is nothing.
    pub fn after(&self, cursor: u64) -> Result<Batch, Expired> {
        if cursor == self.newest() {
            return Ok(Batch::default());
        }
        let batch = self.ring().after(cursor)?;
        if cursor + (batch.len() as u64) < self.newest() {
            self.batches_cut.fetch_add(1, Ordering::Relaxed);
        }
        Ok(batch)
    }

    /// How often more lay after a cursor than one batch holds.
    pub fn batches_cut(&self) -> u64 {
        self.batches_cut.load(Ordering::Relaxed)
    }

    fn wake_shards(&self) {
        for wakeup in &self.wakeups {
            wakeup.notify_one();
        }
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        // No code panics while it holds the ring.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cursor lies outside the ring: something would be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cursor expired: the ring holds {oldest} to {newest}")]
pub struct Expired {
    /// The oldest update held, or the next one if none is.
    pub oldest: u64,
    /// The newest published.
    pub newest: u64,
}

impl From<Expired> for Refusal {
    fn from(Expired { oldest, newest }: Expired) -> Self {
        Self::CursorExpired { oldest, newest }
    }
}

#[derive(Debug)]
struct Ring {
    history: History,
    updates: VecDeque<Encoded>,
    bytes: usize,
    /// The `seq` of the front, or of the next update if the ring is empty.
    oldest: u64,
}

impl Ring {
    fn new(history: History) -> Self {
        Self { history, updates: VecDeque::new(), bytes: 0, oldest: 1 }
    }

    fn push(&mut self, update: Encoded) {
        self.bytes += update.len();
        self.updates.push_back(update);
        while self.updates.len() > 1 && (self.updates.len() > self.history.updates || self.bytes > self.history.bytes) {
            let evicted = self.updates.pop_front().map_or(0, |update| update.len());
            self.bytes -= evicted;
            self.oldest += 1;
        }
    }

    /// The index of the first update after `cursor`; the length if there is none yet.
    fn position(&self, cursor: u64) -> Result<usize, Expired> {
        let newest = self.oldest + self.updates.len() as u64 - 1;
        if cursor > newest || cursor + 1 < self.oldest {
            return Err(Expired { oldest: self.oldest, newest });
        }
        Ok((cursor + 1 - self.oldest) as usize)
    }

    fn after(&self, cursor: u64) -> Result<Batch, Expired> {
        let from = self.position(cursor)?;
        let mut batch = Batch::default();
        let mut bytes = 0;
        for update in self.updates.range(from..).take(BATCH_UPDATES_MAX) {
            bytes += update.len();
            if !batch.0.is_empty() && bytes > self.history.batch_bytes {
                break;
            }
            batch.0.push(update.clone());
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(updates: usize, bytes: usize) -> Arc<Hub> {
        Hub::new(History::new(updates, bytes), 1)
    }

    fn publish(hub: &Hub, count: usize) {
        for _ in 0..count {
            hub.publish(|seq, line| line.extend(format!("line {seq}").bytes()));
        }
    }

    #[test]
    fn a_cursor_gets_what_follows_it_oldest_first() {
        let hub = hub(10, 1 << 20);
        publish(&hub, 3);
        assert_eq!(&hub.after(1).unwrap().lines()[..], b"line 2\nline 3\n");
        assert_eq!(&hub.after(1).unwrap().frames()[..], b"\x81\x06line 2\x81\x06line 3");
        assert_eq!(&hub.after(1).unwrap().events()[..], b"data: line 2\nid: 2\n\ndata: line 3\nid: 3\n\n");
        assert!(hub.after(3).unwrap().is_empty());
    }

    #[test]
    fn a_cursor_outside_the_ring_is_an_error_and_never_a_gap() {
        let hub = hub(2, 1 << 20);
        assert_eq!(hub.cursor(Some(5)), Err(Expired { oldest: 1, newest: 0 }));
        publish(&hub, 5);
        assert_eq!(hub.after(2).unwrap_err(), Expired { oldest: 4, newest: 5 });
        assert_eq!(hub.after(6).unwrap_err(), Expired { oldest: 4, newest: 5 });
        assert_eq!(hub.after(3).unwrap().len(), 2);
        assert_eq!(hub.cursor(None), Ok(5));
        assert_eq!(hub.cursor(Some(u64::MAX)), Err(Expired { oldest: 4, newest: 5 }));
    }

    #[test]
    fn the_ring_is_bounded_in_bytes_but_keeps_the_newest() {
        let hub = hub(100, 20);
        publish(&hub, 50);
        assert_eq!(hub.after(48).unwrap().len(), 2);
        assert!(hub.after(47).is_err());
        hub.publish(|_, line| line.resize(1_000, b'x'));
        assert_eq!(hub.after(50).unwrap().len(), 1);
    }

    #[test]
    fn a_batch_is_bounded() {
        let hub = hub(10_000, 1 << 20);
        publish(&hub, BATCH_UPDATES_MAX + 1);
        assert_eq!(hub.after(0).unwrap().len(), BATCH_UPDATES_MAX);
        assert_eq!(hub.batches_cut(), 1);
    }
}
