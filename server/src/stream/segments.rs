//! Made-up updates by one schedule after the other.

use std::collections::VecDeque;

use protocol::control::Change;

use super::schedule::Schedule;

/// What tells the seeds of a stream's schedules apart: 2^64 over the golden ratio, whose multiples lie far from each other and from small numbers.
pub(super) const SEEDS_APART: u64 = 0x9e37_79b9_7f4a_7c15;

/// An endless sequence of due times and lengths, by the schedule of each [`Change`] until the next begins. All times are nanoseconds
/// after the first due time.
#[derive(Debug)]
pub struct Segments {
    seed: u64,
    /// How many changes were made.
    changed: u64,
    from_ns: u64,
    schedule: Schedule,
    payload_bytes: u32,
    /// When the update was due that was moved to; `None` before the first.
    due_ns: Option<u64>,
    /// When the next is due if nothing changes before.
    next_ns: u64,
    /// Earliest first.
    to_come: VecDeque<Change>,
}

impl Segments {
    /// Begins with `first`, whatever its `from_ns`. Its random gaps are those of `seed`.
    pub fn new(first: Change, seed: u64) -> Self {
        let (schedule, payload_bytes) = (schedule(first, seed), first.payload_bytes);
        let mut segments = Self {
            seed,
            changed: 0,
            from_ns: 0,
            schedule,
            payload_bytes,
            due_ns: None,
            next_ns: 0,
            to_come: VecDeque::new(),
        };
        segments.next_ns = segments.scheduled();
        segments
    }

    /// When the next update is due.
    pub fn due_ns(&self) -> u64 {
        self.to_come.front().map_or(self.next_ns, |change| change.from_ns.min(self.next_ns))
    }

    /// Moves on to the next update, and gives when it is due.
    pub fn advance(&mut self) -> u64 {
        while let Some(change) = self.to_come.pop_front_if(|change| change.from_ns <= self.next_ns) {
            self.changed += 1;
            self.from_ns = change.from_ns;
            self.schedule = schedule(change, self.seed ^ self.changed.wrapping_mul(SEEDS_APART));
            self.payload_bytes = change.payload_bytes;
            self.next_ns = self.scheduled();
        }
        let due_ns = self.next_ns;
        self.due_ns = Some(due_ns);
        self.next_ns = self.scheduled();
        due_ns
    }

    /// How long the update is that [`Self::advance`] moved to.
    pub fn payload_bytes(&self) -> usize {
        self.payload_bytes as usize
    }

    /// Makes a change, not before `now_ns` and after every update that was moved to, so that all of these would also be due if it had been
    /// known from the beginning. Gives it with the time from which on it holds.
    pub fn reschedule(&mut self, change: Change, now_ns: u64) -> Change {
        let earliest_ns = self.due_ns.map_or(0, |due_ns| due_ns.saturating_add(1)).max(now_ns);
        let change = Change { from_ns: change.from_ns.max(earliest_ns), ..change };
        let place = self.to_come.partition_point(|other| other.from_ns <= change.from_ns);
        self.to_come.insert(place, change);
        change
    }

    fn scheduled(&mut self) -> u64 {
        self.from_ns.saturating_add(self.schedule.next().expect("a schedule has no end"))
    }
}

