//! Everything that may be wrong with results: what happened, with its numbers, and what to do about it.

mod detect;
mod keeping_up;
mod limits;
mod point;
mod steady;

use std::fmt;

use protocol::results::Point;

pub use detect::warnings;
pub(crate) use keeping_up::{busiest_worker, stolen_share};
pub(crate) use point::of_point;

use self::limits::{LAG_VOID, STOLEN_VOID};
use crate::{
    Validity,
    numbers::{count, number, percent},
    words,
};

/// How much a warning weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Read the numbers with this in mind.
    Caution,
    /// The numbers it speaks of must not be used.
    Invalid,
}

impl Severity {
    /// The word before a warning.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Caution => "caution",
            Self::Invalid => "invalid",
        }
    }
}

/// One thing to know before the numbers are believed. Its `Display` is a statement, then advice.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields are what `Display` says of them")]
pub enum Warning {
    /// Fewer runs than were planned.
    Interrupted { made: usize, planned: u32 },
    /// The last line of the runs was cut off.
    TruncatedResults { line: usize },
    /// A run ended early; its figures are not used. Runs count from 0 here, and from 1 where people read.
    RunFailed { run: u32, point: Point, phase: String, reason: String },
    /// Delivered and missed do not add up to expected.
    NotConserved { point: Point, run: u32, expected: u64, delivered: u64, missed: u64 },
    /// A worker of the generator was as good as always busy.
    GeneratorSaturated { point: Point, runs: usize, of_runs: usize, busy_percent: f64 },
    /// The generator read late what had arrived.
    GeneratorLagged { point: Point, lag_mean_ms: f64, latency_mean_ms: f64 },
    /// The hypervisor took processor time away.
    TimeStolen { point: Point, runs: usize, of_runs: usize, share: f64 },
    /// Connections found the listener's queue full.
    ListenOverflows { point: Point, overflows: u64 },
    /// TCP came under memory pressure.
    MemoryPressure { point: Point, pressures: u64 },
    /// Updates left the publisher so late that most of the latency is its own.
    PublisherOverrun { point: Point, lateness_mean_ms: f64, latency_mean_ms: f64 },
    /// Some updates left the publisher late enough to show in the tail.
    PublisherLate { point: Point, lateness_p99_ms: f64, latency_p99_ms: f64 },
    /// Updates never arrived.
    Missed { point: Point, missed: u64, expected: u64 },
    /// Latencies that the histogram cannot hold.
    OutOfRange { point: Point, out_of_range: u64, delivered: u64 },
    /// Updates arrived again.
    Duplicated { point: Point, duplicated: u64, delivered: u64 },
    /// Updates arrived out of order.
    Reordered { point: Point, reordered: u64, delivered: u64 },
    /// Latency grew all through the measure phase.
    ServerFellBehind { point: Point, first_ms: f64, last_ms: f64 },
    /// Latency was another in the second half of the measure phase than in the first.
    HalvesDiffer { point: Point, first_ms: f64, second_ms: f64 },
    /// Clients met errors of one kind.
    ClientErrors { point: Point, kind: String, errors: u64 },
    /// Too little was delivered for a p99.
    FewDeliveries { point: Point, delivered: u64 },
    /// The server's process could not be read.
    ServerUnobserved { runs: usize, of_runs: usize },
    /// The machine had other work while it measured.
    MachineBusy { runs: usize, of_runs: usize, share: f64 },
    /// Every point was measured once.
    SingleRepeat,
}

