//! Everything that may be wrong with results: what happened, with its numbers.

use protocol::Transport;

use super::{
    limits::{LAG_VOID, STARVED_VOID, STOLEN_VOID, THROTTLED_VOID},
    severity::{Severity, Validity},
};
use crate::points::PointName;

/// One thing to know before the numbers are believed. Its `Display` is a statement, then advice.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields are what `Display` says of them")]
pub enum Warning {
    /// Fewer runs than were planned.
    Interrupted { made: usize, planned: u32 },
    /// The last line of the runs was cut off.
    TruncatedResults { line: usize },
    /// A run ended early; its figures are not used. Runs count from 0 here, and from 1 where people read.
    RunFailed { run: u32, point: PointName, phase: String, reason: String },
    /// Delivered and missed do not add up to expected.
    NotConserved { point: PointName, run: u32, expected: u64, delivered: u64, missed: u64 },
    /// Not a single update that counts arrived. `updates` were due in those runs.
    NothingDelivered { point: PointName, runs: usize, of_runs: usize, updates: u64 },
    /// Clients never came to the server; what they would have received counts as missed.
    Absent { point: PointName, runs: usize, of_runs: usize, absent: u64, clients: u64 },
    /// Clients were no longer there in the end, whether their connections were closed or not.
    Lost { point: PointName, runs: usize, of_runs: usize, lost: u64, clients: u64 },
    /// A worker of the generator was as good as always busy.
    GeneratorSaturated { point: PointName, runs: usize, of_runs: usize, busy_percent: f64 },
    /// A worker of the generator may have been as good as always busy while updates were under way.
    BusyInFanOuts { point: PointName, runs: usize, of_runs: usize, busy_percent: f64 },
    /// A worker of the generator had something to do and no processor to do it on.
    GeneratorStarved { point: PointName, runs: usize, of_runs: usize, share: f64 },
    /// The generator read late what had arrived: in the mean, or at the p99.
    GeneratorLagged { point: PointName, runs: usize, of_runs: usize, at: LagAt, lag_ms: f64, latency_ms: f64 },
    /// The hypervisor took processor time away.
    TimeStolen { point: PointName, runs: usize, of_runs: usize, share: f64 },
    /// A quota kept server or generator from running.
    Throttled { point: PointName, runs: usize, of_runs: usize, share: f64 },
    /// The link between lost packets that it was not to lose.
    LinkDropped { point: PointName, runs: usize, of_runs: usize, dropped: u64 },
    /// The link between took much longer than it was to take.
    LinkSlow { point: PointName, runs: usize, of_runs: usize, at: LinkAt, ms: f64, one_way_ms: f64 },
    /// Connections found the listener's queue full.
    ListenOverflows { point: PointName, overflows: u64 },
    /// TCP came under memory pressure.
    MemoryPressure { point: PointName, pressures: u64 },
    /// Updates left the publisher so late that most of the latency is its own.
    PublisherOverrun { point: PointName, lateness_mean_ms: f64, latency_mean_ms: f64 },
    /// Some updates left the publisher late enough to show in the tail.
    PublisherLate { point: PointName, lateness_p99_ms: f64, latency_p99_ms: f64 },
    /// Updates never arrived.
    Missed { point: PointName, missed: u64, expected: u64 },
    /// Latencies that the histogram cannot hold.
    OutOfRange { point: PointName, out_of_range: u64, delivered: u64 },
    /// Updates arrived again.
    Duplicated { point: PointName, duplicated: u64, delivered: u64 },
    /// Updates arrived out of order.
    Reordered { point: PointName, reordered: u64, delivered: u64 },
    /// Latency grew all through the measure phase.
    ServerFellBehind { point: PointName, first_ms: f64, last_ms: f64 },
    /// Latency was another in the second half of the measure phase than in the first.
    HalvesDiffer { point: PointName, first_ms: f64, second_ms: f64 },
    /// Clients met errors of one kind; the first in words.
    ClientErrors { point: PointName, kind: String, errors: u64, first: Option<String> },
    /// Clients never connected again after a disturbance; the first of what they met in words.
    NotBack { point: PointName, away: u64, clients: u64, first: Option<String> },
    /// The server pushed by itself: what can be told of that. Quantiles over all runs; spans of those messages that can be told apart.
    Unstamped { point: PointName, messages: u64, gap_ms: [f64; 2], told_apart: u64, different: u64, span_ms: f64 },
    /// Updates that were pushed over these were acknowledged at once, all or some, at the server's cost; for one or more reasons.
    QuicklyAcknowledged { whose: Vec<Transport>, points: usize, of_points: usize, why: Vec<AtOnce> },
    /// The server's process could not be read.
    ServerUnobserved { runs: usize, of_runs: usize, why: Option<String> },
    /// The machine had other work while it measured.
    MachineBusy { runs: usize, of_runs: usize, share: f64 },
    /// Every point was measured once.
    SingleRepeat,
}

