//! What is said of a search while it goes on.

use std::path::Path;

use protocol::results::{Run, Scenario, Search, SearchAxis, Stream};
use reports::Seeker;

use crate::scenario::plan::Planned;

pub(super) fn introduction(scenario: &Scenario, folder: &Path) -> String {
    format!(
        "{} Trial by trial: what it says of each goal, and between which loads that ceases to hold, as far as is known. Results go to {}; \
         report.html there is written anew after each server process.",
        scenario.why,
        folder.display()
    )
}

/// A server process begins.
pub(super) fn process(contender: &Planned, search: &Search) -> String {
    let Planned { repeat, point, .. } = contender;
    format!("{}, process {} of {}: {}", point.transport, repeat + 1, search.processes, point.load)
}

/// A trial has ended, the last of these of its contender: its load, what it says of each goal, and where the brackets stand.
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
    let end = |end: Option<f64>| end.map_or_else(|| "-".to_owned(), |end| end.to_string());
    let brackets = seeker.brackets(runs, trial.process).into_iter();
    let brackets = brackets.map(|[held, failed]| format!("[{}, {}]", end(held), end(failed)));
    let judged = seeker.judged(run).iter().map(ToString::to_string).collect();
    format!("{begun} {}  {}", once(judged, "; "), once(brackets.collect(), " "))
}

/// What is said of each goal, in their order; once, if it is the same of all.
fn once(mut said: Vec<String>, between: &str) -> String {
    if said.iter().all(|one| *one == said[0]) {
        said.truncate(1);
    }
    said.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_said_once_and_else_in_the_order_of_goals() {
        let of = |said: &[&str]| once(said.iter().map(|one| (*one).to_owned()).collect(), "; ");
        assert_eq!(of(&["good", "good", "good"]), "good");
        assert_eq!(of(&["bad", "good", "good"]), "bad; good; good");
    }
}
