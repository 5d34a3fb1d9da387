//! Whether the CPU of what is pushed was measured while Linux still acknowledged each segment at once.

use std::{collections::BTreeSet, mem::discriminant};

use protocol::{
    Transport,
    results::{Arrivals, Polls, Run, Stream},
};

use super::{
    limits::{AT_ONCE_SHARE, IDLE_GAP_S, UPDATES_AT_ONCE, UPDATES_BEFORE},
    points::points,
    warning::{AtOnce, Warning},
};
use crate::read::Results;

/// A note on the points where it was. A long-polling client's next request carries the acknowledgement in any case, and a generator that
/// defers acknowledgements has none sent at once.
pub(crate) fn quickly_acknowledged(results: &Results) -> Option<Warning> {
    if results.manifest.scenario.polls == Polls::Deferred {
        return None;
    }
    let all: Vec<(Transport, Vec<AtOnce>)> = (points(results).into_iter())
        .filter(|(point, _)| !point.contender.transport.asks())
        .map(|(point, runs)| (point.contender.transport, at_once(&runs)))
        .collect();
    let (points, of_points) = (all.iter().filter(|(_, why)| !why.is_empty()).count(), all.len());
    let whose: BTreeSet<Transport> = all.iter().map(|(transport, _)| *transport).collect();
    let mut why: Vec<AtOnce> = all.into_iter().flat_map(|(_, why)| why).collect();
    // Of the early ones, the earliest.
    why.sort();
    why.dedup_by_key(|why| discriminant(why));
    (points > 0).then(|| Warning::QuicklyAcknowledged { whose: whose.into_iter().collect(), points, of_points, why })
}

/// Why a point's updates were.
fn at_once(runs: &[&Run]) -> Vec<AtOnce> {
    let any = |is: fn(&Run) -> bool| runs.iter().any(|run| is(run));
    if any(|run| gap_s(run).is_some_and(|gap_s| gap_s >= IDLE_GAP_S)) {
        return vec![AtOnce::Apart];
    }
    let early = runs.iter().filter_map(|run| before(run)).min().filter(|least| *least < UPDATES_BEFORE);
    let bursts = any(comes_in_bursts).then_some(AtOnce::Bursts);
    let disturbed = any(|run| run.recovery.is_some()).then_some(AtOnce::Disturbed);
    [bursts, disturbed, early.map(AtOnce::Early)].into_iter().flatten().collect()
}

/// Seconds between updates, in the mean; none where nothing was delivered that CPU could be spent on.
fn gap_s(run: &Run) -> Option<f64> {
    (run.counts.delivered > 0 && run.stream.updates > 0).then(|| run.phases.measure_s / run.stream.updates as f64)
}

/// Whether there are long gaps though the mean one is short: among exponential ones so many; among those of a feed nobody knows here.
fn comes_in_bursts(run: &Run) -> bool {
    match run.point.load.stream {
        Stream::Synthetic { arrivals: Arrivals::Constant, .. } => false,
        Stream::Synthetic { arrivals: Arrivals::Poisson, rate_hz, .. } => {
            UPDATES_AT_ONCE * (-rate_hz * IDLE_GAP_S).exp() > AT_ONCE_SHARE
        }
        Stream::Replay { .. } | Stream::Pushed => true,
    }
}

/// Updates that went out before the measure phase: as its publisher counted, or as its rate was.
fn before(run: &Run) -> Option<u64> {
    run.stream.before.or_else(|| Some((run.phases.warm_up_s / gap_s(run)?) as u64))
}
