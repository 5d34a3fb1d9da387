//! One contender under one load: its finished runs, whether they count, and its values with their spread.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use protocol::results::{Load, LosslessHistogram, Run};

use crate::{
    metrics::{Metric, Ranked, Stated, merged, together},
    points::{Contender, PointName},
    validity::{Warning, point_warnings},
};

/// The finished runs of one point.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    contender: Contender,
    runs: Vec<&'a Run>,
    status: PointStatus,
    latency: Histogram<u64>,
}

/// Whether a point's numbers may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointStatus {
    /// They may.
    Valid,
    /// They may not, for this reason.
    Void(&'static str),
    /// There are none: no run of it was finished.
    Unfinished,
}

/// A value and its spread over repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// A percentile of all repeats' deliveries together, or the median of the repeats' values.
    pub value: f64,
    /// The least of the repeats' own values; the value if no repeat has one.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Over how many repeats that state it by themselves.
    pub repeats: usize,
}

impl<'a> Side<'a> {
    pub(super) fn of(contender: Contender, load: &Load, runs: &[&'a Run]) -> Self {
        let name = PointName { contender, load: load.clone() };
        let runs: Vec<_> = runs.iter().copied().filter(|run| run.failure.is_none()).collect();
        let void = point_warnings(&name, &runs).into_iter().find(Warning::voids_point);
        let status = match void {
            _ if runs.is_empty() => PointStatus::Unfinished,
            Some(warning) => PointStatus::Void(warning.brief()),
            None => PointStatus::Valid,
        };
        let latency = merged(runs.iter().map(|run| &*run.latency));
        Self { contender, runs, status, latency }
    }

    /// Whose it is.
    pub fn contender(&self) -> Contender {
        self.contender
    }

    /// Its finished runs, by repeat.
    pub fn runs(&self) -> &[&'a Run] {
        &self.runs
    }

    /// Whether its numbers may be shown.
    pub fn status(&self) -> &PointStatus {
        &self.status
    }

    /// Whether its numbers may be shown.
    pub fn is_valid(&self) -> bool {
        self.status == PointStatus::Valid
    }

    /// The latencies of all repeats together, nanoseconds; none if they must not be shown.
    pub fn latency(&self) -> Option<&Histogram<u64>> {
        (self.is_valid() && !self.latency.is_empty()).then_some(&self.latency)
    }

    /// The same with the ranks of what never arrived.
    pub(crate) fn ranked_latency(&self) -> Option<Ranked<'_>> {
        let of_runs: Vec<_> = self.runs.iter().map(|run| Ranked::latency(run)).collect();
        Some(together(&of_runs, self.latency()?))
    }

    /// What all repeats together say of a quantile; none for what is no quantile, and of a void point.
    pub(crate) fn stated(&self, metric: Metric) -> Option<Stated> {
        let of_runs: Vec<_> = self.runs.iter().filter_map(|run| metric.ranked(run)).collect();
        let &(_, quantile) = of_runs.first().filter(|_| self.is_valid())?;
        let of_runs: Vec<_> = of_runs.into_iter().map(|(ranked, _)| ranked).collect();
        match metric {
            Metric::LatencyMs(_) => together(&of_runs, &self.latency).of_all(quantile),
            _ => together(&of_runs, &merged(of_runs.iter().map(|ranked| ranked.values))).of_all(quantile),
        }
    }

