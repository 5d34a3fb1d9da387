//! What is wrong with the runs of one point.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use protocol::results::{Counts, Run};

use super::{keeping_up, link, steady, throttled, warning::Warning};
use crate::points::PointName;

/// What is wrong with the finished runs of one point.
pub(crate) fn point_warnings(point: &PointName, runs: &[&Run]) -> Vec<Warning> {
    let mut found: Vec<_> = runs.iter().filter_map(|run| not_conserved(point, run)).collect();
    found.extend(nothing_delivered(point, runs));
    found.extend(absent(point, runs));
    found.extend(lost(point, runs));
    found.extend(keeping_up::of_generator(point, runs));
    found.extend(keeping_up::of_machine(point, runs));
    found.extend(throttled::of_runs(point, runs));
    found.extend(link::of_runs(point, runs));
    found.extend(counted(point, runs));
    found.extend(steady::of_runs(point, runs));
    found.extend(errors(point, runs));
    found.extend(not_back(point, runs));
    found.extend(unstamped(point, runs));
    found
}

fn not_conserved(point: &PointName, run: &Run) -> Option<Warning> {
    let Counts { expected, delivered, missed, .. } = run.counts;
    (!run.counts.conserved()).then(|| Warning::NotConserved {
        point: point.clone(),
        run: run.index,
        expected,
        delivered,
        missed,
    })
}

fn nothing_delivered(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let silent = || runs.iter().filter(|run| run.counts.delivered == 0);
    let updates = silent().map(|run| run.stream.updates).sum();
    let (runs, of_runs) = (silent().count(), runs.len());
    (runs > 0).then(|| Warning::NothingDelivered { point: point.clone(), runs, of_runs, updates })
}

fn absent(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let clients = u64::from(point.load.clients);
    let absent: Vec<u64> = runs.iter().map(|run| clients.saturating_sub(run.counts.clients_ready)).collect();
    let absent_runs = absent.iter().filter(|absent| **absent > 0).count();
    let most = absent.into_iter().max().filter(|most| *most > 0)?;
    Some(Warning::Absent { point: point.clone(), runs: absent_runs, of_runs: runs.len(), absent: most, clients })
}

/// Of those that were there. Who did not come back from a disturbance is counted apart.
fn lost(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let undisturbed = runs.iter().filter(|run| run.recovery.is_none());
    let lost = undisturbed.filter_map(|run| run.counts.clients_ready.checked_sub(run.counts.clients_held?));
    let lost: Vec<u64> = lost.filter(|lost| *lost > 0).collect();
    let most = lost.iter().copied().max()?;
    let clients = u64::from(point.load.clients);
    Some(Warning::Lost { point: point.clone(), runs: lost.len(), of_runs: runs.len(), lost: most, clients })
}

fn counted(point: &PointName, runs: &[&Run]) -> Vec<Warning> {
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
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn errors(point: &PointName, runs: &[&Run]) -> impl Iterator<Item = Warning> {
    let mut by_kind = BTreeMap::<String, u64>::new();
    for (kind, errors) in runs.iter().flat_map(|run| &run.counts.errors) {
        *by_kind.entry(kind.clone()).or_default() += errors;
    }
    by_kind.into_iter().filter(|&(_, errors)| errors > 0).map(|(kind, errors)| Warning::ClientErrors {
        point: point.clone(),
        first: runs.iter().find_map(|run| run.counts.first_errors.get(&kind).cloned()),
        kind,
        errors,
    })
}

/// What is told of a server that pushes by itself.
fn unstamped(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let pushed = || runs.iter().filter_map(|run| run.pushed.as_ref());
    let (mut gaps, mut span) = ((*pushed().next()?.gaps).clone(), (*runs[0].fan_out.span).clone());
    pushed().skip(1).for_each(|pushed| gaps += &*pushed.gaps);
    runs.iter().skip(1).for_each(|run| span += &*run.fan_out.span);
    let ms = |histogram: &Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
    Some(Warning::Unstamped {
        point: point.clone(),
        messages: runs.iter().map(|run| run.counts.delivered).sum(),
        gap_ms: [0.5, 0.99].map(|quantile| ms(&gaps, quantile)),
        told_apart: pushed().map(|pushed| pushed.told_apart).sum(),
        different: pushed().map(|pushed| pushed.different).sum(),
        span_ms: ms(&span, 0.5),
    })
}

fn not_back(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let away = |run: &&&Run| {
        let back = run.recovery.as_ref().map(|recovery| recovery.connected.len());
        back.map_or(0, |back| run.counts.clients_ready.saturating_sub(back))
    };
    let run = runs.iter().max_by_key(away).filter(|run| away(run) > 0)?;
    let mut kinds = run.recovery.iter().flat_map(|recovery| recovery.failed.keys());
    Some(Warning::NotBack {
        point: point.clone(),
        away: away(&run),
        clients: run.counts.clients_ready,
        first: kinds.find_map(|kind| run.counts.first_errors.get(kind)).cloned(),
    })
}