impl Warning {
    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        match self {
            _ if self.voids_point() => Severity::Invalid,
            Self::RunFailed { .. } => Severity::Invalid,
            Self::ServerUnobserved { .. } | Self::SingleRepeat => Severity::Note,
            _ => Severity::Caution,
        }
    }

    /// Whether the point it speaks of has no numbers worth showing.
    pub fn voids_point(&self) -> bool {
        match self {
            Self::NotConserved { .. } | Self::GeneratorSaturated { .. } | Self::PublisherOverrun { .. } => true,
            Self::GeneratorLagged { lag_mean_ms, latency_mean_ms, .. } => {
                LAG_VOID.is_passed(*lag_mean_ms, *latency_mean_ms)
            }
            Self::TimeStolen { share, .. } => *share > STOLEN_VOID,
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
            Self::GeneratorSaturated { .. } => "generator saturated",
            Self::GeneratorLagged { .. } => "generator could not keep up",
            Self::TimeStolen { .. } => "processor time stolen",
            Self::PublisherOverrun { .. } => "publisher late",
            _ => "see the warnings",
        }
    }

    /// What one should do about it.
    fn advice(&self) -> &'static str {
        match self {
            Self::Interrupted { .. } | Self::TruncatedResults { .. } => {
                "What was measured stands; repeat the sweep to have all of it."
            }
            Self::RunFailed { .. } => "The run's figures are left out. Remove the cause and repeat the sweep.",
            Self::NotConserved { .. } => {
                "That is a defect of the benchmark, not of a transport: the point is void. Please report it."
            }
            Self::GeneratorSaturated { .. } => {
                "What was measured is the generator: the point is void. Ask for fewer clients or updates, or give it more cores."
            }
            Self::GeneratorLagged { .. } if self.voids_point() => {
                "The generator could not keep up, and measured itself: the point is void. Ask for less, or give it more \
                 cores."
            }
            Self::GeneratorLagged { .. } => {
                "That time is in the latencies here, and is the generator's own. Ask for less, or give it more cores."
            }
            Self::TimeStolen { .. } if self.voids_point() => {
                "What was measured is the neighbours: the point is void. Measure on a machine of your own."
            }
            Self::TimeStolen { .. } => "Other guests of the machine disturb latency. Measure on a machine of your own.",
            Self::ListenOverflows { .. } => {
                "Those connected late, after a retry of TCP's. Time to ready holds it; raise net.core.somaxconn."
            }
            Self::MemoryPressure { .. } => {
                "The kernel then holds back what it would send. Raise net.ipv4.tcp_mem, or ask for fewer clients."
            }
            Self::HalvesDiffer { .. } => {
                "Warm-up was not over, or the machine had other work: the figure is of no steady state. Warm up or \
                 measure longer."
            }
            Self::PublisherOverrun { .. } => {
                "Most of that latency is the publisher's own: the point is void. Ask for less, or free a core for it."
            }
            Self::PublisherLate { .. } => {
                "That time is in the latencies here, whatever the transport. Compare differences, not ratios."
            }
            Self::Missed { .. } => {
                "Latency counts only what arrived. Look for client errors, or ask for less until nothing is missed."
            }
            Self::OutOfRange { .. } => "Percentiles leave them out, so the highest are too low. Ask for less.",
            Self::Duplicated { .. } | Self::Reordered { .. } => {
                "Clients would have to cope with that; it should not happen here. Please report it."
            }
            Self::ServerFellBehind { .. } => {
                "More was published than could be delivered: this is the length of a queue, not the transport's \
                 latency. Ask for less."
            }
            Self::ClientErrors { .. } => {
                "Clients that reconnect cost the server time. Check limits with `loadgen doctor`."
            }
            Self::FewDeliveries { .. } => "A p99 wants a thousand deliveries or more. Measure longer.",
            Self::ServerUnobserved { .. } => {
                "Its memory and CPU are missing below. Let the benchmark start the server itself to have them."
            }
            Self::MachineBusy { .. } => "It disturbs latency and CPU. Repeat on a quiet machine.",
            Self::SingleRepeat => {
                "A single repeat has no interval, so no difference can be claimed. Use `--repeats 5` or more to compare."
            }
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_statement(f)?;
        write!(f, " {}", self.advice())
    }
}

