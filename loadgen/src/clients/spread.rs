//! How each update spread over the clients: who had it first, who last.

use std::collections::BTreeMap;

use protocol::results::{FanOut, LosslessHistogram};

use super::window::histogram;

/// The receipts of one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    due_ns: u64,
    first_ns: u64,
    last_ns: u64,
    receipts: u64,
}

/// So many numbers may be skipped, over all leaps: what a run at a thousand a second would lose in nearly three hours.
const SKIPPED_MAX: u64 = 10_000_000;

/// More updates are not listed one by one in a run's line: so many take 140 KB.
const LISTED_MAX: usize = 20_000;

const NONE: Spread = Spread { due_ns: 0, first_ns: u64::MAX, last_ns: 0, receipts: 0 };

/// The receipts of every update of the measure phase, as one worker saw them.
#[derive(Debug, Default)]
pub struct Spreads {
    /// The `seq` of the first entry.
    base: u64,
    /// One for every `seq` from there on: as many as the phase has updates, where nobody leaps.
    entries: Vec<Spread>,
    /// How many of them only came to be for a `seq` beyond.
    skipped: u64,
}

impl Spreads {
    /// Takes note of a receipt. A long leap is no client's ([`super::tracker`]), but a server may leap again and again, or have each
    /// client begin elsewhere: what skips more than ten million numbers, all together, is left out. No client of this worker had
    /// those, and so they are counted as missed.
    pub fn add(&mut self, seq: u64, due_ns: u64, received_ns: u64) {
        let Some(spread) = self.of(seq) else { return };
        spread.due_ns = due_ns;
        spread.first_ns = spread.first_ns.min(received_ns);
        spread.last_ns = spread.last_ns.max(received_ns);
        spread.receipts += 1;
    }

    fn of(&mut self, seq: u64) -> Option<&mut Spread> {
        if self.entries.is_empty() {
            self.base = seq;
        } else if seq < self.base {
            // Some client is behind the one that was heard first.
            let missing = self.base - seq;
            self.skip(missing - 1)?;
            self.entries.splice(0..0, std::iter::repeat_n(NONE, missing as usize));
            self.base = seq;
        }
        let index = seq - self.base;
        let len = self.entries.len() as u64;
        if index >= len {
            self.skip(index - len)?;
            self.entries.resize(index as usize + 1, NONE);
        }
        Some(&mut self.entries[index as usize])
    }

    fn skip(&mut self, numbers: u64) -> Option<()> {
        self.skipped = self.skipped.checked_add(numbers).filter(|skipped| *skipped <= SKIPPED_MAX)?;
        Some(())
    }

    fn iter(&self) -> impl Iterator<Item = (u64, Spread)> {
        (self.base..).zip(self.entries.iter().copied()).filter(|(_, spread)| spread.receipts > 0)
    }
}

