//! A load to be tried, as the run that measures it.

use protocol::results::{Point, Run, Scenario, Search, SearchAxis, Stream};

use super::options::trial_s;
use crate::scenario::plan::Planned;

/// What bears `point`, under a load along the axis.
pub(super) fn at_load(point: &Point, axis: SearchAxis, load: f64) -> Point {
    let mut point = point.clone();
    match (axis, &mut point.load.stream) {
        (SearchAxis::Clients, _) => point.load.clients = load as u32,
        (SearchAxis::Rate, Stream::Synthetic { rate_hz, .. }) => *rate_hz = load,
        (SearchAxis::Payload, Stream::Synthetic { payload_bytes, .. }) => *payload_bytes = load as u32,
        // The command has no other.
        (SearchAxis::Rate | SearchAxis::Payload, Stream::Replay { .. } | Stream::Pushed) => {}
    }
    point
}

/// The trials of whoever bears `contender`, where a search begins.
pub(super) fn of<'r>(runs: &'r [Run], contender: &Point, search: &Search) -> Vec<&'r Run> {
    runs.iter().filter(|run| at_load(&run.point, search.axis, search.from) == *contender).collect()
}

/// The run that a trial of that point is, after these.
pub(super) fn planned(runs: &[Run], point: Point) -> Planned {
    let repeat = runs.iter().filter(|run| run.point == point).count() as u32;
    Planned { index: runs.len() as u32, repeat, point }
}

/// The scenario by which a point is tried: it lasts as long as it must.
pub(super) fn lasting(scenario: &Scenario, search: &Search, point: &Point) -> Scenario {
    let mut scenario = scenario.clone();
    if let Stream::Synthetic { rate_hz, .. } = point.load.stream {
        scenario.measure_s = trial_s(search, rate_hz);
    }
    scenario
}
