//! A gated figure of one contender under one load: what was found, and where it stands to its limit.

use super::limits::Gated;
use crate::{
    compare::{Ratio, Side, repeats_to_part},
    metrics::Metric,
    points::Contender,
};

/// A figure of one contender under one load.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The load, by what tells it from others.
    pub load: String,
    /// Whose.
    pub contender: Contender,
    /// What.
    pub gated: Gated,
    /// How much worse it may become, as a share; nothing if it is not gated.
    pub limit: Option<f64>,
    /// What was found.
    pub found: Found,
}

/// What was found of a figure.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Base's value.
    pub base: f64,
    /// Head's.
    pub head: f64,
    /// Head's over base's.
    pub ratio: Ratio,
    /// Base's once more, over base's: what such a ratio is where nothing has changed.
    pub noise: Ratio,
    /// The confidence of the intervals that decide at this look.
    pub confidence: f64,
}

/// Where a figure stands to its limit, the worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its whole interval is within it; or it has none.
    Within,
    /// The interval holds the limit: so many repeats, varying so, do not tell.
    Open,
    /// Its whole interval is beyond it.
    Over,
}

impl Figure {
    /// Where it stands to its limit.
    pub fn standing(&self) -> Standing {
        let Some(limit) = self.limit else { return Standing::Within };
        match self.found.ratio.interval_at(self.found.confidence) {
            Some((_, high)) if high < 1.0 + limit => Standing::Within,
            Some((low, _)) if low > 1.0 + limit => Standing::Over,
            _ => Standing::Open,
        }
    }

    /// How many repeats would decide it if its ratio and their scatter stayed. None if it is too close to the limit for that, or
    /// if there is no interval.
    pub fn repeats_to_decide(&self, made: u32) -> Option<u32> {
        let (ratio, limit) = (self.found.ratio.value(), self.limit?);
        let (low, _) = self.found.ratio.interval_at(self.found.confidence)?;
        let (reach, distance) = ((ratio / low).ln(), ((1.0 + limit) / ratio).ln().abs());
        repeats_to_part(made, reach, distance)
    }
}

impl Found {
    /// Nothing if a side has no such figure.
    pub(super) fn of([base, head, again]: [&Side<'_>; 3], metric: Metric, confidence: f64) -> Option<Self> {
        let value = |side: &Side<'_>| side.measure(metric).map(|measure| measure.value);
        let ratio = |side: &Side<'_>| Ratio::of(side, base, metric);
        Some(Self { base: value(base)?, head: value(head)?, ratio: ratio(head)?, noise: ratio(again)?, confidence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{judge::gate::GATED, points::BASELINE};

    /// Server CPU whose ratio is `ratio` in the mean of so many repeats, by turns this share more and less.
    fn figure(ratio: f64, scatter: f64, repeats: u32) -> Figure {
        let pair = |repeat: u32| (ratio * (if repeat.is_multiple_of(2) { scatter } else { -scatter }).exp(), 1.0);
        let ratio = Ratio::paired(&(0..repeats).map(pair).collect::<Vec<_>>()).unwrap();
        let found = Found { base: 1.0, head: ratio.value(), ratio, noise: ratio, confidence: 0.95 };
        let contender = Contender { transport: BASELINE, arm: None };
        Figure { load: String::new(), contender, gated: GATED[0], limit: Some(0.15), found }
    }

    #[test]
    fn so_many_repeats_decide_it_and_half_of_them_do_not() {
        for (ratio, decided) in [(1.10, Standing::Within), (1.20, Standing::Over)] {
            assert_eq!(figure(ratio, 0.1, 8).standing(), Standing::Open);
            // Student's t shrinks with the repeats, too, and so fewer are enough in the end.
            let needed = figure(ratio, 0.1, 8).repeats_to_decide(8).unwrap();
            assert_eq!(figure(ratio, 0.1, needed).standing(), decided, "{needed}");
            assert_eq!(figure(ratio, 0.1, needed / 2).standing(), Standing::Open, "{needed}");
        }
    }

    #[test]
    fn on_the_limit_no_number_of_repeats_is_promised() {
        assert_eq!(figure(1.15, 0.1, 8).repeats_to_decide(8), None);
        assert_eq!(figure(1.10, 0.1, 1).standing(), Standing::Open, "a single repeat has no interval");
    }
}
