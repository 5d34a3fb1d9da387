//! What one trial says of a goal.

use protocol::results::Run;

use super::{backlog, goal::Goal};
use crate::{
    points::{Contender, PointName},
    validity::{Warning, point_warnings},
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
    /// Most of the latency is the publisher's, in the server.
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
    if goal.is_missed_by(late, of) { Judged::Bad(Fault::Late { late, of }) } else { Judged::Good }
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
    } else if warnings.iter().any(|warning| matches!(warning, Warning::PublisherOverrun { .. })) {
        Fault::Publisher
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
        // Where the server publishes it is the server that was late.
        Warning::PublisherOverrun { .. } => run.generator.publisher_cpu_ns.is_some(),
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
