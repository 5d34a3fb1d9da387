//! What is wrong with the runs of one point; every threshold is a constant here.

use std::collections::BTreeMap;

use protocol::results::{Counts, LosslessHistogram, Point, Run};

use super::Warning;

/// Above this share of one core, a thread cannot be trusted to have read in time.
const WORKER_BUSY_MAX: f64 = 0.9;
/// Lateness that matters to the tail: its p99 is more than this, and more than that share of the latency's p99.
const LATE_MS: f64 = 1.0;
const LATE_SHARE: f64 = 0.25;
/// Lateness that voids: its mean is more than this, and more than that share of the mean latency.
const VOID_LATE_MS: f64 = 1.0;
const VOID_LATE_SHARE: f64 = 0.5;
/// A queue grows if the last slice's median is this many times the first's, and this much more.
const BEHIND_TIMES: f64 = 3.0;
const BEHIND_MS: f64 = 50.0;
/// Ten deliveries beyond the p99.
const DELIVERIES_MIN: u64 = 1_000;

const NS_PER_MS: f64 = 1e6;
const NS_PER_S: f64 = 1e9;

/// What is wrong with the finished runs of one point.
pub(crate) fn of_point(point: &Point, runs: &[&Run]) -> Vec<Warning> {
    let mut found: Vec<_> = runs.iter().filter_map(|run| not_conserved(point, run)).collect();
    found.extend(saturated(point, runs));
    found.extend(worst(runs.iter().filter_map(|run| late(point, run)), |warning| match warning {
        Warning::PublisherOverrun { lateness_mean_ms, .. } => (true, *lateness_mean_ms),
        Warning::PublisherLate { lateness_p99_ms, .. } => (false, *lateness_p99_ms),
        _ => (false, 0.0),
    }));
    found.extend(counted(point, runs));
    found.extend(worst(runs.iter().filter_map(|run| fell_behind(point, run)), |warning| match warning {
        Warning::ServerFellBehind { last_ms, .. } => *last_ms,
        _ => 0.0,
    }));
    found.extend(errors(point, runs));
    found
}

fn not_conserved(point: &Point, run: &Run) -> Option<Warning> {
    let Counts { expected, delivered, missed, .. } = run.counts;
    (!run.counts.conserved()).then(|| Warning::NotConserved {
        point: point.clone(),
        run: run.index,
        expected,
        delivered,
        missed,
    })
}

fn saturated(point: &Point, runs: &[&Run]) -> Option<Warning> {
    let busy: Vec<f64> = runs.iter().map(|run| busiest_worker(run)).filter(|&busy| busy > WORKER_BUSY_MAX).collect();
    let most = busy.iter().copied().reduce(f64::max)?;
    Some(Warning::GeneratorSaturated {
        point: point.clone(),
        runs: busy.len(),
        of_runs: runs.len(),
        busy_percent: 100.0 * most,
    })
}

/// The share of one core that the busiest worker of the generator used.
fn busiest_worker(run: &Run) -> f64 {
    let most_ns = run.generator.workers_cpu_ns.iter().copied().max().unwrap_or(0);
    if run.phases.measure_s > 0.0 { most_ns as f64 / (run.phases.measure_s * NS_PER_S) } else { 0.0 }
}

fn late(point: &Point, run: &Run) -> Option<Warning> {
    let lateness = run.stream.lateness.as_ref()?;
    let (lateness_mean_ms, latency_mean_ms) = (lateness.mean() / NS_PER_MS, run.latency.mean() / NS_PER_MS);
    let p99_ms = |histogram: &LosslessHistogram| histogram.value_at_quantile(0.99) as f64 / NS_PER_MS;
    let (lateness_p99_ms, latency_p99_ms) = (p99_ms(lateness), p99_ms(&run.latency));
    let point = point.clone();
    if lateness_mean_ms > VOID_LATE_MS && lateness_mean_ms > VOID_LATE_SHARE * latency_mean_ms {
        return Some(Warning::PublisherOverrun { point, lateness_mean_ms, latency_mean_ms });
    }
    (lateness_p99_ms > LATE_MS && lateness_p99_ms > LATE_SHARE * latency_p99_ms).then_some(Warning::PublisherLate {
        point,
        lateness_p99_ms,
        latency_p99_ms,
    })
}

fn counted(point: &Point, runs: &[&Run]) -> Vec<Warning> {
    let sum = |part: fn(&Counts) -> u64| -> u64 { runs.iter().map(|run| part(&run.counts)).sum() };
    let (expected, delivered) = (sum(|counts| counts.expected), sum(|counts| counts.delivered));
    let (missed, out_of_range) = (sum(|counts| counts.missed), sum(|counts| counts.out_of_range));
    let (duplicated, reordered) = (sum(|counts| counts.duplicated), sum(|counts| counts.reordered));
    let point = || point.clone();
    [
        (missed > 0).then(|| Warning::Missed { point: point(), missed, expected }),
        (out_of_range > 0).then(|| Warning::OutOfRange { point: point(), out_of_range, delivered }),
        (duplicated > 0).then(|| Warning::Duplicated { point: point(), duplicated, delivered }),
        (reordered > 0).then(|| Warning::Reordered { point: point(), reordered, delivered }),
        (delivered < DELIVERIES_MIN).then(|| Warning::FewDeliveries { point: point(), delivered }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn fell_behind(point: &Point, run: &Run) -> Option<Warning> {
    let mut medians = run
        .slices
        .iter()
        .filter(|slice| !slice.latency.is_empty())
        .map(|slice| slice.latency.value_at_quantile(0.5) as f64 / NS_PER_MS);
    let first_ms = medians.next()?;
    let last_ms = medians.next_back()?;
    (last_ms > BEHIND_TIMES * first_ms && last_ms > first_ms + BEHIND_MS).then(|| Warning::ServerFellBehind {
        point: point.clone(),
        first_ms,
        last_ms,
    })
}

fn errors<'a>(point: &'a Point, runs: &[&Run]) -> impl Iterator<Item = Warning> + use<'a> {
    let mut by_kind = BTreeMap::<String, u64>::new();
    for (kind, errors) in runs.iter().flat_map(|run| &run.counts.errors) {
        *by_kind.entry(kind.clone()).or_default() += errors;
    }
    by_kind.into_iter().filter(|&(_, errors)| errors > 0).map(|(kind, errors)| Warning::ClientErrors {
        point: point.clone(),
        kind,
        errors,
    })
}

fn worst<K: PartialOrd>(warnings: impl Iterator<Item = Warning>, weight: impl Fn(&Warning) -> K) -> Option<Warning> {
    warnings.reduce(|worst, next| if weight(&next) > weight(&worst) { next } else { worst })
}
