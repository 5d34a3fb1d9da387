//! A gated figure of one contender under one load, and what each round found of it.

use super::limits::Gated;
use crate::{
    compare::{Ratio, Side},
    metrics::Metric,
    points::Contender,
};

/// A figure of one contender under one load, in every round.
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
    /// What each round found.
    pub found: Vec<Found>,
}

/// What a round found.
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
}

impl Figure {
    /// Whether it is worse in a round: the interval is above 1, and the effect over the limit.
    pub(super) fn is_worse(&self, found: &Found) -> bool {
        let above = found.ratio.interval().is_some_and(|(low, _)| low > 1.0);
        above && self.limit.is_some_and(|limit| found.ratio.value() > 1.0 + limit)
    }

    /// Whether it is worse in every round.
    pub fn fails(&self) -> bool {
        self.found.iter().all(|found| self.is_worse(found))
    }
}

impl Found {
    /// Nothing if a side has no such figure.
    pub(super) fn of([base, head, again]: [&Side<'_>; 3], metric: Metric) -> Option<Self> {
        let value = |side: &Side<'_>| side.measure(metric).map(|measure| measure.value);
        let ratio = |side: &Side<'_>| Ratio::of(side, base, metric);
        Some(Self { base: value(base)?, head: value(head)?, ratio: ratio(head)?, noise: ratio(again)? })
    }
}
