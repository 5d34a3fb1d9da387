//! The cases: what is planted, and what must come of it.

use std::time::Duration;

use protocol::{
    Engine, Transport,
    results::{Arrivals, Load, Path, Point, RoundTrip, Scenario, Search, Stream},
};
use server::stream::fault::Fault;

use super::{
    capacity,
    check::Check,
    counts,
    evidence::Evidence,
    path,
    planted::{
        CLIENTS, FAR_MS, FAR_RATE_HZ, LOSS_PERCENT, MEASURE_MS, RATE_HZ, SPUN_CLIENTS, SPUN_FROM_HZ, WARM_UP_MS,
    },
    timing,
};
use crate::scenario::{self, Settings, plan::Planned};

/// Where tails are compared to a fraction of a millisecond: many updates, and fan-outs so short that few meet one of the
/// moments at which a machine stands still. With a twentieth of the updates, chance would decide the p99.
const TAIL_CLIENTS: u32 = 5;
const TAIL_RATE_HZ: u64 = 500;

/// Something that can be proven.
#[derive(Debug)]
pub(super) struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What it proves.
    pub proves: &'static str,
    /// The faults of each arm; `THIS` and `OTHER` stand for the transport under test and another one.
    pub(super) arms: &'static [&'static [&'static str]],
    /// The path of each arm through the link; none where all are over loopback.
    pub(super) paths: &'static [Path],
    /// How many clients, and updates a second.
    clients: u32,
    rate_hz: u64,
    /// How often each arm is measured; arms take turns, A B B A.
    pub(super) repeats: u32,
    /// What is searched instead of measured, if anything is.
    pub(super) search: Option<fn() -> Search>,
    /// Whether the generator is starved meanwhile.
    pub(super) starved: bool,
    /// Whether runs that met other work are made again, as so little time is compared.
    pub(super) quiet: bool,
    /// Compares.
    pub(super) check: fn(&Evidence) -> Vec<Check>,
}

const NO_FAULT: &[&str] = &[];
const ONCE: Case = Case {
    name: "",
    proves: "",
    arms: &[],
    paths: &[],
    clients: CLIENTS,
    rate_hz: RATE_HZ,
    repeats: 1,
    search: None,
    starved: false,
    quiet: false,
    check: counts::clean,
};

/// Every case.
pub(super) static ALL: [Case; 14] = [
    Case { name: "clean", proves: "without a fault nothing is found", arms: &[NO_FAULT], check: counts::clean, ..ONCE },
    Case {
        name: "stall-publisher",
        proves: "what is due while the publisher stands still waits for its end, in latency and in lateness",
        arms: &[&["stall-publisher:1510ms:400ms"]],
        quiet: true,
        check: timing::publisher_stalled,
        ..ONCE
    },
    Case {
        name: "stall-fanout",
        proves: "what is published while nothing is sent waits for the end, in latency but not in lateness",
        arms: &[&["stall-fanout:1510ms:400ms"]],
        quiet: true,
        check: timing::fan_out_stalled,
        ..ONCE
    },
    Case {
        name: "delay",
        proves: "a constant delay moves every percentile by as much",
        arms: &[NO_FAULT, &["delay:THIS:5ms"]],
        clients: TAIL_CLIENTS,
        rate_hz: TAIL_RATE_HZ,
        repeats: 5,
        quiet: true,
        check: timing::delayed,
        ..ONCE
    },
    Case {
        name: "delay-other",
        proves: "the delay of one transport leaves the other alone",
        arms: &[NO_FAULT, &["delay:OTHER:5ms"]],
        clients: TAIL_CLIENTS,
        rate_hz: TAIL_RATE_HZ,
        repeats: 3,
        quiet: true,
        check: timing::other_delayed,
        ..ONCE
    },
    Case {
        name: "late-publisher",
        proves: "a late publisher shows in lateness and in latency; measured from the send it would be hidden",
        arms: &[&["late-publisher:20ms"]],
        check: timing::publisher_late,
        ..ONCE
    },
    Case {
        name: "drop",
        proves: "every update that is not delivered is counted as missed",
        arms: &[&["drop:6:3"]],
        check: counts::dropped,
        ..ONCE
    },
    Case {
        name: "duplicate",
        proves: "every update that is delivered twice is counted as duplicated",
        arms: &[&["duplicate:6:3"]],
        check: counts::doubled,
        ..ONCE
    },
    Case {
        name: "swap",
        proves: "every update that comes after its successor is counted as reordered",
        arms: &[&["swap:6:3"]],
        check: counts::swapped,
        ..ONCE
    },
    Case {
        name: "slow",
        proves: "slow clients are told from the others",
        arms: &[&["slow:4:10ms"]],
        check: timing::some_slow,
        ..ONCE
    },
    Case {
        name: "starved",
        proves: "a generator that does not get its processor is found out, and its numbers are void",
        arms: &[NO_FAULT],
        starved: true,
        check: counts::void,
        ..ONCE
    },
    Case {
        name: "round-trip",
        proves: "a round trip through the link is in every exchange, two of it in getting ready, and half of it in an update",
        arms: &[NO_FAULT, NO_FAULT],
        paths: &[path(0.0, 0.0), path(FAR_MS, 0.0)],
        rate_hz: FAR_RATE_HZ,
        repeats: 3,
        quiet: true,
        check: path::far,
        ..ONCE
    },
    Case {
        name: "loss",
        proves: "what the link loses is as much as was asked for and is found in the tail, and it loses nothing else",
        arms: &[NO_FAULT, NO_FAULT],
        paths: &[path(FAR_MS, 0.0), path(FAR_MS, LOSS_PERCENT)],
        rate_hz: FAR_RATE_HZ,
        quiet: true,
        check: path::lossy,
        ..ONCE
    },
    Case {
        name: "capacity",
        proves: "a server whose deliveries cost so much is found to carry as many as that leaves time for",
        arms: &[&["spin:100us"]],
        clients: SPUN_CLIENTS,
        rate_hz: SPUN_FROM_HZ,
        search: Some(capacity::search),
        check: capacity::found,
        ..ONCE
    },
];

