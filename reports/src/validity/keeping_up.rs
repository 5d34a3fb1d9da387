//! Whether the generator kept up with the server, the publisher with its schedule, and the machine with both.

use protocol::results::{LosslessHistogram, Run};

use super::{
    limits::{LAG, LATE, LATE_VOID, STARVED, STOLEN, WORKER_BUSY_MAX},
    warning::{LagAt, Warning},
};
use crate::{
    metrics::{Quantile, Ranked, busiest_worker, busy_in_fan_outs, longest_wait, merged, stolen_share, together},
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
    // One that is busy all the time is so in fan-outs, too.
    let busy = saturated(point, runs).or_else(|| busy(point, runs));
    [busy, starved(point, runs), lagged(point, runs), late].into_iter().flatten().collect()
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

fn busy(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let shares = runs.iter().filter_map(|run| busy_in_fan_outs(run));
    let busy: Vec<f64> = shares.filter(|share| *share > WORKER_BUSY_MAX).collect();
    let most = busy.iter().copied().reduce(f64::max)?;
    Some(Warning::BusyInFanOuts {
        point: point.clone(),
        runs: busy.len(),
        of_runs: runs.len(),
        busy_percent: 100.0 * most,
    })
}

fn starved(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let waits: Vec<f64> = runs.iter().map(|run| longest_wait(run)).filter(|&share| share > STARVED).collect();
    let share = waits.iter().copied().reduce(f64::max)?;
    Some(Warning::GeneratorStarved { point: point.clone(), runs: waits.len(), of_runs: runs.len(), share })
}

fn lagged(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let measured = runs.iter().filter(|run| !run.latency.is_empty());
    let lags = measured.filter_map(|run| Some((mean_lag_ms(run)?, run.latency.mean() / NS_PER_MS)));
    let lags: Vec<_> = lags.filter(|&(lag_ms, latency_ms)| LAG.is_passed(lag_ms, latency_ms)).collect();
    let warning = |at, of_them, (lag_ms, latency_ms)| Warning::GeneratorLagged {
        point: point.clone(),
        runs: of_them,
        of_runs: runs.len(),
        at,
        lag_ms,
        latency_ms,
    };
    let in_the_mean = lags.iter().map(|lag| warning(LagAt::Mean, lags.len(), *lag));
    let in_the_tail = p99_lag_ms(runs).map(|lag| warning(LagAt::P99, runs.len(), lag));
    // One that voids outweighs a larger share of a latency too short to void.
    worst(in_the_mean.chain(in_the_tail), |warning| match warning {
        Warning::GeneratorLagged { lag_ms, latency_ms, .. } => (warning.voids_point(), lag_ms / latency_ms),
        _ => (false, 0.0),
    })
}

fn mean_lag_ms(run: &Run) -> Option<f64> {
    let lag = run.generator.loop_lag.as_ref().filter(|lag| !lag.is_empty())?;
    Some(lag.mean() / NS_PER_MS)
}

/// The p99 of lag and that of latency, over all repeats as they are stated, if it matters. Where no p99 is stated, a lag
/// spoils none, and one hiccup would be the p99 of both.
fn p99_lag_ms(runs: &[&Run]) -> Option<(f64, f64)> {
    let of_runs: Vec<_> = runs.iter().map(|run| Ranked::latency(run)).collect();
    let latency = merged(of_runs.iter().map(|ranked| ranked.values));
    let latency_ms = together(&of_runs, &latency).of_all(Quantile::P99)?.value()?;
    let lag = merged(runs.iter().filter_map(|run| run.generator.loop_lag.as_deref()));
    let lag_ms = lag.value_at_quantile(Quantile::P99.value()) as f64 / NS_PER_MS;
    LAG.is_passed(lag_ms, latency_ms).then_some((lag_ms, latency_ms))
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

/// Whether the publisher in the generator, if there is one there, was as good as always busy: then it was late by itself, and not because a
/// server took no more.
pub(crate) fn publisher_is_bound(run: &Run) -> bool {
    let busy_s = run.generator.publisher_cpu_ns.unwrap_or(0) as f64 / 1e9;
    busy_s > WORKER_BUSY_MAX * run.phases.measure_s
}

/// The gravest of one kind stands for all runs of a point.
pub(super) fn worst<K: PartialOrd>(
    warnings: impl Iterator<Item = Warning>,
    weight: impl Fn(&Warning) -> K,
) -> Option<Warning> {
    warnings.reduce(|worst, next| if weight(&next) > weight(&worst) { next } else { worst })
}