    /// One histogram of all repeats together, nanoseconds; none if it must not be shown, or is empty.
    pub(crate) fn pooled(&self, of: impl Fn(&'a Run) -> Option<&'a LosslessHistogram>) -> Option<Histogram<u64>> {
        let all = merged(self.runs.iter().filter_map(|run| of(run).map(|histogram| &**histogram)));
        (self.is_valid() && !all.is_empty()).then_some(all)
    }

    /// A metric's value. None for a void point, whatever was measured: every number that is shown comes through here.
    pub fn measure(&self, metric: Metric) -> Option<Measure> {
        if !self.is_valid() {
            return None;
        }
        // A repeat that does not reach a quantile has no greatest value of it to be shown.
        let stated = self.stated(metric);
        let mut values: Vec<f64> = self.each(metric, stated).unwrap_or_default().into_values().collect();
        values.sort_by(f64::total_cmp);
        let value = match stated {
            Some(stated) => stated.value()?,
            None if values.is_empty() => return None,
            None => median(&values),
        };
        let (min, max) = (values.first().copied().unwrap_or(value), values.last().copied().unwrap_or(value));
        Some(Measure { value, min, max, repeats: values.len() })
    }

    /// Whether it is noise in any run: to leave out that run alone would be to choose by value.
    pub(crate) fn is_noise(&self, metric: Metric) -> bool {
        self.runs.iter().any(|run| metric.is_noise(run))
    }

    /// Its metric in each run, by the pair that the run belongs to; a run that states none by itself is left out. None at
    /// all if one does not reach it, for it was the slowest, if all together do not state it, or if it is noise.
    fn by_pair(&self, metric: Metric) -> Option<BTreeMap<u32, f64>> {
        self.each(metric, self.stated(metric))
    }

    fn each(&self, metric: Metric, together: Option<Stated>) -> Option<BTreeMap<u32, f64>> {
        let unreached = self.runs.iter().any(|run| metric.stated(run) == Some(Stated::NotReached));
        let unstated = together.is_some_and(|stated| stated.value().is_none());
        let values = || self.runs.iter().filter_map(|run| Some((self.contender.pair(run), metric.of_run(run)?)));
        (!unreached && !unstated && !self.is_noise(metric)).then(|| values().collect())
    }

    /// One metric and another in every run that has both. None for a void point.
    pub(crate) fn pairs(&self, one: Metric, other: Metric) -> Option<Vec<(f64, f64)>> {
        self.pairs_with(one, self, other)
    }

    /// The same of two sides, by what was measured back to back.
    pub(super) fn pairs_with(&self, one: Metric, of: &Side<'_>, other: Metric) -> Option<Vec<(f64, f64)>> {
        let (ones, others) = (self.by_pair(one).filter(|_| self.is_valid() && of.is_valid())?, of.by_pair(other)?);
        Some(ones.into_iter().filter_map(|(pair, one)| Some((one, *others.get(&pair)?))).collect())
    }

    /// Its metric in every run that has it. None for a void point, or if it is a quantile that is not stated.
    pub(crate) fn values(&self, metric: Metric) -> Option<Vec<f64>> {
        Some(self.by_pair(metric).filter(|_| self.is_valid())?.into_values().collect())
    }

    /// Updates that never arrived, over all repeats.
    pub fn missed(&self) -> u64 {
        self.runs.iter().map(|run| run.counts.missed).sum()
    }

    /// Updates that arrived, over all repeats.
    pub fn delivered(&self) -> u64 {
        self.runs.iter().map(|run| run.counts.delivered).sum()
    }

    /// The repeat whose median latency is the middle one, to stand for the others; the lower of two, none if void.
    pub fn representative(&self) -> Option<&'a Run> {
        let mut runs = if self.is_valid() { self.runs.clone() } else { Vec::new() };
        runs.sort_by_key(|run| run.latency.value_at_quantile(0.5));
        runs.get(runs.len().checked_sub(1)? / 2).copied()
    }
}

/// The middle one of sorted values, or the mean of the two middle ones.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::Comparison,
        fixture::{Sweep, receive},
        metrics::Quantile,
        read::Results,
    };

    const P50: Metric = Metric::LatencyMs(Quantile::P50);
    const P99: Metric = Metric::LatencyMs(Quantile::P99);

    fn results(change: impl FnOnce(&mut [Run])) -> Results {
        let mut results = Sweep { clients: vec![100], ..Sweep::quick() }.results();
        change(&mut results.runs);
        results
    }

    /// What WebSocket states, and whether long polling's ratio to it is.
    fn p99(results: &Results) -> (Option<Stated>, bool) {
        let comparison = Comparison::of(results);
        let (contender, baseline) = comparison.cases[0].against_baseline().next().unwrap();
        let side = &comparison.cases[0].sides[&baseline];
        assert_eq!(side.measure(P99).map(|measure| measure.value), side.stated(P99).and_then(Stated::value));
        assert!(comparison.cases[0].ratio(contender, P50).is_some(), "a median is not touched");
        (side.stated(P99), comparison.cases[0].ratio(contender, P99).is_some())
    }

    /// Of WebSocket's first repeat, or of all, the slowest so many of a hundred never arrive.
    fn lossy(percent: u64, repeats: usize) -> Results {
        results(|runs| {
            for run in runs.iter_mut().filter(|run| run.point.transport == protocol::Transport::WebSocket).take(repeats)
            {
                receive(run, (1..=100 - percent).map(|ms| ms * 1_000_000));
                (run.counts.expected, run.counts.missed) = (100, percent);
            }
        })
    }

    #[test]
    fn whoever_loses_its_slowest_gets_no_better_p99() {
        let all = p99(&lossy(0, 3));
        assert!(matches!(all, (Some(Stated::Is(ms)), true) if (98.9..99.2).contains(&ms)), "{all:?}");
        let none_of_its_slowest = p99(&lossy(1, 3));
        assert_eq!(none_of_its_slowest, all, "the 99th of a hundred is the 99th of 99 that came");
        assert_eq!(p99(&lossy(2, 3)), (Some(Stated::NotReached), false));
    }

    #[test]
    fn one_repeat_that_does_not_reach_it_leaves_no_ratio() {
        let (stated, has_ratio) = p99(&lossy(2, 1));
        assert!(matches!(stated, Some(Stated::Is(_))) && !has_ratio, "{stated:?}");
    }

    #[test]
    fn too_few_updates_state_the_slowest_and_no_ratio() {
        let (stated, has_ratio) = p99(&results(|runs| runs.iter_mut().for_each(|run| run.stream.updates = 333)));
        assert!(matches!(stated, Some(Stated::Slowest { of: 999, .. })) && !has_ratio, "{stated:?}");
    }

    #[test]
    fn a_repeat_of_which_none_lies_beyond_is_told_apart() {
        let results = results(|runs| runs[0].stream.updates = 99);
        let comparison = Comparison::of(&results);
        let side = comparison.cases[0].sides.values().next().unwrap();
        assert_eq!((side.measure(P99).unwrap().repeats, side.measure(P50).unwrap().repeats), (2, 3));
        assert_eq!(side.values(P99).unwrap().len(), 2);
    }
}