const fn path(rtt_ms: f64, loss_percent: f64) -> Path {
    Path { rtt_ms: RoundTrip { from: rtt_ms, to: rtt_ms }, jitter_ms: 0.0, loss_percent }
}

/// The case with this name.
pub(super) fn named(name: &str) -> Result<&'static Case, String> {
    let known = || ALL.iter().map(|case| case.name).collect::<Vec<_>>().join(", ");
    ALL.iter().find(|case| case.name == name).ok_or_else(|| format!("the cases are {}", known()))
}

impl Case {
    /// The faults of an arm.
    pub(super) fn faults(&self, arm: usize, transport: Transport) -> Vec<Fault> {
        let other = Transport::DEFAULT.into_iter().find(|other| *other != transport).expect("there are several");
        let specs = self.arms[arm].iter();
        let specs = specs.map(|spec| spec.replace("THIS", transport.name()).replace("OTHER", other.name()));
        specs.map(|spec| spec.parse().expect("the cases are tested")).collect()
    }

    /// What an arm bears, or where its search begins.
    pub(super) fn load(&self, arm: usize) -> Load {
        let (arrivals, rate_hz) = (Arrivals::Constant, self.rate_hz as f64);
        let stream = Stream::Synthetic { arrivals, rate_hz, payload_bytes: PAYLOAD_BYTES };
        Load { clients: self.clients, path: self.paths.get(arm).copied(), ..Load::of(stream) }
    }

    /// The runs, each with its arm, numbered on from `index`. Trials of a search are planned one by one.
    pub(super) fn plan(&self, transport: Transport, index: &mut u32) -> Vec<(usize, Planned)> {
        if self.search.is_some() {
            return Vec::new();
        }
        let mut arms: Vec<usize> = (0..self.arms.len()).collect();
        let mut runs = Vec::new();
        for repeat in 0..self.repeats {
            for arm in &arms {
                let point = Point { transport, load: self.load(*arm) };
                runs.push((*arm, Planned { index: *index, repeat, point }));
                *index += 1;
            }
            arms.reverse();
        }
        runs
    }

    /// How its runs are made.
    pub(super) fn scenario(&self, transport: Transport) -> anyhow::Result<Scenario> {
        let settings = Settings {
            transports: Some(vec![transport]),
            engine: Some(vec![Engine::Lean]),
            repeats: Some(1),
            clients: Some(vec![self.clients]),
            rate_hz: Some(vec![self.rate_hz as f64]),
            payload_bytes: Some(vec![PAYLOAD_BYTES]),
            settle: Some(Duration::from_millis(200)),
            warm_up: Some(Duration::from_millis(WARM_UP_MS)),
            measure: Some(Duration::from_millis(MEASURE_MS)),
            // As short as it can be; what was lost is sent again after pauses that double, and what was too much takes a while.
            drain: Some(Duration::from_secs(if self.paths.is_empty() && self.search.is_none() { 1 } else { 20 })),
            ..Settings::default()
        };
        let scenario = scenario::load(scenario::DEFAULT.as_ref(), settings)?;
        let why = "Do the measurements find the faults that were planted?".to_owned();
        Ok(Scenario { name: "prove".to_owned(), why, search: self.search.map(|search| search()), ..scenario })
    }
}

const PAYLOAD_BYTES: u32 = 128;

#[cfg(test)]
mod tests {
    use super::{super::planted::*, *};

    #[test]
    fn every_fault_can_be_planted_and_says_what_the_checks_expect() {
        let specs: Vec<String> = (ALL.iter())
            .flat_map(|case| (0..case.arms.len()).flat_map(|arm| case.faults(arm, Transport::WebSocket)))
            .map(|fault| fault.to_string())
            .collect();
        let stall = |what| format!("stall-{what}:{}s {}ms:{STALL_MS}ms", STALL_AT_MS / 1_000, STALL_AT_MS % 1_000);
        let tampered = |how| format!("{how}:{EVERY}:{OF_CLIENTS}");
        let expected = [
            stall("publisher"),
            stall("fanout"),
            format!("delay:websocket:{DELAY_MS}ms"),
            format!("delay:long-poll:{DELAY_MS}ms"),
            format!("late-publisher:{LATE_MS}ms"),
            tampered("drop"),
            tampered("duplicate"),
            tampered("swap"),
            format!("slow:{SLOW_CLIENTS}:{SLOW_MS}ms"),
            format!("spin:{SPUN_US}us"),
        ];
        assert_eq!(specs, expected);
    }

    #[test]
    fn arms_take_turns() {
        let case = named("delay").unwrap();
        let arms: Vec<usize> = case.plan(Transport::LongPoll, &mut 7).iter().map(|(arm, _)| *arm).collect();
        assert_eq!(arms, [0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
    }

    #[test]
    fn an_unknown_case_is_answered_with_those_there_are() {
        let message = named("nope").unwrap_err();
        assert!(ALL.iter().all(|case| message.contains(case.name)), "{message}");
    }
}
