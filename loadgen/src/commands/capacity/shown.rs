//! What is said of a search while it goes on.

use std::path::Path;

use protocol::results::{Run, Scenario, Search, SearchAxis, Stream};
use reports::Seeker;

use crate::scenario::plan::Planned;

pub(super) fn introduction(scenario: &Scenario, folder: &Path) -> String {
    format!(
        "{} Results go to {}; report.html there is written anew after each server process.",
        scenario.why,
        folder.display()
    )
}

/// A server process begins.
pub(super) fn process(contender: &Planned, search: &Search) -> String {
    let Planned { repeat, point, .. } = contender;
    format!("{}, process {} of {}: {}", point.transport, repeat + 1, search.processes, point.load)
}

/// A trial has ended, the last of these of its contender: its load, what it says of each goal, and between which loads that goal's limit
/// lies, as far as is known.
pub(super) fn trial(runs: &[&Run], search: &Search, seeker: &Seeker) -> String {
    let Some((run, trial)) = runs.last().and_then(|run| Some((*run, run.trial?))) else { return String::new() };
    let load = match (search.axis, &run.point.load.stream) {
        (SearchAxis::Rate, Stream::Synthetic { rate_hz, .. }) => format!("{rate_hz} updates/s"),
        (SearchAxis::Payload, Stream::Synthetic { payload_bytes, .. }) => format!("{payload_bytes} B"),
        _ => format!("{} clients", run.point.load.clients),
    };
    let begun = format!("{:>4}  {load:<16}", run.index + 1);
    if trial.number == 0 {
        return format!("{begun} first, not judged");
    }
    let goals = seeker.goals().iter().zip(seeker.judged(run)).zip(seeker.brackets(runs, trial.process));
    let said = goals.map(|((goal, judged), [held, failed])| {
        let end = |end: Option<f64>, open: &str| end.map_or_else(|| open.to_owned(), |end| end.to_string());
        format!("{goal} {judged} [{}, {}]", end(held, "-"), end(failed, "-"))
    });
    format!("{begun} {}", said.collect::<Vec<_>>().join("; "))
}
