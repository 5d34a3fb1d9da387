//! A log that every transport reads: a bounded ring of updates, each encoded once, and cursors into it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use protocol::wire::Refusal;

use super::batch::{Batch, Encoded};

/// How much is kept for those who come late.
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// Updates of a log at most.
    pub updates: usize,
    /// Bytes of a log at most, but never fewer than one update.
    pub bytes: usize,
    /// Bytes of all logs together at most, but never fewer than one update of each.
    pub all_bytes: usize,
    /// Bytes handed out at once, but never fewer than one update: a subscriber far behind cannot hold more in flight.
    pub batch_bytes: usize,
}

impl History {
    /// So many updates and bytes, of which 64 KiB are handed out at once.
    pub const fn new(updates: usize, bytes: usize) -> Self {
        Self { updates, bytes, all_bytes: usize::MAX, batch_bytes: 64 * 1024 }
    }
}

/// Updates handed out at once.
const BATCH_UPDATES_MAX: usize = 512;

/// What all logs of a hub have in common.
#[derive(Debug)]
pub(super) struct Kept {
    history: History,
    /// Held by all of them.
    bytes: AtomicUsize,
    pub(super) updates: AtomicU64,
    pub(super) batches_cut: AtomicU64,
    /// Updates that left a ring only because all of them together were full.
    pub(super) crowded_out: AtomicU64,
    pub(super) draining: AtomicBool,
}

impl Kept {
    pub(super) fn new(history: History) -> Self {
        Self {
            history,
            bytes: AtomicUsize::new(0),
            updates: AtomicU64::new(0),
            batches_cut: AtomicU64::new(0),
            crowded_out: AtomicU64::new(0),
            draining: AtomicBool::new(false),
        }
    }
}

/// A log.
#[derive(Debug)]
pub struct Log {
    kept: Arc<Kept>,
    ring: Mutex<Ring>,
    /// The ring's newest `seq`, readable without its lock.
    newest: AtomicU64,
}

impl Log {
    pub(super) fn new(kept: &Arc<Kept>) -> Self {
        Self { kept: Arc::clone(kept), ring: Mutex::default(), newest: AtomicU64::new(0) }
    }

    /// Appends the next update, written by `encode` given its `seq`, and gives that.
    pub(super) fn append(&self, encode: impl FnOnce(u64, &mut Vec<u8>)) -> u64 {
        let mut line = Vec::with_capacity(256);
        // Several may append at once, where clients speak.
        let mut ring = self.ring();
        let seq = self.newest.load(Relaxed) + 1;
        encode(seq, &mut line);
        ring.push(Encoded::new(seq, &line), &self.kept);
        self.kept.updates.fetch_add(1, Relaxed);
        // Whoever appends looks next for who waits; who begins to wait looks next for what is new. One of the two sees the other.
        self.newest.store(seq, SeqCst);
        seq
    }

    /// The newest update's `seq`, 0 before the first.
    pub fn newest(&self) -> u64 {
        self.newest.load(SeqCst)
    }

