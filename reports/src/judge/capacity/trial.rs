//! What one trial says of a goal.

use protocol::results::Run;

use super::{backlog, goal::Goal};
use crate::{
    points::{Contender, PointName},
    validity::{Warning, point_warnings, publisher_is_bound},
    words::percent,
};

const NS_PER_MS: f64 = 1e6;

/// Whether a goal held in a trial.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// It held.
    Good,
    /// It did not.
    Bad(Fault),
    /// Nobody knows: the generator or the machine was bound, in a few words.
    Void(&'static str),
}

/// A run of a search.
pub(crate) struct Made<'r> {
    pub(crate) run: &'r Run,
    /// What it says of each goal; none of the first at its load.
    pub(crate) judged: Option<Vec<Judged>>,
}

impl Made<'_> {
    /// Whether it is judged and not void.
    pub(crate) fn counts(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| !matches!(judged.first(), None | Some(Judged::Void(_))))
    }
}

/// Why a goal did not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The trial ended early, with this reason.
    Ended(String),
    /// Clients lack updates.
    Incomplete {
        /// How many deliveries are missing,
        missing: u64,
        /// and of how many.
        of: u64,
    },
    /// Too many updates left the publisher after half of the time that the goal allows.
    Publisher,
    /// The server was later and later.
    Backlog,
    /// Too many updates were later than the goal,
    Late {
        /// this many,
        late: u64,
        /// of these.
        of: u64,
    },
}

impl Judged {
    /// What a trial says of each goal, on a grid of that step.
    pub(super) fn of(run: &Run, goals: &[Goal], step: f64) -> Vec<Self> {
        let common = of_any_goal(run, step);
        goals.iter().map(|goal| common.clone().unwrap_or_else(|| punctual(run, goal))).collect()
    }
}

/// Updates that were later than a goal, or never came to some client: those are later than any.
pub(crate) fn late(run: &Run, goal: &Goal) -> u64 {
    let within = match (goal.limit_ms() * NS_PER_MS) as u64 {
        _ if run.fan_out.last.is_empty() => 0,
        limit_ns => run.fan_out.last.count_between(0, limit_ns),
    };
    run.stream.updates.saturating_sub(within)
}

fn punctual(run: &Run, goal: &Goal) -> Judged {
    let (late, of) = (late(run, goal), run.stream.updates);
    if is_published_late(run, goal) {
        return Judged::Bad(Fault::Publisher);
    }
    if goal.is_missed_by(late, of) { Judged::Bad(Fault::Late { late, of }) } else { Judged::Good }
}

/// How late the publisher was is in every latency. It may be up to half of what a goal allows, at the goal's own quantile: in a server
/// that is busy its publisher, too, waits for a processor, and that alone makes no load too much.
fn is_published_late(run: &Run, goal: &Goal) -> bool {
    let Some(lateness) = run.stream.lateness.as_ref().filter(|lateness| !lateness.is_empty()) else { return false };
    let in_time = lateness.count_between(0, (goal.limit_ms() * NS_PER_MS / 2.0) as u64);
    goal.is_missed_by(lateness.len() - in_time, lateness.len())
}

/// What a trial says of every goal alike: that it is void, or bad whatever its delays.
fn of_any_goal(run: &Run, step: f64) -> Option<Judged> {
    if let Some(failure) = &run.failure {
        return Some(Judged::Bad(Fault::Ended(failure.reason.clone())));
    }
    let contender = Contender { transport: run.point.transport, arm: None };
    let warnings = point_warnings(&PointName { contender, load: run.point.load.clone() }, &[run]);
    if let Some(bound) = warnings.iter().find(|warning| blames_others(warning, run)) {
        return Some(Judged::Void(bound.brief()));
    }
    let (counts, clients) = (&run.counts, u64::from(run.point.load.clients));
    let missing = counts.expected.saturating_sub(counts.delivered);
    let is_short = counts.clients_ready < clients || counts.clients_held.is_some_and(|held| held < clients);
    let fault = if missing > 0 || is_short {
        Fault::Incomplete { missing, of: counts.expected }
    } else if backlog::is_growing(run, step) {
        Fault::Backlog
    } else {
        return None;
    };
    Some(Judged::Bad(fault))
}

