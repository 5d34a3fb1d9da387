//! How each update spread over the clients: who had it first, who last.

use std::collections::{BTreeMap, BTreeSet};

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

const NONE: Spread = Spread { due_ns: u64::MAX, first_ns: u64::MAX, last_ns: 0, receipts: 0 };

/// The receipts of every update of the measure phase, as one worker saw them.
#[derive(Debug, Default)]
pub struct Spreads {
    /// By number.
    topics: Vec<OfTopic>,
    /// How many entries only came to be for a `seq` beyond.
    skipped: u64,
}

/// Those of a topic.
#[derive(Debug, Default)]
struct OfTopic {
    /// The `seq` of the first entry.
    base: u64,
    /// One for every `seq` from there on: as many as the phase has updates, where nobody leaps.
    entries: Vec<Spread>,
}

impl Spreads {
    /// Takes note of a receipt. A long leap is no client's ([`super::tracker`]), but a server may leap again and again, or have each
    /// client begin elsewhere: what skips more than ten million numbers, all together, is left out. No client of this worker had
    /// those, and so they are counted as missed.
    pub fn add(&mut self, topic: u32, seq: u64, due_ns: u64, received_ns: u64) {
        let Some(spread) = self.of(topic, seq) else { return };
        spread.due_ns = due_ns;
        spread.first_ns = spread.first_ns.min(received_ns);
        spread.last_ns = spread.last_ns.max(received_ns);
        spread.receipts += 1;
    }

    /// Takes note that there is an update, which came to who said it.
    pub fn note(&mut self, topic: u32, seq: u64, due_ns: u64) {
        if let Some(spread) = self.of(topic, seq) {
            spread.due_ns = due_ns;
        }
    }

    fn of(&mut self, topic: u32, seq: u64) -> Option<&mut Spread> {
        let Self { topics, skipped } = self;
        let mut skip = |numbers: u64| {
            *skipped = skipped.checked_add(numbers).filter(|skipped| *skipped <= SKIPPED_MAX)?;
            Some(())
        };
        let topic = topic as usize;
        if topic >= topics.len() {
            topics.resize_with(topic + 1, OfTopic::default);
        }
        let OfTopic { base, entries } = &mut topics[topic];
        if entries.is_empty() {
            *base = seq;
        } else if seq < *base {
            // Some client is behind the one that was heard first.
            let missing = *base - seq;
            skip(missing - 1)?;
            entries.splice(0..0, std::iter::repeat_n(NONE, missing as usize));
            *base = seq;
        }
        let (index, len) = (seq - *base, entries.len() as u64);
        if index >= len {
            skip(index - len)?;
            entries.resize(index as usize + 1, NONE);
        }
        Some(&mut entries[index as usize])
    }

    /// Every update that came to anybody, with its topic and `seq`.
    fn iter(&self) -> impl Iterator<Item = (Place, Spread)> {
        (0..).zip(&self.topics).flat_map(|(topic, OfTopic { base, entries })| {
            let seqs = (*base..).zip(entries.iter().copied()).filter(|(_, spread)| spread.due_ns < u64::MAX);
            seqs.map(move |(seq, spread)| ((topic, seq), spread))
        })
    }
}

/// An update's topic, and its `seq` there.
pub type Place = (u32, u64);

/// The updates that came to anybody, in order: the `seq` of each, by topic.
pub fn seen<'a>(workers: impl Iterator<Item = &'a Spreads>) -> BTreeMap<u32, Vec<u64>> {
    let all: BTreeSet<Place> = workers.flat_map(|spreads| spreads.iter().map(|(place, _)| place)).collect();
    let mut seen = BTreeMap::<u32, Vec<u64>>::new();
    all.into_iter().for_each(|(topic, seq)| seen.entry(topic).or_default().push(seq));
    seen
}

