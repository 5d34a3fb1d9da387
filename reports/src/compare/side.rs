//! One contender under one load: its finished runs, whether they count, and its values with their spread.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use protocol::results::{Load, LosslessHistogram, Run};

use crate::{
    metrics::{Metric, quantile_ms},
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
    /// The least of the repeats' own values.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Over how many repeats.
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
        let latency = merged(runs.iter().map(|run| &run.latency));
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

    /// One histogram of all repeats together, nanoseconds; none if it must not be shown, or is empty.
    pub(crate) fn pooled(&self, of: impl Fn(&'a Run) -> Option<&'a LosslessHistogram>) -> Option<Histogram<u64>> {
        let all = merged(self.runs.iter().filter_map(|run| of(run)));
        (self.is_valid() && !all.is_empty()).then_some(all)
    }

    /// A metric's value. None for a void point, whatever was measured: every number that is shown comes through here.
    pub fn measure(&self, metric: Metric) -> Option<Measure> {
        if !self.is_valid() {
            return None;
        }
        let mut values: Vec<f64> = self.runs.iter().filter_map(|run| metric.of_run(run)).collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let quantile = self.runs.iter().find_map(|run| metric.quantile_of(run)).map(|(_, quantile)| quantile.value());
        let value = match (metric, quantile) {
            (Metric::LatencyMs(_), Some(quantile)) => quantile_ms(&self.latency, quantile)?,
            (_, Some(quantile)) => {
                let of_runs = self.runs.iter().filter_map(|run| Some(metric.quantile_of(run)?.0));
                quantile_ms(&merged(of_runs), quantile)?
            }
            (_, None) => median(&values),
        };
        Some(Measure { value, min, max, repeats: values.len() })
    }

    /// Its metric in each run, by the pair that the run belongs to.
    pub(super) fn by_pair(&self, metric: Metric) -> BTreeMap<u32, f64> {
        self.runs.iter().filter_map(|run| Some((self.contender.pair(run), metric.of_run(run)?))).collect()
    }

    /// One metric and another in every run that has both. None for a void point.
    pub(crate) fn pairs(&self, one: Metric, other: Metric) -> Option<Vec<(f64, f64)>> {
        let others = self.by_pair(other);
        let both = |(pair, one)| Some((one, *others.get(&pair)?));
        self.is_valid().then(|| self.by_pair(one).into_iter().filter_map(both).collect())
    }

    /// Its metric in every run that has it. None for a void point.
    pub(crate) fn values(&self, metric: Metric) -> Option<Vec<f64>> {
        self.is_valid().then(|| self.by_pair(metric).into_values().collect())
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

fn merged<'h>(mut histograms: impl Iterator<Item = &'h LosslessHistogram>) -> Histogram<u64> {
    let Some(first) = histograms.next() else {
        return Histogram::new(3).expect("three digits are a valid precision");
    };
    let mut all: Histogram<u64> = (**first).clone();
    all.auto(true);
    for histogram in histograms {
        all.add(&**histogram).expect("a histogram that resizes itself takes every value");
    }
    all
}