fn schedule(Change { arrivals, rate_hz, burst, .. }: Change, seed: u64) -> Schedule {
    Schedule::in_bursts(burst, arrivals, rate_hz, seed)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;
    use protocol::results::Arrivals;

    use super::*;

    const MS: u64 = 1_000_000;

    fn change(from_ns: u64, rate_hz: f64, payload_bytes: u32) -> Change {
        Change { from_ns, arrivals: Arrivals::Constant, rate_hz, payload_bytes, burst: NonZeroU32::MIN }
    }

    fn next(segments: &mut Segments) -> (u64, usize) {
        let foretold_ns = segments.due_ns();
        let due_ns = segments.advance();
        assert_eq!(due_ns, foretold_ns);
        (due_ns, segments.payload_bytes())
    }

    fn take(mut segments: Segments, count: usize) -> Vec<(u64, usize)> {
        (0..count).map(|_| next(&mut segments)).collect()
    }

    #[test]
    fn a_change_begins_at_its_time_and_what_was_due_before_stays() {
        // 10 ms apart, but not beyond 25 ms; then at 25 and 30 ms.
        let mut segments = Segments::new(change(0, 100.0, 64), 1);
        assert_eq!(segments.reschedule(change(25 * MS, 200.0, 100), 0).from_ns, 25 * MS);
        let updates = take(segments, 5);
        assert_eq!(updates, [(0, 64), (10 * MS, 64), (20 * MS, 64), (25 * MS, 100), (30 * MS, 100)]);
    }

    #[test]
    fn an_update_that_is_due_at_the_time_of_a_change_is_its_first() {
        let mut segments = Segments::new(change(0, 100.0, 64), 1);
        segments.reschedule(change(10 * MS, 100.0, 100), 0);
        assert_eq!(take(segments, 3), [(0, 64), (10 * MS, 100), (20 * MS, 100)]);
    }

    #[test]
    fn what_is_past_or_published_is_left_and_the_change_moved_behind_it() {
        let mut segments = Segments::new(Change { burst: NonZeroU32::new(2).unwrap(), ..change(0, 200.0, 64) }, 1);
        assert_eq!(next(&mut segments), (0, 64));
        // The rest of a burst is due at the same time as what was published of it.
        assert_eq!(segments.reschedule(change(0, 1000.0, 100), 0).from_ns, 1);
        // Who learns of it late has updates that were due and are still to be published.
        assert_eq!(segments.reschedule(change(5 * MS, 100.0, 200), 11 * MS).from_ns, 11 * MS);
        let updates = take(segments, 13);
        assert_eq!(updates[..3], [(0, 64), (1, 100), (MS + 1, 100)]);
        assert_eq!(updates[11..], [(10 * MS + 1, 100), (11 * MS, 200)]);
    }

    #[test]
    fn changes_hold_in_the_order_of_their_times_whenever_they_are_told() {
        let mut segments = Segments::new(change(0, 100.0, 64), 1);
        for (from_ns, payload_bytes) in [(20 * MS, 300), (5 * MS, 100), (5 * MS, 200)] {
            segments.reschedule(change(from_ns, 100.0, payload_bytes), 0);
        }
        // Of two at one time the first has no update.
        assert_eq!(take(segments, 4), [(0, 64), (5 * MS, 200), (15 * MS, 200), (20 * MS, 300)]);
    }

    #[test]
    fn random_gaps_differ_from_schedule_to_schedule_and_from_seed_to_seed() {
        let poisson = |from_ns| Change { arrivals: Arrivals::Poisson, ..change(from_ns, 1000.0, 64) };
        let gaps = |seed| {
            let mut segments = Segments::new(poisson(0), seed);
            segments.reschedule(poisson(1_000 * MS), 0);
            let due: Vec<u64> = take(segments, 2_000).into_iter().map(|(due_ns, _)| due_ns).collect();
            let second = due.iter().position(|due_ns| *due_ns == 1_000 * MS).expect("a change begins at its time");
            let gaps = |due: &[u64]| due.windows(2).take(100).map(|pair| pair[1] - pair[0]).collect::<Vec<u64>>();
            [gaps(&due), gaps(&due[second..])]
        };
        let [[first, second], [other_first, other_second]] = [gaps(7), gaps(8)];
        let all = [&first, &second, &other_first, &other_second];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one), "{index}");
        }
    }

    /// When a change is told: once so many more updates were published, at a time after the last of them.
    #[derive(Debug)]
    struct Told {
        updates: usize,
        later_ns: u64,
        change: Change,
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let arrivals = prop_oneof![Just(Arrivals::Constant), Just(Arrivals::Poisson)];
        // Round rates and times, so that due times and changes often fall together.
        let rate_hz = prop_oneof![0.001..100_000.0_f64, (0..5).prop_map(|power| 10_f64.powi(power))];
        let from_ns = prop_oneof![0..200 * MS, (0..20_u64).prop_map(|count| count * 10 * MS), Just(1 << 60)];
        (from_ns, arrivals, rate_hz, 64..2_000_u32, 1..6_u32).prop_map(
            |(from_ns, arrivals, rate_hz, payload_bytes, burst)| {
                let burst = NonZeroU32::new(burst).unwrap();
                Change { from_ns, arrivals, rate_hz, payload_bytes, burst }
            },
        )
    }

    fn any_told() -> impl Strategy<Value = Told> {
        let later_ns = prop_oneof![Just(0), 0..30 * MS];
        (0..40_usize, later_ns, any_change()).prop_map(|(updates, later_ns, change)| Told { updates, later_ns, change })
    }

    proptest! {
        #[test]
        fn who_is_told_at_the_start_publishes_what_was_published_by_who_was_told_live(
            first in any_change(),
            told in proptest::collection::vec(any_told(), 0..8),
            seed: u64,
        ) {
            let mut live = Segments::new(first, seed);
            let (mut published, mut made, mut now_ns) = (Vec::new(), Vec::new(), 0_u64);
            for Told { updates, later_ns, change } in told {
                for _ in 0..updates {
                    published.push(next(&mut live));
                }
                // Nothing is published before it is due, but perhaps after.
                let last_ns = published.last().map_or(0, |(due_ns, _)| *due_ns);
                now_ns = now_ns.max(last_ns).saturating_add(later_ns);
                let change_made = live.reschedule(change, now_ns);
                prop_assert!(change_made.from_ns >= change.from_ns.max(now_ns));
                made.push(change_made);
            }
            published.extend((0..200).map(|_| next(&mut live)));
            prop_assert!(published.is_sorted_by_key(|(due_ns, _)| *due_ns));

            // In the order in which they begin, as they are answered.
            made.sort_by_key(|change| change.from_ns);
            let mut restarted = Segments::new(first, seed);
            for change in made {
                prop_assert_eq!(restarted.reschedule(change, 0), change);
            }
            prop_assert_eq!(take(restarted, published.len()), published);
        }
    }
}
