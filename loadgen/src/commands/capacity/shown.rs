//! What is said of a search while it goes on.

use std::path::Path;

use protocol::results::{Run, Scenario, Search};
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

/// A trial has ended: its load, and what it says of each goal.
pub(super) fn trial(run: &Run, seeker: &Seeker) -> String {
    let judged = seeker.judged(run);
    let said = seeker.goals().iter().zip(&judged).map(|(goal, judged)| format!("{goal}: {judged}"));
    let number = run.trial.map_or(0, |trial| trial.number);
    let role = if number == 0 { "to warm up".to_owned() } else { format!("trial {number}") };
    format!("{:>4}  {}  {role}  {}", run.index + 1, load(run), said.collect::<Vec<_>>().join("; "))
}

fn load(run: &Run) -> String {
    run.point.load.to_string()
}