/// Puts together what the workers saw: the updates that came to all who were to have them, of which there are so many for each topic.
///
/// `sent_late` is how late an update was published, nanoseconds, if the publisher has said.
pub fn fan_out(
    workers: &[&Spreads],
    receivers: impl Fn(u32) -> u64,
    sent_late: Option<&dyn Fn(Place) -> Option<u64>>,
) -> FanOut {
    let mut together = BTreeMap::<Place, Spread>::new();
    for (place, spread) in workers.iter().flat_map(|spreads| spreads.iter()).filter(|(_, spread)| spread.receipts > 0) {
        let all = together.entry(place).or_insert(NONE);
        all.due_ns = spread.due_ns;
        all.first_ns = all.first_ns.min(spread.first_ns);
        all.last_ns = all.last_ns.max(spread.last_ns);
        all.receipts += spread.receipts;
    }
    together.retain(|(topic, _), spread| spread.receipts >= receivers(*topic));
    let values = |of: &dyn Fn(Place, &Spread) -> Option<u64>| -> LosslessHistogram {
        let mut values = histogram(3);
        for value in together.iter().filter_map(|(place, spread)| of(*place, spread)) {
            // Latency beyond the bounds is counted where deliveries are; here it would only be counted again.
            values.saturating_record(value);
        }
        values.into()
    };
    let last_ns = |spread: &Spread| spread.last_ns.saturating_sub(spread.due_ns);
    let mut by_due: Vec<&Spread> = together.values().filter(|_| together.len() <= LISTED_MAX).collect();
    by_due.sort_by_key(|spread| spread.due_ns);
    FanOut {
        first: values(&|_, spread| Some(spread.first_ns.saturating_sub(spread.due_ns))),
        last: values(&|_, spread| Some(last_ns(spread))),
        span: values(&|_, spread| Some(spread.last_ns - spread.first_ns)),
        last_from_send: sent_late
            .map(|late| values(&|place, spread| Some(spread.last_ns.saturating_sub(spread.due_ns + late(place)?)))),
        last_in_order_us: by_due.into_iter().map(|spread| last_ns(spread) / 1_000).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_are_found_over_all_workers() {
        let (mut one, mut two) = (Spreads::default(), Spreads::default());
        one.add(0, 8, 1_000, 1_500);
        one.add(0, 7, 0, 300);
        two.add(0, 7, 0, 100);
        two.add(0, 8, 1_000, 1_900);
        two.add(0, 9, 2_000, 2_100);
        let fan_out = fan_out(&[&one, &two], |_| 2, Some(&|(_, seq)| Some(if seq == 7 { 50 } else { 0 })));
        let sum = |values: &LosslessHistogram| (values.len(), (values.mean() * values.len() as f64).round());
        assert_eq!(sum(&fan_out.first), (2, 100.0 + 500.0), "9 did not reach every client");
        assert_eq!(sum(&fan_out.last), (2, 300.0 + 900.0));
        assert_eq!(sum(&fan_out.span), (2, 200.0 + 400.0));
        assert_eq!(sum(&fan_out.last_from_send.unwrap()), (2, 250.0 + 900.0));
    }

    #[test]
    fn each_topic_has_numbers_and_receivers_of_its_own() {
        let (mut one, mut two) = (Spreads::default(), Spreads::default());
        one.add(0, 7, 1_000, 1_500);
        two.add(0, 7, 1_000, 1_600);
        two.add(3, 7, 0, 10);
        // Who said it does not count among those who have it.
        one.note(3, 8, 500);
        assert_eq!(seen([&one, &two].into_iter()), BTreeMap::from([(0, vec![7]), (3, vec![7, 8])]));
        let last = fan_out(&[&one, &two], |topic| if topic == 0 { 2 } else { 1 }, None).last_in_order_us;
        assert_eq!(last.len(), 2, "the one that came to nobody but who said it has none");
    }

    #[test]
    fn last_receipts_are_listed_in_the_order_of_due_times_unless_there_are_too_many() {
        let of = |updates: u64| {
            let mut spreads = Spreads::default();
            for seq in (1..=updates).rev() {
                spreads.add(0, seq, 1_000_000 * seq, 1_002_000 * seq);
            }
            fan_out(&[&spreads], |_| 1, None).last_in_order_us
        };
        assert_eq!(of(3), [2, 4, 6]);
        assert_eq!((of(LISTED_MAX as u64).len(), of(LISTED_MAX as u64 + 1).len()), (LISTED_MAX, 0));
    }

    #[test]
    fn a_number_out_of_all_bounds_takes_no_room() {
        let mut spreads = Spreads::default();
        spreads.add(0, 8, 1_000, 1_500);
        for seq in [1 << 40, u64::MAX] {
            spreads.add(0, seq, 2_000, 2_100);
        }
        spreads.add(0, 9, 3_000, 3_100);
        assert_eq!(spreads.iter().map(|((_, seq), _)| seq).collect::<Vec<_>>(), [8, 9]);
    }

    #[test]
    fn many_leaps_take_no_more_room_than_one_may() {
        let mut spreads = Spreads { skipped: SKIPPED_MAX - 1_000, ..Spreads::default() };
        for leap in 1..=100 {
            spreads.add(0, 101 * leap, 1_000, 1_500);
        }
        spreads.add(0, 1, 1_000, 1_500);
        let known = || (1..=11).map(|leap| 101 * leap);
        assert_eq!(spreads.iter().map(|((_, seq), _)| seq).collect::<Vec<_>>(), known().collect::<Vec<_>>());
        spreads.add(0, 101 * 11 + 1, 1_000, 1_500);
        assert_eq!(spreads.iter().count(), 12, "what skips nothing goes on");
    }

    #[test]
    fn a_stream_without_leaps_is_recorded_however_long() {
        let mut spreads = Spreads { skipped: SKIPPED_MAX, ..Spreads::default() };
        for seq in (5..1_000).chain((1..5).rev()) {
            spreads.add(0, seq, 1_000 * seq, 1_000 * seq + 500);
        }
        assert_eq!(spreads.iter().count(), 999);
    }
}
