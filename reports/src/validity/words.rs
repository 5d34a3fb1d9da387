//! What a warning says: a statement, then advice.

use std::fmt;

use super::warning::Warning;
use crate::{
    points::PointName,
    words::{count, number, percent},
};

impl Warning {
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
                write!(f, "Run {} ({}) failed in its {phase} phase: {reason}.", run + 1, point)
            }
            Self::NotConserved { point, run, expected, delivered, missed } => write!(
                f,
                "{}: in run {}, {} delivered and {} missed are not the {} expected.",
                point,
                run + 1,
                count(*delivered),
                count(*missed),
                count(*expected),
            ),
            Self::GeneratorSaturated { point, runs, of_runs, busy_percent } => write!(
                f,
                "{}: a thread of the load generator used {}% of a core ({runs} of {of_runs} runs).",
                point,
                number(*busy_percent),
            ),
            Self::GeneratorLagged { point, runs, of_runs, lag_mean_ms, latency_mean_ms } => write!(
                f,
                "{}: what had arrived was read {} ms later in the mean, of a mean latency of {} ms ({runs} of {of_runs} runs).",
                point,
                number(*lag_mean_ms),
                number(*latency_mean_ms),
            ),
            Self::TimeStolen { point, runs, of_runs, share } => write!(
                f,
                "{}: the hypervisor took {}% of the machine's processors away ({runs} of {of_runs} runs).",
                point,
                number(100.0 * share),
            ),
            Self::ListenOverflows { point, overflows } => {
                write!(f, "{}: {} connections found the listener's queue full.", point, count(*overflows))
            }
            Self::MemoryPressure { point, pressures } => {
                write!(f, "{}: TCP came under memory pressure {} times.", point, count(*pressures))
            }
            Self::HalvesDiffer { point, first_ms, second_ms } => write!(
                f,
                "{}: the median latency was {} ms in the first half of the measure phase and {} ms in the second.",
                point,
                number(*first_ms),
                number(*second_ms),
            ),
            Self::PublisherOverrun { point, lateness_mean_ms, latency_mean_ms } => write!(
                f,
                "{}: updates were published {} ms late in the mean, of a mean latency of {} ms.",
                point,
                number(*lateness_mean_ms),
                number(*latency_mean_ms),
            ),
            Self::PublisherLate { point, lateness_p99_ms, latency_p99_ms } => write!(
                f,
                "{}: an update in a hundred was published over {} ms late, of a p99 latency of {} ms.",
                point,
                number(*lateness_p99_ms),
                number(*latency_p99_ms),
            ),
            Self::ServerFellBehind { point, first_ms, last_ms } => write!(
                f,
                "{}: the median latency grew from {} ms to {} ms while it was measured.",
                point,
                number(*first_ms),
                number(*last_ms),
            ),
            Self::ClientErrors { point, kind, errors } => {
                write!(f, "{}: clients met {} errors of the kind `{kind}`.", point, count(*errors))
            }
            Self::FewDeliveries { point, delivered } => {
                write!(f, "{}: only {} updates were delivered in all.", point, count(*delivered))
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

fn write_share(f: &mut fmt::Formatter<'_>, point: &PointName, part: u64, whole: u64, what: &str) -> fmt::Result {
    let share = percent(part, whole);
    write!(f, "{point}: {} of {} updates ({share}) {what}.", count(part), count(whole))
}