/// Why Linux acknowledged updates at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AtOnce {
    /// They were far apart.
    Apart,
    /// Some may have been.
    Bursts,
    /// Connections were young again after a disturbance.
    Disturbed,
    /// Connections were young: so few updates, at the fewest, had gone before.
    Early(u64),
}

/// Of which value of lag and latency a warning speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LagAt {
    /// Mean of mean.
    Mean,
    /// p99 of p99.
    P99,
}

/// What a link took too long for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkAt {
    /// It was late itself, at the p99.
    Late,
    /// Packets stood behind others, in the median.
    Serialised,
}

impl Warning {
    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        match self {
            _ if self.voids_point() => Severity::Invalid,
            Self::RunFailed { .. } => Severity::Invalid,
            Self::ServerUnobserved { .. }
            | Self::Unstamped { .. }
            | Self::QuicklyAcknowledged { .. }
            | Self::SingleRepeat => Severity::Note,
            _ => Severity::Caution,
        }
    }

    /// Whether the point it speaks of has no numbers worth showing.
    pub fn voids_point(&self) -> bool {
        match self {
            Self::NotConserved { .. }
            | Self::NothingDelivered { .. }
            | Self::Absent { .. }
            | Self::Lost { .. }
            | Self::GeneratorSaturated { .. }
            | Self::LinkDropped { .. }
            | Self::LinkSlow { .. }
            | Self::PublisherOverrun { .. } => true,
            Self::GeneratorLagged { lag_ms, latency_ms, .. } => LAG_VOID.is_passed(*lag_ms, *latency_ms),
            Self::GeneratorStarved { share, .. } => *share > STARVED_VOID,
            Self::TimeStolen { share, .. } => *share > STOLEN_VOID,
            Self::Throttled { share, .. } => *share > THROTTLED_VOID,
            _ => false,
        }
    }

    /// What it means for the sweep as a whole.
    pub fn validity(&self) -> Validity {
        match self {
            Self::Interrupted { .. } | Self::TruncatedResults { .. } | Self::RunFailed { .. } => Validity::Failed,
            Self::Missed { .. } | Self::OutOfRange { .. } => Validity::Flawed,
            _ if self.voids_point() => Validity::Flawed,
            _ => Validity::Valid,
        }
    }

    /// Why a point is void, in a few words.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::NotConserved { .. } => "updates unaccounted for",
            Self::NothingDelivered { .. } => "nothing was measured",
            Self::Absent { .. } => "clients absent",
            Self::Lost { .. } => "clients lost",
            Self::GeneratorSaturated { .. } => "generator saturated",
            Self::GeneratorStarved { .. } => "generator had to wait for a processor",
            Self::GeneratorLagged { .. } => "generator could not keep up",
            Self::TimeStolen { .. } => "processor time stolen",
            Self::Throttled { .. } => "held back by a CPU quota",
            Self::PublisherOverrun { .. } => "publisher late",
            Self::LinkDropped { .. } => "link dropped packets",
            Self::LinkSlow { at: LinkAt::Late, .. } => "link late",
            Self::LinkSlow { at: LinkAt::Serialised, .. } => "packets queued in the link",
            _ => "see the warnings",
        }
    }
}