impl Warning {
    fn write_statement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted { made, planned } => {
                write!(f, "The sweep was interrupted: {made} of {planned} runs were made.")
            }
            Self::TruncatedResults { line } => {
                write!(f, "Line {line} of the runs was cut off, so that run is left out.")
            }
            Self::RunFailed { run, point, phase, reason } => {
                write!(f, "Run {} ({}) failed in its {phase} phase: {reason}.", run + 1, words::point(point))
            }
            Self::NotConserved { point, run, expected, delivered, missed } => write!(
                f,
                "{}: in run {}, {} delivered and {} missed are not the {} expected.",
                words::point(point),
                run + 1,
                count(*delivered),
                count(*missed),
                count(*expected),
            ),
            Self::GeneratorSaturated { point, runs, of_runs, busy_percent } => write!(
                f,
                "{}: a thread of the load generator used {}% of a core ({runs} of {of_runs} runs).",
                words::point(point),
                number(*busy_percent),
            ),
            Self::GeneratorLagged { point, lag_mean_ms, latency_mean_ms } => write!(
                f,
                "{}: what had arrived was read {} ms later in the mean, of a mean latency of {} ms.",
                words::point(point),
                number(*lag_mean_ms),
                number(*latency_mean_ms),
            ),
            Self::TimeStolen { point, runs, of_runs, share } => write!(
                f,
                "{}: the hypervisor took {}% of the machine's processors away ({runs} of {of_runs} runs).",
                words::point(point),
                number(100.0 * share),
            ),
            Self::ListenOverflows { point, overflows } => {
                write!(f, "{}: {} connections found the listener's queue full.", words::point(point), count(*overflows))
            }
            Self::MemoryPressure { point, pressures } => {
                write!(f, "{}: TCP came under memory pressure {} times.", words::point(point), count(*pressures))
            }
            Self::HalvesDiffer { point, first_ms, second_ms } => write!(
                f,
                "{}: the median latency was {} ms in the first half of the measure phase and {} ms in the second.",
                words::point(point),
                number(*first_ms),
                number(*second_ms),
            ),
            Self::PublisherOverrun { point, lateness_mean_ms, latency_mean_ms } => write!(
                f,
                "{}: updates were published {} ms late in the mean, of a mean latency of {} ms.",
                words::point(point),
                number(*lateness_mean_ms),
                number(*latency_mean_ms),
            ),
            Self::PublisherLate { point, lateness_p99_ms, latency_p99_ms } => write!(
                f,
                "{}: an update in a hundred was published over {} ms late, of a p99 latency of {} ms.",
                words::point(point),
                number(*lateness_p99_ms),
                number(*latency_p99_ms),
            ),
            Self::ServerFellBehind { point, first_ms, last_ms } => write!(
                f,
                "{}: the median latency grew from {} ms to {} ms while it was measured.",
                words::point(point),
                number(*first_ms),
                number(*last_ms),
            ),
            Self::ClientErrors { point, kind, errors } => {
                write!(f, "{}: clients met {} errors of the kind `{kind}`.", words::point(point), count(*errors))
            }
            Self::FewDeliveries { point, delivered } => {
                write!(f, "{}: only {} updates were delivered in all.", words::point(point), count(*delivered))
            }
            Self::ServerUnobserved { runs, of_runs } => {
                write!(f, "The server's process could not be read in {runs} of {of_runs} runs.")
            }
            Self::MachineBusy { runs, of_runs, share } => write!(
                f,
                "Other work than the benchmark took up to {}% of the machine's processors ({runs} of {of_runs} runs).",
                number(100.0 * share),
            ),
            Self::SingleRepeat => write!(f, "Every point was measured once."),
            Self::Missed { point, missed, expected } => write_share(f, point, *missed, *expected, "never arrived"),
            Self::OutOfRange { point, out_of_range, delivered } => {
                write_share(f, point, *out_of_range, *delivered, "took over a minute, or came before they were due")
            }
            Self::Duplicated { point, duplicated, delivered } => {
                write_share(f, point, *duplicated, *delivered, "arrived again")
            }
            Self::Reordered { point, reordered, delivered } => {
                write_share(f, point, *reordered, *delivered, "arrived out of order")
            }
        }
    }
}

fn write_share(f: &mut fmt::Formatter<'_>, point: &Point, part: u64, whole: u64, what: &str) -> fmt::Result {
    let (point, share) = (words::point(point), percent(part, whole));
    write!(f, "{point}: {} of {} updates ({share}) {what}.", count(part), count(whole))
}
