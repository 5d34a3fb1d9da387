//! Whether latency stood still while it was measured: no queue grew, and the warm-up was over.

use hdrhistogram::Histogram;
use protocol::{
    Transport,
    results::{Run, Slice},
};

use super::{
    keeping_up::worst,
    limits::{BEHIND_MS, BEHIND_TIMES, HALVES},
    warning::Warning,
};
use crate::points::PointName;

const NS_PER_MS: f64 = 1e6;

/// The gravest unsteadiness of a point's runs.
pub(super) fn of_runs(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    // Where clients were disturbed nobody expects it.
    let left_alone = runs.iter().filter(|run| run.recovery.is_none());
    let unsteady = left_alone.filter_map(|run| fell_behind(point, run).or_else(|| halves_differ(point, run)));
    worst(unsteady, |warning| match warning {
        Warning::ServerFellBehind { last_ms, .. } => (true, *last_ms),
        Warning::HalvesDiffer { first_ms, second_ms, .. } => (false, (first_ms - second_ms).abs()),
        _ => (false, 0.0),
    })
}

fn fell_behind(point: &PointName, run: &Run) -> Option<Warning> {
    let (first_ms, last_ms) = grown_ms(run)?;
    Some(Warning::ServerFellBehind { point: point.clone(), first_ms, last_ms })
}

/// The median latencies of the first slice and the last, if a queue grew between.
pub(crate) fn grown_ms(run: &Run) -> Option<(f64, f64)> {
    let mut medians = run
        .slices
        .iter()
        .filter(|slice| !slice.latency.is_empty())
        .map(|slice| slice.latency.value_at_quantile(0.5) as f64 / NS_PER_MS);
    let first_ms = medians.next()?;
    let last_ms = medians.next_back()?;
    let grown_ms = last_ms - first_ms - asked_every_ms(run);
    (last_ms > BEHIND_TIMES * first_ms && grown_ms > BEHIND_MS).then_some((first_ms, last_ms))
}

fn halves_differ(point: &PointName, run: &Run) -> Option<Warning> {
    let (first, second) = run.slices.split_at(run.slices.len() / 2);
    let (first_ms, second_ms) = (median_ms(first)?, median_ms(second)?);
    let point = point.clone();
    let apart_ms = (first_ms - second_ms).abs() - asked_every_ms(run);
    let passed = HALVES.is_passed(apart_ms, first_ms.min(second_ms));
    passed.then_some(Warning::HalvesDiffer { point, first_ms, second_ms })
}

/// From a client's short poll to its next, as they came. It delays an update by up to that, by design, and where in it a slice lies is
/// chance. Of others nothing.
fn asked_every_ms(run: &Run) -> f64 {
    let polls_of_each = run.traffic.requests as f64 / f64::from(run.point.load.clients);
    if run.point.transport == Transport::ShortPoll { 1e3 * run.phases.measure_s / polls_of_each } else { 0.0 }
}

fn median_ms(slices: &[Slice]) -> Option<f64> {
    let mut all = Histogram::<u64>::new(2).expect("two digits are a valid precision");
    for slice in slices {
        all.add(&*slice.latency).expect("a histogram that resizes itself takes every value");
    }
    (!all.is_empty()).then(|| all.value_at_quantile(0.5) as f64 / NS_PER_MS)
}
