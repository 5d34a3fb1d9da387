//! Whether a plan can decide a threshold: what it could not is refused before anything is measured, with what would do.

use protocol::results::{Goal, Point, Scenario};

use super::{
    expression::Threshold,
    need::{Need, needs},
};
use crate::{
    metrics::Quantile,
    points::Axis,
    words::{count, number},
};

/// What is to be measured.
#[derive(Debug)]
pub struct Plan<'a> {
    /// How.
    pub scenario: &'a Scenario,
    /// Every point.
    pub points: Vec<Asked>,
    /// Whether the server's processes can be read.
    pub observed: bool,
}

/// A point of a plan.
#[derive(Debug)]
pub struct Asked {
    /// Which.
    pub point: Point,
    /// Updates that are due in the measure phase of a run, in the mean; none where nobody knows.
    pub updates: Option<f64>,
    /// Seconds that a repeat of it takes.
    pub repeat_s: f64,
}

impl Threshold {
    /// Refuses what the plan cannot decide: a threshold of no point, a figure that is not measured, a quantile of too few updates, an
    /// estimate from a single repeat.
    pub fn decidable(&self, plan: &Plan<'_>) -> Result<(), String> {
        self.cannot(plan).map_or(Ok(()), |why| Err(format!("threshold `{self}`: {why}")))
    }

    fn cannot(&self, plan: &Plan<'_>) -> Option<String> {
        let of_it: Vec<&Asked> =
            plan.points.iter().filter(|asked| self.is_of(asked.point.transport, &asked.point.load)).collect();
        if of_it.is_empty() {
            let asked_of = self.asked_of().collect::<Vec<_>>().join(", ");
            return Some(format!("no point of this sweep is of {asked_of}; its points have {}", axes(&plan.points)));
        }
        let unmet = |asked: &Asked| {
            let Point { transport, load } = &asked.point;
            let is_met = |need: &Need| need.is_met(plan.scenario, *transport, load, plan.observed);
            needs(self.metric).iter().copied().find(|need| !is_met(need))
        };
        let measured: Vec<&Asked> = of_it.iter().copied().filter(|asked| unmet(asked).is_none()).collect();
        if measured.is_empty() {
            let missing = unmet(of_it[0]).map_or("", Need::missing);
            return Some(format!("{} would not be measured: {missing}", self.metric.name()));
        }
        if self.metric.is_count() {
            return None;
        }
        let repeats = plan.scenario.repeats;
        if repeats < 2 {
            return Some(
                "it is judged by an interval over repeats, and a single one has none; give --repeats 3 or more, or --budget"
                    .to_owned(),
            );
        }
        let quantile = self.metric.of_updates()?;
        let extent = Extent::of(plan, &measured);
        measured.iter().find_map(|asked| too_few(self, quantile, asked, plan.scenario, extent))
    }
}

/// How often the points of a threshold can be measured.
#[derive(Clone, Copy)]
struct Extent {
    /// In any case,
    least: f64,
    /// and at most, within the budget if there is one.
    most: f64,
    /// Seconds that the least takes, of all points,
    least_s: f64,
    /// and one more repeat of the threshold's loads.
    more_s: f64,
}

impl Extent {
    fn of(plan: &Plan<'_>, of_it: &[&Asked]) -> Self {
        let least = f64::from(plan.scenario.repeats);
        let least_s = least * plan.points.iter().map(|asked| asked.repeat_s).sum::<f64>();
        // A repeat of a load is one of all its transports.
        let is_of_it = |asked: &&Asked| of_it.iter().any(|its| its.point.load == asked.point.load);
        let more_s = plan.points.iter().filter(is_of_it).map(|asked| asked.repeat_s).sum::<f64>();
        let more = |Goal { budget_s, .. }| ((budget_s - least_s) / more_s).floor().max(0.0);
        Self { least, most: least + plan.scenario.goal.map_or(0.0, more), least_s, more_s }
    }

    /// Seconds that so many repeats take.
    fn takes_s(self, repeats: f64) -> f64 {
        self.least_s + (repeats - self.least) * self.more_s
    }
}