/// Whether a trial says nothing: by the rules that void any run, where they blame generator, link or machine. Also if a goal was met:
/// clients that read late have the server hand out several updates at once, which spares it work.
fn blames_others(warning: &Warning, run: &Run) -> bool {
    match warning {
        Warning::Absent { .. } | Warning::Lost { .. } => false,
        Warning::NothingDelivered { updates, .. } => *updates == 0,
        // Else it is the server that was late, or that took no more.
        Warning::PublisherOverrun { .. } => publisher_is_bound(run),
        _ => warning.voids_point(),
    }
}

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Void(why) => write!(f, "void: {why}"),
            Self::Bad(Fault::Ended(reason)) => write!(f, "bad: ended early, {reason}"),
            Self::Bad(Fault::Incomplete { missing: 0, .. }) => f.write_str("bad: clients lost"),
            Self::Bad(Fault::Incomplete { missing, of }) => write!(f, "bad: {} missing", percent(*missing, *of)),
            Self::Bad(Fault::Publisher) => f.write_str("bad: publisher late"),
            Self::Bad(Fault::Backlog) => f.write_str("bad: backlog grew"),
            Self::Bad(Fault::Late { late, of }) => write!(f, "bad: {} late", percent(*late, *of)),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::results::Trial;

    use super::*;
    use crate::{
        fixture::{Searched, fail, histogram},
        noise::Noise,
    };

    /// What a trial of 200 updates to 1,000 clients, each within some 10 ms, says of goals of 50 and 100 ms, once it was changed.
    fn after(change: impl FnOnce(&mut Run)) -> [String; 2] {
        let of = Searched { pauses: 0.0, ..Searched::rates() };
        let trial = Trial { process: 0, number: 1 };
        let mut run = of.trial(&of.contenders()[0], 100.0, trial, 1.0, &mut Noise::new(1));
        change(&mut run);
        let goals = ["last.p99<=50ms", "last.p99<=100ms"].map(|goal| goal.parse().unwrap());
        let judged = Judged::of(&run, &goals, of.search.step);
        [0, 1].map(|goal| judged[goal].to_string())
    }

    #[test]
    fn a_hundredth_of_the_updates_may_be_late_for_a_goal() {
        let late = |late: usize| {
            after(|run| {
                let last_ms = (0..200).map(|update| if update % 40 == 0 && update / 40 < late { 80 } else { 10 });
                run.fan_out.last = histogram(last_ms.clone().map(|ms| 1_000_000 * ms));
                run.fan_out.last_in_order_us = last_ms.map(|ms| 1_000 * ms).collect();
            })
        };
        assert_eq!(after(|_| ()), ["good", "good"]);
        assert_eq!(late(2), ["good", "good"]);
        assert_eq!(late(3), ["bad: 1.5% late", "good"]);
    }

    #[test]
    fn an_update_that_some_client_lacks_is_later_than_any_goal() {
        let run = |lacking: usize| {
            let of = Searched { pauses: 0.0, ..Searched::rates() };
            let mut run =
                of.trial(&of.contenders()[0], 100.0, Trial { process: 0, number: 1 }, 1.0, &mut Noise::new(1));
            run.fan_out.last = histogram(vec![10_000_000; 200 - lacking]);
            run
        };
        let goal: Goal = "last.p99<=1s".parse().unwrap();
        assert_eq!([0, 7, 200].map(|lacking| late(&run(lacking), &goal)), [0, 7, 200]);
    }

    #[test]
    fn whatever_is_missing_is_bad_for_every_goal() {
        let both = |said: &str| [said.to_owned(), said.to_owned()];
        let missing = after(|run| {
            run.counts.delivered -= 200;
            run.counts.missed += 200;
        });
        assert_eq!(missing, both("bad: 0.10% missing"));
        assert_eq!(after(|run| run.counts.clients_held = Some(999)), both("bad: clients lost"));
        assert_eq!(after(|run| run.counts.clients_ready = 999), both("bad: clients lost"));
        assert_eq!(
            after(|run| fail(run, "measure", "the server has ended")),
            both("bad: ended early, the server has ended")
        );
        let silent = after(|run| {
            run.counts.missed = run.counts.expected;
            (run.counts.delivered, run.latency, run.fan_out.last) = (0, histogram([]), histogram([]));
        });
        assert_eq!(silent, both("bad: 100% missing"));
    }

    #[test]
    fn a_growing_backlog_is_bad_however_short_the_delays() {
        let grown = after(|run| run.fan_out.last_in_order_us = (0..200).map(|update| 1_000 + 300 * update).collect());
        assert_eq!(grown, ["bad: backlog grew", "bad: backlog grew"]);
    }

    #[test]
    fn a_late_publisher_is_the_servers_fault_unless_it_was_bound_in_the_generator() {
        let late = |cpu_s: Option<f64>| {
            after(|run| {
                run.stream.lateness = Some(histogram([30_000_000; 200]));
                run.generator.publisher_cpu_ns = cpu_s.map(|cpu_s| (1e9 * cpu_s) as u64);
            })
        };
        assert_eq!(late(None), ["bad: publisher late", "good"], "it is in the server, and late by 30 ms");
        assert_eq!(late(Some(0.5)), ["bad: publisher late", "good"], "the server took no more");
        assert_eq!(late(Some(1.9)), ["void: publisher late", "void: publisher late"]);
        let now_and_then = |late| {
            after(move |run| {
                run.stream.lateness =
                    Some(histogram((0..200).map(|update| if update < late { 30_000_000 } else { 2_000_000 })));
            })
        };
        assert_eq!([2, 3].map(now_and_then).map(|[strict, _]| strict), ["good", "bad: publisher late"]);
    }

    #[test]
    fn where_generator_or_machine_was_bound_nobody_knows() {
        for (change, said) in [
            ((|run| run.generator.workers_cpu_ns = vec![1_900_000_000]) as fn(&mut Run), "void: generator saturated"),
            (|run| run.generator.workers_waited_ns = vec![500_000_000], "void: generator had to wait for a processor"),
            (|run| run.machine.stolen_ns = 1_500_000_000, "void: processor time stolen"),
            (|run| run.generator.throttled_ns = Some(100_000_000), "void: held back by a CPU quota"),
        ] {
            assert_eq!(after(change)[0], said, "also if the goal was met");
        }
        let bound_and_late = after(|run| {
            run.generator.workers_cpu_ns = vec![1_900_000_000];
            run.fan_out.last = histogram([900_000_000; 200]);
        });
        assert_eq!(bound_and_late[1], "void: generator saturated");
    }
}
