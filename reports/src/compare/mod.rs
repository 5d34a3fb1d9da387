//! Derived values: what the runs of equal load say of each transport, and of one against the other.
//!
//! Everything here is computed when read. Percentiles come from histograms merged over repeats, never from averages.

mod metric;
mod ratio;
mod side;
mod slope;
mod sweep;

use std::collections::BTreeMap;

use protocol::{
    Transport,
    results::{Load, Point, Run, Stream},
};

pub use metric::{Metric, Quantile};
pub use ratio::{Ratio, Verdict};
pub use side::{Measure, Side, Standing};
pub use slope::{Slope, slope};
pub use sweep::{Axis, Slice, Sweep};

/// The transport that every other is compared with.
pub const BASELINE: Transport = Transport::ALL[0];

/// Every load of a sweep, least first.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// One case a load.
    pub cases: Vec<Case<'a>>,
}

/// One load, as each transport bore it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The load.
    pub load: Load,
    /// The transports that were measured under it, in the order in which they are shown.
    pub sides: BTreeMap<Transport, Side<'a>>,
}

impl<'a> Comparison<'a> {
    /// Groups runs by load and transport.
    pub fn of(runs: &'a [Run]) -> Self {
        let cases = group(runs)
            .into_iter()
            .map(|(load, by_transport)| {
                let sides = by_transport
                    .into_iter()
                    .map(|(transport, runs)| (transport, Side::of(&Point { transport, load: load.clone() }, &runs)))
                    .collect();
                Case { load, sides }
            })
            .collect();
        Self { cases }
    }

    /// The transports that were measured, in the order in which they are shown.
    pub fn transports(&self) -> Vec<Transport> {
        Transport::ALL
            .into_iter()
            .filter(|transport| self.cases.iter().any(|case| case.sides.contains_key(transport)))
            .collect()
    }

    /// The cases by the deliveries that they ask of a server, most first; of equals, the one with larger updates.
    pub fn heaviest_first(&self) -> Vec<&Case<'a>> {
        let mut cases: Vec<_> = self.cases.iter().rev().collect();
        cases.sort_by(|a, b| b.deliveries_per_s_asked().total_cmp(&a.deliveries_per_s_asked()));
        cases
    }
}

impl Case<'_> {
    /// The value of a metric for a transport; none if it was not measured, or must not be shown.
    pub fn measure(&self, transport: Transport, metric: Metric) -> Option<Measure> {
        self.sides.get(&transport)?.measure(metric)
    }

    /// A transport's value over the baseline's.
    pub fn ratio(&self, transport: Transport, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.sides.get(&transport)?, self.sides.get(&BASELINE)?, metric)
    }

    /// The transports other than the baseline that can be compared with it here.
    pub fn contenders(&self) -> impl Iterator<Item = Transport> {
        let comparable = self.sides.get(&BASELINE).is_some_and(Side::is_valid);
        self.sides
            .iter()
            .filter(move |(transport, side)| comparable && **transport != BASELINE && side.is_valid())
            .map(|(transport, _)| *transport)
    }

    fn deliveries_per_s_asked(&self) -> f64 {
        match self.load.stream {
            Stream::Synthetic { rate_hz, .. } => f64::from(self.load.clients) * rate_hz,
            // A feed has no rate of its own, but a faster one asks for more.
            Stream::Replay { speed, .. } => f64::from(self.load.clients) * speed,
        }
    }
}

type ByTransport<'a> = BTreeMap<Transport, Vec<&'a Run>>;

/// Runs of equal load together, the loads in ascending order of their axes.
pub(crate) fn group(runs: &[Run]) -> Vec<(Load, ByTransport<'_>)> {
    let mut groups: Vec<(Load, ByTransport<'_>)> = Vec::new();
    for run in runs {
        let load = &run.point.load;
        let at = groups.iter().position(|(known, _)| known == load).unwrap_or_else(|| {
            groups.push((load.clone(), BTreeMap::new()));
            groups.len() - 1
        });
        groups[at].1.entry(run.point.transport).or_default().push(run);
    }
    groups.sort_by(|(a, _), (b, _)| sweep::order(a).partial_cmp(&sweep::order(b)).unwrap_or(std::cmp::Ordering::Equal));
    for runs in groups.iter_mut().flat_map(|(_, by_transport)| by_transport.values_mut()) {
        runs.sort_by_key(|run| run.repeat);
    }
    groups
}