/// Why so many updates do not state that quantile, if they do not, and what would.
fn too_few(
    threshold: &Threshold,
    quantile: Quantile,
    Asked { point, updates, .. }: &Asked,
    scenario: &Scenario,
    extent: Extent,
) -> Option<String> {
    let (in_all, in_each) = (quantile.updates_needed() as f64, quantile.updates_needed_of_one() as f64);
    let updates = (*updates)?;
    if updates >= in_each && updates * extent.most >= in_all {
        return None;
    }
    // With a goal, the first look is to find enough, for nobody knows whether there will be another.
    let longer_s = scenario.measure_s / updates * in_each.max(in_all / extent.least);
    let more = (in_all / updates).ceil();
    let or_more = match scenario.goal {
        _ if updates < in_each => String::new(),
        Some(_) => format!(", or --budget {}", time(extent.takes_s(more))),
        None => format!(", or --repeats {}", more as u64),
    };
    Some(format!(
        "{} wants {} updates over all repeats of a point, and {} in each; {} repeat{} of {} s have {} each ({}, {}); \
         give --measure {}{or_more}",
        threshold.metric.name(),
        count(in_all as u64),
        count(in_each as u64),
        extent.most as u64,
        if extent.most > 1.0 { "s" } else { "" },
        number(scenario.measure_s),
        count(updates.round() as u64),
        point.transport.title(),
        point.load,
        time(longer_s),
    ))
}

/// Rounded up, as an option takes it: `7s`, `1500ms`.
fn time(seconds: f64) -> String {
    // What is a rounding error over a whole one is none.
    if seconds > 2.0 { format!("{}s", (seconds - 1e-9).ceil()) } else { format!("{}ms", (1e3 * seconds - 1e-6).ceil()) }
}

/// `clients 100, 1000; engine lean, stock; transports websocket, long-poll`
fn axes(points: &[Asked]) -> String {
    let mut said: Vec<String> = Vec::new();
    for axis in Axis::ALL {
        said.extend(listed(axis.names()[0], points.iter().filter_map(|asked| axis.option_of(&asked.point.load))));
    }
    said.extend(listed("transports", points.iter().map(|asked| asked.point.transport.to_string())));
    said.join("; ")
}

