//! Whether a quantile may be stated: its rank is over all that was expected, and enough updates lie beyond it.

use hdrhistogram::Histogram;
use protocol::results::Run;

use super::parameters::Quantile;

/// So many updates must lie beyond a quantile, over all repeats of its point, for it to be stated. Deliveries of one
/// update come from one fan-out and are no independent observations, however many they are.
const BEYOND_MIN: f64 = 10.0;
/// So many in a repeat by itself: one of which none lies beyond has no such quantile of its own, but a slowest fan-out.
const BEYOND_MIN_OF_ONE: f64 = 1.0;
/// `100 × (1 − 0.9)` is less than ten, by less than this.
const ROUNDING: f64 = 1e-6;
pub(super) const NS_PER_MS: f64 = 1e6;

/// Values of which a quantile is asked, nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked<'h> {
    /// Those that came.
    pub(crate) values: &'h Histogram<u64>,
    /// How many ought to have come. What never did ranks last.
    pub(crate) expected: u64,
    /// How many updates they are of; none for what no update causes, and so is not judged by them.
    pub(crate) updates: Option<u64>,
}

/// What can be said of a quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stated {
    /// Its value, milliseconds.
    Is(f64),
    /// It lies beyond what was delivered.
    NotReached,
    /// Too few updates lie beyond it. What can be said is how long the slowest of all fan-outs took.
    Slowest {
        /// Milliseconds.
        ms: f64,
        /// Of so many.
        of: u64,
    },
}

impl Stated {
    /// The value, if it is stated.
    pub(crate) fn value(self) -> Option<f64> {
        if let Self::Is(ms) = self { Some(ms) } else { None }
    }
}

impl<'h> Ranked<'h> {
    /// Values of which none can be missing, and which no update causes.
    pub(super) fn all(values: &'h Histogram<u64>) -> Self {
        Self { values, expected: values.len(), updates: None }
    }

    /// The latencies of a run's deliveries.
    pub(crate) fn latency(run: &'h Run) -> Self {
        Self { values: &run.latency, expected: run.counts.expected, updates: Some(run.stream.updates) }
    }

    /// One value an update.
    pub(super) fn a_fan_out(values: &'h Histogram<u64>, run: &Run) -> Self {
        Self { values, expected: run.stream.updates, updates: Some(run.stream.updates) }
    }

    /// What all repeats of a point state together. Nothing if nothing was expected.
    pub(crate) fn of_all(self, quantile: Quantile) -> Option<Stated> {
        self.stated(quantile.value(), BEYOND_MIN)
    }

    /// What a repeat states by itself.
    pub(crate) fn of_one(self, quantile: Quantile) -> Option<Stated> {
        self.stated(quantile.value(), BEYOND_MIN_OF_ONE)
    }

    /// The highest quantile that can be stated of all repeats, if it is a median or more.
    pub(crate) fn highest(self) -> Option<f64> {
        let by_updates = self.updates.map_or(1.0, |updates| 1.0 - BEYOND_MIN / updates as f64);
        let highest = by_updates.min(self.values.len() as f64 / self.expected as f64);
        (highest >= 0.5).then_some(highest)
    }

    /// The value of which so large a share of all that was expected is no greater, milliseconds; none if less came.
    pub(crate) fn at(self, quantile: f64) -> Option<f64> {
        let (came, rank) = (self.values.len(), (quantile * self.expected as f64 - ROUNDING).ceil().max(1.0));
        // In the middle of a rank, so that rounding does not make it the next.
        (rank <= came as f64).then(|| self.values.value_at_quantile((rank - 0.5) / came as f64) as f64 / NS_PER_MS)
    }

    fn stated(self, quantile: f64, beyond_min: f64) -> Option<Stated> {
        let few = self.updates.filter(|updates| *updates as f64 * (1.0 - quantile) + ROUNDING < beyond_min);
        (self.expected > 0).then(|| match (few, self.at(if few.is_some() { 1.0 } else { quantile })) {
            (_, None) => Stated::NotReached,
            (Some(of), Some(ms)) => Stated::Slowest { ms, of },
            (None, Some(ms)) => Stated::Is(ms),
        })
    }
}

impl Quantile {
    /// How many updates it takes, over all repeats of a point, to state it.
    pub(crate) fn updates_needed(self) -> u64 {
        (BEYOND_MIN / (1.0 - self.value()) - ROUNDING).ceil() as u64
    }

    /// How many it takes in a repeat, for that to state it by itself.
    pub(crate) fn updates_needed_of_one(self) -> u64 {
        (BEYOND_MIN_OF_ONE / (1.0 - self.value()) - ROUNDING).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::histogram;

    fn of(came: u64, expected: u64, updates: u64, quantile: Quantile) -> Stated {
        let values = histogram((1..=came).map(|ms| ms * 1_000_000));
        Ranked { values: &values, expected, updates: Some(updates) }.of_all(quantile).unwrap()
    }

    fn about(stated: Stated, ms: f64) {
        assert!((stated.value().unwrap() / ms - 1.0).abs() < 2e-3, "{stated:?} is not {ms}");
    }

    #[test]
    fn what_never_came_ranks_last() {
        about(of(1_000, 1_000, 1_000, Quantile::P99), 990.0);
        about(of(995, 1_000, 1_000, Quantile::P99), 990.0);
        about(of(990, 1_000, 1_000, Quantile::P99), 990.0);
        assert_eq!(of(989, 1_000, 1_000, Quantile::P99), Stated::NotReached, "the 990th never came");
        about(of(980, 1_000, 1_000, Quantile::P90), 900.0);
    }

    #[test]
    fn ten_updates_lie_beyond_what_is_stated_however_many_the_deliveries() {
        for quantile in [Quantile::P50, Quantile::P90, Quantile::P99, Quantile::P999] {
            let needed = quantile.updates_needed();
            assert!(of(20_000, 20_000, needed, quantile).value().is_some(), "{quantile:?}");
            let few = of(20_000, 20_000, needed - 1, quantile);
            assert!(matches!(few, Stated::Slowest { of, .. } if of == needed - 1), "{few:?}");
        }
        assert_eq!(Quantile::P99.updates_needed(), 1_000);
        assert_eq!(of(19_999, 20_000, 999, Quantile::P99), Stated::NotReached, "the slowest never came");
    }

    #[test]
    fn a_repeat_of_which_no_update_lies_beyond_has_a_slowest_only() {
        let values = histogram((1..=50).map(|ms| ms * 1_000_000));
        let repeat = |updates| Ranked { values: &values, expected: 50, updates: Some(updates) };
        assert!(matches!(repeat(99).of_one(Quantile::P99), Some(Stated::Slowest { .. })));
        assert!(matches!(repeat(100).of_one(Quantile::P99), Some(Stated::Is(_))));
    }

    #[test]
    fn a_curve_ends_where_updates_or_deliveries_do() {
        let values = histogram((1..=1_000).map(|ms| ms * 1_000_000));
        let highest = |expected, updates| Ranked { values: &values, expected, updates: Some(updates) }.highest();
        assert!((highest(1_000, 100).unwrap() - 0.9).abs() < 1e-9);
        assert!((highest(1_250, 1_000).unwrap() - 0.8).abs() < 1e-9);
        assert_eq!(highest(1_000, 19), None);
    }
}
