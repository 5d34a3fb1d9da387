//! One client's place in the stream: what it has seen, what it has missed.

use std::ops::RangeInclusive;

/// No stream skips so many updates at once: a `seq` that says so is wrong.
const SKIPPED_MAX: u64 = 1_000_000;

/// A `seq` was out of all bounds, and no note was taken of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfBounds;

/// What the arrival of an update meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The first time, in order (possibly after a gap).
    InOrder,
    /// The first time, but after a later one.
    Reordered,
    /// Not the first time.
    Duplicate,
}

/// The updates that one client has and has not received, by `seq`.
#[derive(Debug, Clone)]
pub struct Tracker {
    joined: u64,
    cursor: u64,
    /// Gaps below the cursor, ascending; empty in all but faulty runs.
    gaps: Vec<RangeInclusive<u64>>,
}

impl Tracker {
    /// A client that is to receive everything after `cursor`.
    pub fn new(cursor: u64) -> Self {
        Self { joined: cursor, cursor, gaps: Vec::new() }
    }

    /// The highest `seq` received: where to resume.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Takes note of an update.
    pub fn see(&mut self, seq: u64) -> Result<Arrival, OutOfBounds> {
        if seq <= self.cursor {
            return Ok(if self.fill_gap(seq) { Arrival::Reordered } else { Arrival::Duplicate });
        }
        if seq - self.cursor > 1 {
            if seq - self.cursor > SKIPPED_MAX {
                return Err(OutOfBounds);
            }
            self.gaps.push(self.cursor + 1..=seq - 1);
        }
        self.cursor = seq;
        Ok(Arrival::InOrder)
    }

    /// How many updates of `first..=last` never came, before joining and after the cursor included.
    pub fn missed(&self, first: u64, last: u64) -> u64 {
        self.missed_of(first, last, |from, to| (to + 1).saturating_sub(from))
    }

    /// The same of some of them, of which there are so many from one `seq` to another (or none, if that is less).
    pub fn missed_of(&self, first: u64, last: u64, number: impl Fn(u64, u64) -> u64) -> u64 {
        let within = |from: u64, to: u64| number(from.max(first), to.min(last));
        let gaps: u64 = self.gaps.iter().map(|gap| within(*gap.start(), *gap.end())).sum();
        within(0, self.joined) + gaps + within(self.cursor.saturating_add(1), last)
    }

    fn fill_gap(&mut self, seq: u64) -> bool {
        let Some(index) = self.gaps.iter().position(|gap| gap.contains(&seq)) else {
            return false;
        };
        let gap = self.gaps.remove(index);
        let rest = [*gap.start()..=seq - 1, seq + 1..=*gap.end()];
        self.gaps.splice(index..index, rest.into_iter().filter(|gap| !gap.is_empty()));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gap_is_missed_until_it_is_filled() {
        let mut tracker = Tracker::new(10);
        assert_eq!(tracker.see(11), Ok(Arrival::InOrder));
        assert_eq!(tracker.see(15), Ok(Arrival::InOrder));
        assert_eq!(tracker.missed(1, 20), 10 + 3 + 5);
        assert_eq!(tracker.see(13), Ok(Arrival::Reordered));
        assert_eq!(tracker.see(13), Ok(Arrival::Duplicate));
        assert_eq!(tracker.see(11), Ok(Arrival::Duplicate));
        assert_eq!(tracker.missed(11, 15), 2);
        assert_eq!(tracker.missed(13, 13), 0);
        assert_eq!(tracker.cursor(), 15);
    }

    #[test]
    fn a_number_out_of_all_bounds_is_none() {
        let mut tracker = Tracker::new(10);
        for seq in [11 + SKIPPED_MAX, 1 << 40, u64::MAX] {
            assert_eq!(tracker.see(seq), Err(OutOfBounds));
        }
        assert_eq!((tracker.cursor(), tracker.missed(1, 20)), (10, 20), "as if it had not come");
        assert_eq!(tracker.see(10 + SKIPPED_MAX), Ok(Arrival::InOrder));
        // Where a server says that a client stands at the very end.
        let mut last = Tracker::new(u64::MAX);
        assert_eq!((last.see(u64::MAX), last.missed(1, 20)), (Ok(Arrival::Duplicate), 20));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_set(
            joined in 0..20_u64,
            arrivals in proptest::collection::vec(1..40_u64, 0..80),
            first in 1..40_u64,
            len in 0..40_u64,
        ) {
            let mut tracker = Tracker::new(joined);
            let (mut seen, mut highest) = (HashSet::new(), joined);
            for seq in arrivals.into_iter().filter(|seq| *seq > joined) {
                let expected = match (seen.insert(seq), seq > highest) {
                    (false, _) => Arrival::Duplicate,
                    (true, true) => Arrival::InOrder,
                    (true, false) => Arrival::Reordered,
                };
                highest = highest.max(seq);
                prop_assert_eq!(tracker.see(seq), Ok(expected));
            }
            let last = first + len;
            let missed = (first..=last).filter(|seq| !seen.contains(seq)).count() as u64;
            prop_assert_eq!(tracker.missed(first, last), missed);
        }
    }
}