fn listed(name: &str, values: impl Iterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    (!all.is_empty()).then(|| format!("{name} {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use protocol::results::Stream;

    use super::*;
    use crate::fixture::Sweep;

    /// Whether three repeats of 50 s at 10 updates a second decide it, each run taking a minute; with something else changed.
    fn asked(text: &str, change: impl Fn(&mut Scenario, &mut Vec<Asked>)) -> Result<(), String> {
        let results = Sweep { clients: vec![100, 1_000], ..Sweep::quick() }.results();
        let mut scenario = results.manifest.scenario;
        let once = results.runs.into_iter().filter(|run| run.repeat == 0);
        let mut points =
            once.map(|run| Asked { point: run.point, updates: Some(500.0), repeat_s: 60.0 }).collect::<Vec<_>>();
        change(&mut scenario, &mut points);
        let observed = scenario.server.is_none();
        text.parse::<Threshold>().unwrap().decidable(&Plan { scenario: &scenario, points, observed })
    }

    fn refused(text: &str, change: impl Fn(&mut Scenario, &mut Vec<Asked>)) -> String {
        asked(text, change).expect_err(text)
    }

    fn updates(updates: f64) -> impl Fn(&mut Scenario, &mut Vec<Asked>) {
        move |_, points| points.iter_mut().for_each(|asked| asked.updates = Some(updates))
    }

    #[test]
    fn what_can_be_decided_is_measured() {
        for text in ["p99 > 5ms", "missed > 0", "websocket.memory[clients=1000] > 4KiB", "parked < 90%"] {
            asked(text, |_, _| ()).unwrap();
        }
        asked("missed > 0", |scenario, _| scenario.repeats = 1).unwrap();
        asked("p99 > 5ms", |_, points| points.iter_mut().for_each(|asked| asked.updates = None)).unwrap();
    }

    #[test]
    fn no_point_is_answered_with_those_that_there_are() {
        let said = refused("long-poll.p99[clients=999,engine=stock] > 5ms", |_, _| ());
        let expected = "threshold `long-poll.p99[clients=999,engine=stock] > 5ms`: no point of this sweep is of long-poll, \
            clients=999, engine=stock; its points have clients 100, 1000; rate 10; payload-bytes 128; audience broadcast; \
            coalesce 0ms; rtt loopback; tls off; engine lean; peer own; transports websocket, long-poll";
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_not_measured_is_said_with_what_would_measure_it() {
        let by_url = |scenario: &mut Scenario, _: &mut Vec<Asked>| scenario.server = Some("http://there".to_owned());
        let pushed = |_: &mut Scenario, points: &mut Vec<Asked>| {
            points.iter_mut().for_each(|asked| asked.point.load.stream = Stream::Pushed);
        };
        for (text, said) in [
            ("memory > 4KiB", "server memory per client would not be measured: the server's process cannot be read"),
            ("lateness-p99 > 1ms", "does not tell when it published; leave --server out"),
        ] {
            assert!(refused(text, by_url).contains(said), "{}", refused(text, by_url));
        }
        assert!(refused("p99 > 5ms", pushed).contains("nobody knows; publish by --publish feed"));
        for (text, said) in [
            ("websocket.parked < 90%", "it is of polls"),
            ("tls-handshake-p50 > 5ms", "add --tls on"),
            ("signal-p50 > 5ms", "add --signal-rate 1"),
            ("current-all > 5s", "add --disturb drop"),
            ("link-lateness-p99 > 5ms", "add --rtt 40ms"),
            ("proxy-cpu > 5us", "add --through nginx"),
            ("publishing-p50 > 5ms", "add --peer or --dialect"),
        ] {
            assert!(refused(text, |_, _| ()).contains(said), "{}", refused(text, |_, _| ()));
        }
    }

    #[test]
    fn one_repeat_has_no_interval() {
        let said = refused("p50 > 5ms", |scenario, _| scenario.repeats = 1);
        assert!(said.contains("a single one has none; give --repeats 3 or more, or --budget"), "{said}");
    }

    #[test]
    fn too_few_updates_are_refused_with_how_many_would_do() {
        let said = refused("p99 > 5ms", updates(150.0));
        let expected = "p99 latency wants 1,000 updates over all repeats of a point, and 100 in each; 3 repeats of 50.0 s have \
            150 each (WebSocket, 100 clients, 10 updates/s of 128 B); give --measure 112s, or --repeats 7";
        assert!(said.ends_with(expected), "{said}");
        let said = refused("p99 > 5ms", updates(50.0));
        assert!(said.ends_with("give --measure 334s"), "no number of repeats has a p99 of fifty updates: {said}");
        // What it says does.
        asked("p99 > 5ms", updates(150.0 * 112.0 / 50.0)).unwrap();
        asked("p99 > 5ms", |scenario, points| {
            updates(150.0)(scenario, points);
            scenario.repeats = 7;
        })
        .unwrap();
    }

    #[test]
    fn a_budget_is_asked_whether_it_lasts() {
        // Three repeats of four points, a minute each: twelve minutes.
        let within = |minutes: f64| {
            asked("long-poll.p99[clients=100] > 5ms", |scenario, points| {
                updates(150.0)(scenario, points);
                scenario.goal = Some(Goal { precision: 0.1, budget_s: 60.0 * minutes });
            })
        };
        // Of one load, that is two points, four more repeats.
        within(12.0 + 8.0).unwrap();
        let said = within(12.0 + 7.0).unwrap_err();
        assert!(said.contains("; 6 repeats of 50.0 s have 150 each"), "{said}");
        assert!(said.ends_with("give --measure 112s, or --budget 1200s"), "{said}");
    }

    #[test]
    fn times_are_written_as_options_take_them() {
        assert_eq!([0.9, 2.0, 2.1, 7.0].map(time), ["900ms", "2000ms", "3s", "7s"]);
    }
}