    /// Whether every subscriber is to come to an end.
    pub fn is_draining(&self) -> bool {
        self.kept.draining.load(SeqCst)
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
        let batch = self.ring().after(cursor, self.kept.history.batch_bytes)?;
        if cursor + (batch.len() as u64) < self.newest() {
            self.kept.batches_cut.fetch_add(1, Relaxed);
        }
        Ok(batch)
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

#[derive(Debug, Default)]
struct Ring {
    updates: VecDeque<Encoded>,
    bytes: usize,
    /// How many have left it.
    evicted: u64,
}

impl Ring {
    fn push(&mut self, update: Encoded, kept: &Kept) {
        if self.updates.capacity() == 0 {
            // Of many topics most hold one update.
            self.updates.reserve_exact(1);
        }
        self.bytes += update.len();
        kept.bytes.fetch_add(update.len(), Relaxed);
        self.updates.push_back(update);
        let History { updates, bytes, all_bytes, .. } = kept.history;
        while self.updates.len() > 1 {
            let full = self.updates.len() > updates || self.bytes > bytes;
            if !full && kept.bytes.load(Relaxed) <= all_bytes {
                break;
            }
            if !full {
                kept.crowded_out.fetch_add(1, Relaxed);
            }
            let evicted = self.updates.pop_front().map_or(0, |update| update.len());
            self.bytes -= evicted;
            kept.bytes.fetch_sub(evicted, Relaxed);
            self.evicted += 1;
        }
    }

    /// The index of the first update after `cursor`; the length if there is none yet.
    fn position(&self, cursor: u64) -> Result<usize, Expired> {
        let newest = self.evicted + self.updates.len() as u64;
        if cursor > newest || cursor < self.evicted {
            return Err(Expired { oldest: self.evicted + 1, newest });
        }
        Ok((cursor - self.evicted) as usize)
    }

    fn after(&self, cursor: u64, batch_bytes: usize) -> Result<Batch, Expired> {
        let from = self.position(cursor)?;
        let mut batch = Batch::default();
        let mut bytes = 0;
        for update in self.updates.range(from..).take(BATCH_UPDATES_MAX) {
            bytes += update.len();
            if !batch.0.is_empty() && bytes > batch_bytes {
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

    fn kept(updates: usize, bytes: usize) -> Arc<Kept> {
        Arc::new(Kept::new(History::new(updates, bytes)))
    }

    fn log(updates: usize, bytes: usize) -> Log {
        Log::new(&kept(updates, bytes))
    }

    fn publish(log: &Log, count: usize) {
        for _ in 0..count {
            log.append(|seq, line| line.extend(format!("line {seq}").bytes()));
        }
    }

    #[test]
    fn a_cursor_gets_what_follows_it_oldest_first() {
        let log = log(10, 1 << 20);
        publish(&log, 3);
        assert_eq!(&log.after(1).unwrap().lines()[..], b"line 2\nline 3\n");
        assert_eq!(&log.after(1).unwrap().frames()[..], b"\x81\x06line 2\x81\x06line 3");
        assert_eq!(&log.after(1).unwrap().events()[..], b"data: line 2\nid: 2\n\ndata: line 3\nid: 3\n\n");
        assert!(log.after(3).unwrap().is_empty());
    }

    #[test]
    fn a_cursor_outside_the_ring_is_an_error_and_never_a_gap() {
        let log = log(2, 1 << 20);
        assert_eq!(log.cursor(Some(5)), Err(Expired { oldest: 1, newest: 0 }));
        publish(&log, 5);
        assert_eq!(log.after(2).unwrap_err(), Expired { oldest: 4, newest: 5 });
        assert_eq!(log.after(6).unwrap_err(), Expired { oldest: 4, newest: 5 });
        assert_eq!(log.after(3).unwrap().len(), 2);
        assert_eq!(log.cursor(None), Ok(5));
        assert_eq!(log.cursor(Some(u64::MAX)), Err(Expired { oldest: 4, newest: 5 }));
    }

    #[test]
    fn the_ring_is_bounded_in_bytes_but_keeps_the_newest() {
        let log = log(100, 20);
        publish(&log, 50);
        assert_eq!(log.after(48).unwrap().len(), 2);
        assert!(log.after(47).is_err());
        log.append(|_, line| line.resize(1_000, b'x'));
        assert_eq!(log.after(50).unwrap().len(), 1);
    }

    #[test]
    fn all_rings_together_are_bounded_but_each_keeps_its_newest() {
        let history = History { all_bytes: 100, ..History::new(100, 1 << 20) };
        let kept = Arc::new(Kept::new(history));
        let [one, other] = [(); 2].map(|()| Log::new(&kept));
        // With what frames them, an update is of 9 bytes, and of 10 from the tenth on.
        publish(&one, 9);
        assert_eq!(kept.crowded_out.load(Relaxed), 0);
        publish(&other, 3);
        assert_eq!(other.cursor(Some(0)), Err(Expired { oldest: 2, newest: 3 }));
        assert_eq!((one.after(0).unwrap().len(), kept.crowded_out.load(Relaxed)), (9, 1));
        publish(&one, 1);
        assert_eq!(one.cursor(Some(0)), Err(Expired { oldest: 2, newest: 10 }));
        assert!(kept.bytes.load(Relaxed) <= 100);
        let small = Arc::new(Kept::new(History { all_bytes: 1, ..history }));
        let [one, other] = [(); 2].map(|()| Log::new(&small));
        [&one, &other].into_iter().for_each(|log| publish(log, 2));
        assert_eq!([one, other].map(|log| log.after(1).unwrap().len()), [1, 1]);
    }

    #[test]
    fn a_batch_is_bounded() {
        let kept = kept(10_000, 1 << 20);
        let log = Log::new(&kept);
        publish(&log, BATCH_UPDATES_MAX + 1);
        assert_eq!(log.after(0).unwrap().len(), BATCH_UPDATES_MAX);
        assert_eq!(kept.batches_cut.load(Relaxed), 1);
    }
}
