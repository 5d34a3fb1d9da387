//! What the runs of equal load say of each contender, load by load.

use std::collections::{BTreeMap, BTreeSet};

use protocol::results::{Load, Run, Stream};

use super::{
    ratio::Ratio,
    side::{Measure, Side},
};
use crate::{
    metrics::Metric,
    points::{Contender, group},
    read::Results,
};

/// Every load of a sweep, least first.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// One case a load.
    pub cases: Vec<Case<'a>>,
}

/// One load, as each contender bore it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The load.
    pub load: Load,
    /// The contenders that were measured under it, in the order in which they are shown.
    pub sides: BTreeMap<Contender, Side<'a>>,
}

impl<'a> Comparison<'a> {
    /// Groups runs by load and contender.
    pub fn of(results: &'a Results) -> Self {
        let cases = group(results)
            .into_iter()
            .map(|(load, by_contender)| {
                let sides = by_contender
                    .into_iter()
                    .map(|(contender, runs)| (contender, Side::of(contender, &load, &runs)))
                    .collect();
                Case { load, sides }
            })
            .collect();
        Self { cases }
    }

    /// Those that were measured, in the order in which they are shown.
    pub fn contenders(&self) -> Vec<Contender> {
        self.cases.iter().flat_map(|case| case.sides.keys().copied()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A contender's side under a load.
    pub(crate) fn side(&self, load: &Load, contender: Contender) -> Option<&Side<'a>> {
        self.cases.iter().find(|case| case.load == *load)?.sides.get(&contender)
    }

    /// The side that a finished run belongs to; none for a run that failed.
    pub fn side_of(&self, run: &Run) -> Option<&Side<'a>> {
        let sides = self.cases.iter().filter(|case| case.load == run.point.load).flat_map(|case| case.sides.values());
        sides.into_iter().find(|side| side.runs().iter().any(|known| known.index == run.index))
    }

    /// The cases by the deliveries that they ask of a server, most first; of equals, the one with larger updates.
    pub fn heaviest_first(&self) -> Vec<&Case<'a>> {
        let mut cases: Vec<_> = self.cases.iter().rev().collect();
        cases.sort_by(|a, b| b.deliveries_per_s_asked().total_cmp(&a.deliveries_per_s_asked()));
        cases
    }
}

impl Case<'_> {
    /// The value of a metric for a contender; none if it was not measured, or must not be shown.
    pub fn measure(&self, contender: Contender, metric: Metric) -> Option<Measure> {
        self.sides.get(&contender)?.measure(metric)
    }

    /// What the others are compared with, if it was measured here.
    pub fn baseline(&self) -> Option<Contender> {
        self.sides.keys().copied().find(|contender| contender.is_baseline())
    }

    /// A contender's value over the baseline's.
    pub fn ratio(&self, contender: Contender, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.sides.get(&contender)?, self.sides.get(&self.baseline()?)?, metric)
    }

    /// Each that can be compared with the baseline here, and the baseline.
    pub fn against_baseline(&self) -> impl Iterator<Item = (Contender, Contender)> {
        let baseline = self.baseline().filter(|baseline| self.sides[baseline].is_valid());
        self.sides
            .iter()
            .filter(|(contender, side)| !contender.is_baseline() && side.is_valid())
            .filter_map(move |(contender, _)| Some((*contender, baseline?)))
    }

    fn deliveries_per_s_asked(&self) -> f64 {
        match self.load.stream {
            Stream::Synthetic { rate_hz, .. } => f64::from(self.load.clients) * rate_hz,
            // A feed has no rate of its own, but a faster one asks for more.
            Stream::Replay { speed, .. } => f64::from(self.load.clients) * speed,
            Stream::Pushed => self.load.clients.into(),
        }
    }
}
