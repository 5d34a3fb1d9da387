//! What comes of a server that pushes by itself: nothing in it says which update it is or when it was due.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use hdrhistogram::Histogram;
use protocol::results::{LosslessHistogram, Pushed};

use super::window::histogram;

/// More messages that differ are not told apart: so many take 50 MB.
const DIFFERENT_MAX: usize = 1_000_000;

/// The messages of one worker's clients within the measure phase.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// When each client's last came; 0 for none yet.
    last_ns: Vec<u64>,
    gaps: Option<Histogram<u64>>,
    /// By a hash of their bytes.
    different: HashMap<u64, Came>,
}

/// The receipts of messages of the same bytes.
#[derive(Debug, Clone, Copy)]
struct Came {
    first_ns: u64,
    last_ns: u64,
    receipts: u64,
}

impl Came {
    fn and(self, other: Self) -> Self {
        Self {
            first_ns: self.first_ns.min(other.first_ns),
            last_ns: self.last_ns.max(other.last_ns),
            receipts: self.receipts + other.receipts,
        }
    }
}

impl Arrivals {
    /// Takes note of a message.
    pub fn add(&mut self, client: usize, message: &[u8], received_ns: u64) {
        if self.last_ns.len() <= client {
            self.last_ns.resize(client + 1, 0);
        }
        let before_ns = std::mem::replace(&mut self.last_ns[client], received_ns);
        if before_ns > 0 {
            self.gaps.get_or_insert_with(|| histogram(3)).saturating_record(received_ns - before_ns);
        }
        let mut hasher = DefaultHasher::new();
        message.hash(&mut hasher);
        let (hash, came) = (hasher.finish(), Came { first_ns: received_ns, last_ns: received_ns, receipts: 1 });
        if self.different.len() < DIFFERENT_MAX || self.different.contains_key(&hash) {
            self.different.entry(hash).and_modify(|all| *all = all.and(came)).or_insert(came);
        }
    }
}

/// Puts together what the workers saw; and, of messages that came just once to each of `clients`, from their first receipt to their last.
pub fn pushed<'a>(workers: impl Iterator<Item = &'a Arrivals>, clients: u64) -> (Pushed, LosslessHistogram) {
    let [mut gaps, mut spans] = [histogram(3), histogram(3)];
    let mut different = HashMap::<u64, Came>::new();
    for worker in workers {
        worker.gaps.iter().for_each(|part| gaps += part);
        for (hash, came) in &worker.different {
            different.entry(*hash).and_modify(|all| *all = all.and(*came)).or_insert(*came);
        }
    }
    // More receipts than clients: its bytes were sent again, and which receipt is of which nobody can tell.
    let told_apart: Vec<_> = different.values().filter(|came| came.receipts == clients).collect();
    told_apart.iter().for_each(|came| spans.saturating_record(came.last_ns - came.first_ns));
    let (told_apart, different) = (told_apart.len() as u64, different.len() as u64);
    (Pushed { gaps: gaps.into(), told_apart, different }, spans.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_bytes_where_each_client_got_them_once() {
        let mut workers = [Arrivals::default(), Arrivals::default()];
        for (worker, client, message, at_ns) in [
            (0, 0, "a", 100),
            (0, 1, "a", 130),
            (1, 0, "a", 90),
            (0, 0, "tick", 200),
            (0, 0, "tick", 300),
            (1, 0, "tick", 210),
            (0, 1, "tick", 220),
            (1, 0, "only here", 400),
        ] {
            workers[worker].add(client, message.as_bytes(), at_ns);
        }
        let (pushed, spans) = pushed(workers.iter(), 3);
        assert_eq!((pushed.different, pushed.told_apart), (3, 1));
        assert_eq!((spans.len(), spans.max(), pushed.gaps.len(), pushed.gaps.min()), (1, 40, 5, 90));
    }
}
