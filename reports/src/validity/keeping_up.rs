//! Whether the generator kept up with the server, the publisher with its schedule, and the machine with both.

use protocol::results::{LosslessHistogram, Run};

use super::{
    limits::{LAG, LAG_VOID, LATE, LATE_VOID, Limit, STOLEN, WORKER_BUSY_MAX},
    warning::{LagAt, Warning},
};
use crate::{
    metrics::{Metric, Quantile, busiest_worker, stolen_share},
    points::PointName,
};

const NS_PER_MS: f64 = 1e6;

/// What the generator and the publisher in it did too late.
pub(super) fn of_generator(point: &PointName, runs: &[&Run]) -> Vec<Warning> {
    let late = worst(runs.iter().filter_map(|run| late(point, run)), |warning| match warning {
        Warning::PublisherOverrun { lateness_mean_ms, .. } => (true, *lateness_mean_ms),
        Warning::PublisherLate { lateness_p99_ms, .. } => (false, *lateness_p99_ms),
        _ => (false, 0.0),
    });
    [saturated(point, runs), lagged(point, runs), late].into_iter().flatten().collect()
}

/// What the machine took away or could not hold.
pub(super) fn of_machine(point: &PointName, runs: &[&Run]) -> Vec<Warning> {
    let point = || point.clone();
    let overflows: u64 = runs.iter().map(|run| run.machine.listen_overflows).sum();
    let pressures: u64 = runs.iter().map(|run| run.machine.memory_pressures).sum();
    let stolen: Vec<f64> = runs.iter().map(|run| stolen_share(run)).filter(|&share| share > STOLEN).collect();
    let most = stolen.iter().copied().reduce(f64::max);
    [
        most.map(|share| Warning::TimeStolen { point: point(), runs: stolen.len(), of_runs: runs.len(), share }),
        (overflows > 0).then(|| Warning::ListenOverflows { point: point(), overflows }),
        (pressures > 0).then(|| Warning::MemoryPressure { point: point(), pressures }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn saturated(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let busy: Vec<f64> = runs.iter().map(|run| busiest_worker(run)).filter(|&busy| busy > WORKER_BUSY_MAX).collect();
    let most = busy.iter().copied().reduce(f64::max)?;
    Some(Warning::GeneratorSaturated {
        point: point.clone(),
        runs: busy.len(),
        of_runs: runs.len(),
        busy_percent: 100.0 * most,
    })
}

fn lagged(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let measured = runs.iter().filter(|run| !run.latency.is_empty());
    let lags: Vec<_> = measured.filter_map(|run| lag(run)).collect();
    let warnings = lags.iter().map(|&(at, lag_ms, latency_ms)| Warning::GeneratorLagged {
        point: point.clone(),
        runs: lags.len(),
        of_runs: runs.len(),
        at,
        lag_ms,
        latency_ms,
    });
    // One that voids outweighs a larger share of a latency too short to void.
    worst(warnings, |warning| match warning {
        Warning::GeneratorLagged { lag_ms, latency_ms, .. } => (warning.voids_point(), lag_ms / latency_ms),
        _ => (false, 0.0),
    })
}

/// The lag that matters, if one does, and the latency that it is part of: the mean's, or else the p99's, where the run has
/// updates enough to state one (of fewer, one hiccup is the p99 of both).
fn lag(run: &Run) -> Option<(LagAt, f64, f64)> {
    let lag = run.generator.loop_lag.as_ref().filter(|lag| !lag.is_empty())?;
    let mean = (LagAt::Mean, lag.mean() / NS_PER_MS, run.latency.mean() / NS_PER_MS);
    let p99_ms = lag.value_at_quantile(Quantile::P99.value()) as f64 / NS_PER_MS;
    let p99 = Metric::LatencyMs(Quantile::P99).of_run(run).map(|latency_ms| (LagAt::P99, p99_ms, latency_ms));
    let is_passed =
        |limit: Limit| move |&(_, lag_ms, latency_ms): &(LagAt, f64, f64)| limit.is_passed(lag_ms, latency_ms);
    let both = || [Some(mean), p99].into_iter().flatten();
    both().find(is_passed(LAG_VOID)).or_else(|| both().find(is_passed(LAG)))
}

fn late(point: &PointName, run: &Run) -> Option<Warning> {
    let lateness = run.stream.lateness.as_ref().filter(|_| !run.latency.is_empty())?;
    let (lateness_mean_ms, latency_mean_ms) = (lateness.mean() / NS_PER_MS, run.latency.mean() / NS_PER_MS);
    let p99_ms = |histogram: &LosslessHistogram| histogram.value_at_quantile(0.99) as f64 / NS_PER_MS;
    let (lateness_p99_ms, latency_p99_ms) = (p99_ms(lateness), p99_ms(&run.latency));
    let point = point.clone();
    if LATE_VOID.is_passed(lateness_mean_ms, latency_mean_ms) {
        return Some(Warning::PublisherOverrun { point, lateness_mean_ms, latency_mean_ms });
    }
    LATE.is_passed(lateness_p99_ms, latency_p99_ms).then_some(Warning::PublisherLate {
        point,
        lateness_p99_ms,
        latency_p99_ms,
    })
}

/// The gravest of one kind stands for all runs of a point.
pub(super) fn worst<K: PartialOrd>(
    warnings: impl Iterator<Item = Warning>,
    weight: impl Fn(&Warning) -> K,
) -> Option<Warning> {
    warnings.reduce(|worst, next| if weight(&next) > weight(&worst) { next } else { worst })
}