/// Puts together what the workers saw: the updates that all of `clients` received.
///
/// `lateness_ns` is that of each update from `first_seq` on, if the publisher has said.
pub fn fan_out(workers: &[&Spreads], clients: u64, first_seq: u64, lateness_ns: Option<&[u64]>) -> FanOut {
    let mut together = BTreeMap::<u64, Spread>::new();
    for (seq, spread) in workers.iter().flat_map(|spreads| spreads.iter()) {
        let all = together.entry(seq).or_insert(NONE);
        all.due_ns = spread.due_ns;
        all.first_ns = all.first_ns.min(spread.first_ns);
        all.last_ns = all.last_ns.max(spread.last_ns);
        all.receipts += spread.receipts;
    }
    together.retain(|_, spread| spread.receipts >= clients);
    let values = |of: &dyn Fn(u64, &Spread) -> Option<u64>| -> LosslessHistogram {
        let mut values = histogram(3);
        for value in together.iter().filter_map(|(seq, spread)| of(*seq, spread)) {
            // Latency beyond the bounds is counted where deliveries are; here it would only be counted again.
            values.saturating_record(value);
        }
        values.into()
    };
    let sent_late = |seq: u64| lateness_ns?.get(seq.checked_sub(first_seq)? as usize).copied();
    let last_ns = |spread: &Spread| spread.last_ns.saturating_sub(spread.due_ns);
    // Numbers and due times rise together.
    let listed = together.values().filter(|_| together.len() <= LISTED_MAX);
    FanOut {
        first: values(&|_, spread| Some(spread.first_ns.saturating_sub(spread.due_ns))),
        last: values(&|_, spread| Some(last_ns(spread))),
        span: values(&|_, spread| Some(spread.last_ns - spread.first_ns)),
        last_from_send: lateness_ns
            .is_some()
            .then(|| values(&|seq, spread| Some(spread.last_ns.saturating_sub(spread.due_ns + sent_late(seq)?)))),
        last_in_order_us: listed.map(|spread| last_ns(spread) / 1_000).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_are_found_over_all_workers() {
        let (mut one, mut two) = (Spreads::default(), Spreads::default());
        one.add(8, 1_000, 1_500);
        one.add(7, 0, 300);
        two.add(7, 0, 100);
        two.add(8, 1_000, 1_900);
        two.add(9, 2_000, 2_100);
        let fan_out = fan_out(&[&one, &two], 2, 7, Some(&[50, 0, 0]));
        let sum = |values: &LosslessHistogram| (values.len(), (values.mean() * values.len() as f64).round());
        assert_eq!(sum(&fan_out.first), (2, 100.0 + 500.0), "9 did not reach every client");
        assert_eq!(sum(&fan_out.last), (2, 300.0 + 900.0));
        assert_eq!(sum(&fan_out.span), (2, 200.0 + 400.0));
        assert_eq!(sum(&fan_out.last_from_send.unwrap()), (2, 250.0 + 900.0));
    }

    #[test]
    fn last_receipts_are_listed_in_the_order_of_due_times_unless_there_are_too_many() {
        let of = |updates: u64| {
            let mut spreads = Spreads::default();
            for seq in (1..=updates).rev() {
                spreads.add(seq, 1_000_000 * seq, 1_002_000 * seq);
            }
            fan_out(&[&spreads], 1, 1, None).last_in_order_us
        };
        assert_eq!(of(3), [2, 4, 6]);
        assert_eq!((of(LISTED_MAX as u64).len(), of(LISTED_MAX as u64 + 1).len()), (LISTED_MAX, 0));
    }

    #[test]
    fn a_number_out_of_all_bounds_takes_no_room() {
        let mut spreads = Spreads::default();
        spreads.add(8, 1_000, 1_500);
        for seq in [1 << 40, u64::MAX] {
            spreads.add(seq, 2_000, 2_100);
        }
        spreads.add(9, 3_000, 3_100);
        assert_eq!(spreads.iter().map(|(seq, _)| seq).collect::<Vec<_>>(), [8, 9]);
    }

    #[test]
    fn many_leaps_take_no_more_room_than_one_may() {
        let mut spreads = Spreads { skipped: SKIPPED_MAX - 1_000, ..Spreads::default() };
        for leap in 1..=100 {
            spreads.add(101 * leap, 1_000, 1_500);
        }
        spreads.add(1, 1_000, 1_500);
        let known = || (1..=11).map(|leap| 101 * leap);
        assert_eq!(spreads.iter().map(|(seq, _)| seq).collect::<Vec<_>>(), known().collect::<Vec<_>>());
        spreads.add(101 * 11 + 1, 1_000, 1_500);
        assert_eq!(spreads.iter().count(), 12, "what skips nothing goes on");
    }

    #[test]
    fn a_stream_without_leaps_is_recorded_however_long() {
        let mut spreads = Spreads { skipped: SKIPPED_MAX, ..Spreads::default() };
        for seq in (5..1_000).chain((1..5).rev()) {
            spreads.add(seq, 1_000 * seq, 1_000 * seq + 500);
        }
        assert_eq!(spreads.iter().count(), 999);
    }
}
