//! Whether WebSocket's CPU was measured while Linux still acknowledged each segment at once.

use protocol::{Transport, results::Run};

use super::{
    limits::{IDLE_GAP_S, UPDATES_BEFORE},
    points::points,
    warning::Warning,
};
use crate::read::Results;

/// A note on the points where it was. A long-polling client's next request carries the acknowledgement in any case.
pub(crate) fn quickly_acknowledged(results: &Results) -> Option<Warning> {
    let all: Vec<_> = (points(results).into_iter())
        .filter(|(point, _)| point.contender.transport == Transport::WebSocket)
        .map(|(_, runs)| runs)
        .collect();
    let sparse = |runs: &&Vec<&Run>| runs.iter().any(|run| gap_s(run).is_some_and(|gap_s| gap_s >= IDLE_GAP_S));
    let early =
        |runs: &Vec<&Run>| runs.iter().filter_map(|run| before(run)).min().filter(|least| *least < UPDATES_BEFORE);
    let gaps = all.iter().filter(sparse).count();
    let early: Vec<u64> = all.iter().filter(|runs| !sparse(runs)).filter_map(early).collect();
    let (points, of_points) = (gaps + early.len(), all.len());
    (points > 0).then(|| Warning::QuicklyAcknowledged {
        points,
        of_points,
        gaps,
        fewest_before: early.into_iter().min(),
    })
}

/// Seconds between updates, in the mean; none where nothing was delivered that CPU could be spent on.
fn gap_s(run: &Run) -> Option<f64> {
    (run.counts.delivered > 0 && run.stream.updates > 0).then(|| run.phases.measure_s / run.stream.updates as f64)
}

/// Updates that went out before the measure phase: as its publisher counted, or as its rate was.
fn before(run: &Run) -> Option<u64> {
    run.stream.before.or_else(|| Some((run.phases.warm_up_s / gap_s(run)?) as u64))
}
