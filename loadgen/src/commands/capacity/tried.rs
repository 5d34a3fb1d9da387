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

#[cfg(test)]
mod tests {
    use protocol::{
        Transport,
        results::{Arrivals, Load},
    };

    use super::*;

    fn point(clients: u32, rate_hz: f64, payload_bytes: u32) -> Point {
        let stream = Stream::Synthetic { arrivals: Arrivals::Constant, rate_hz, payload_bytes };
        let load = Load { clients, engine: None, ..Load::of(stream) };
        Point { transport: Transport::WebSocket, load }
    }

    #[test]
    fn a_load_differs_along_its_axis_alone() {
        let begins = point(10, 20.0, 64);
        for (axis, load, expected) in [
            (SearchAxis::Rate, 21.5, point(10, 21.5, 64)),
            (SearchAxis::Clients, 11.0, point(11, 20.0, 64)),
            (SearchAxis::Payload, 128.0, point(10, 20.0, 128)),
        ] {
            assert_eq!(at_load(&begins, axis, load), expected);
            let from = match axis {
                SearchAxis::Rate => 20.0,
                SearchAxis::Clients => 10.0,
                SearchAxis::Payload => 64.0,
            };
            assert_eq!(at_load(&expected, axis, from), begins, "and back to where the search begins");
        }
    }

    #[test]
    fn a_trial_has_its_time_and_its_updates_at_least() {
        let scenario = crate::scenario::check("test", "").unwrap();
        let search = Search {
            axis: SearchAxis::Rate,
            goals: Vec::new(),
            from: 10.0,
            to: 1_000.0,
            step: 0.05,
            processes: 1,
            trial_s: 2.0,
            trial_updates: 100,
        };
        for (rate_hz, seconds) in [(10.0, 10.0), (50.0, 2.0), (1_000.0, 2.0)] {
            let lasts_s = lasting(&scenario, &search, &point(1, rate_hz, 64)).measure_s;
            assert!((lasts_s - seconds).abs() < 1e-9, "{rate_hz}: {lasts_s} s");
        }
    }
}
