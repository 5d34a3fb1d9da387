//! What a warning says: a statement, then advice.

use std::fmt;

use super::warning::{AtOnce, LagAt, LinkAt, Warning};
use crate::{
    points::PointName,
    words::{count, listed, number, percent},
};

impl Warning {
    /// What one should do about it.
    fn advice(&self) -> &'static str {
        match self {
            _ if self.voids_point() => self.advice_where_void(),
            Self::Interrupted { .. } | Self::TruncatedResults { .. } => {
                "What was measured stands; repeat the sweep to have all of it."
            }
            Self::RunFailed { .. } => "The run's figures are left out. Remove the cause and repeat the sweep.",
            Self::BusyInFanOuts { .. } => {
                "What it does between updates is in that. It may have had no time to spare while it received: see its lag, or \
                 give it more cores."
            }
            Self::GeneratorStarved { .. } => {
                "What arrived meanwhile was read late, and that is in the latencies here. Stop what else runs on its processors, or \
                 give it more of them."
            }
            Self::GeneratorLagged { .. } => {
                "That time is in the latencies here, and is the generator's own. Ask for less, or give it more cores."
            }
            Self::TimeStolen { .. } => "Other guests of the machine disturb latency. Measure on a machine of your own.",
            Self::Throttled { .. } => "It shows in the highest latencies. Raise the quota, or ask for less.",
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
            Self::NotBack { .. } => {
                "Times until clients are back are of the others. Remove the reason, or measure longer."
            }
            Self::Unstamped { .. } => {
                "No latency is stated: nothing says when they were due. To have it, have ours published (--publish feed, http, client)."
            }
            Self::QuicklyAcknowledged { .. } => {
                "An update is then acknowledged within the server's write, which the server pays for, and otherwise within the client's \
                 read; long polling is not touched. `--polls deferred` keeps out of it."
            }
            Self::ServerUnobserved { .. } => {
                "Its memory and CPU are missing below. Let the benchmark start the server itself to have them."
            }
            Self::MachineBusy { .. } => "It disturbs latency and CPU. Repeat on a quiet machine.",
            Self::SingleRepeat => {
                "A single repeat has no interval, so no difference can be claimed. Use `--repeats 5` or more to compare."
            }
            _ => "",
        }
    }

    /// The same where the point is void by it.
    fn advice_where_void(&self) -> &'static str {
        match self {
            Self::NotConserved { .. } => {
                "That is a defect of the benchmark, not of a transport: the point is void. Please report it."
            }
            Self::NothingDelivered { updates: 0, .. } => {
                "Nothing was measured: the point is void. Measure longer, or where the feed is not silent."
            }
            Self::NothingDelivered { .. } => {
                "Nothing was measured: the point is void. Look for client errors, or lengthen --drain."
            }
            Self::Absent { .. } => {
                "The server had fewer clients than were asked for: the point is void. See why they were refused, and what \
                 --absent-max allows."
            }
            Self::Lost { .. } => {
                "They were not held: the point is void. Look for client errors, and for the server's time-outs."
            }
            Self::GeneratorSaturated { .. } => {
                "What was measured is the generator: the point is void. Ask for fewer clients or updates, or give it more cores."
            }
            Self::GeneratorStarved { .. } => {
                "What was measured is its wait: the point is void. Stop what else runs on its processors, give it more of them, or \
                 use fewer --workers."
            }
            Self::GeneratorLagged { .. } => {
                "The generator could not keep up, and measured itself: the point is void. Ask for less, or give it more \
                 cores."
            }
            Self::TimeStolen { .. } => {
                "What was measured is the neighbours: the point is void. Measure on a machine of your own."
            }
            Self::Throttled { .. } => {
                "What was measured is the quota: the point is void. Raise it (--cpus of a container, limits.cpu of a pod, \
                 CPUQuota= of a systemd unit), or use processors of your own (--cpuset-cpus)."
            }
            Self::LinkDropped { .. } => {
                "TCP sent them again, and that is in the latencies: the point is void. Ask for fewer clients or updates."
            }
            Self::LinkSlow { .. } => {
                "What was measured is the link's own pace: the point is void. Ask for fewer clients or updates, or give it a \
                 processor of its own."
            }
            Self::PublisherOverrun { .. } => {
                "Most of that latency is the publisher's own: the point is void. Ask for less, or free a core for it."
            }
            _ => "",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_statement(f)?;
        write!(f, " {}", self.advice())
    }
}

impl fmt::Display for AtOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart => write!(f, "updates were 150 ms apart or more"),
            Self::Bursts => {
                write!(
                    f,
                    "in part, up to 16 updates after each gap of 150 ms or more, as Poisson streams and feeds have them"
                )
            }
            Self::Disturbed => {
                write!(f, "in part, the first 16 updates of connections that were young again after the disturbance")
            }
            Self::Early(before) => write!(f, "{before} updates went before the measure phase, not 24"),
        }
    }
}

impl Warning {
    fn write_statement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunFailed { run, point, phase, reason } => {
                write!(f, "Run {} ({}) failed in its {phase} phase: {reason}.", run + 1, point)
            }
            Self::GeneratorSaturated { point, runs, of_runs, busy_percent } => {
                let what = format!("a thread of the load generator used {}% of a core", number(*busy_percent));
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::BusyInFanOuts { point, runs, of_runs, busy_percent } => {
                let what = format!(
                    "a thread of the load generator was busy for up to {}% of the time in which updates were under way",
                    number(*busy_percent)
                );
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::GeneratorStarved { point, runs, of_runs, share } => {
                let what = format!(
                    "a thread of the load generator had work and waited for a processor for {}% of the measure phase",
                    number(100.0 * share)
                );
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::GeneratorLagged { point, runs, of_runs, at, lag_ms, latency_ms } => {
                let (lag_ms, latency_ms) = (number(*lag_ms), number(*latency_ms));
                let what = match at {
                    LagAt::Mean => format!(
                        "what had arrived was read {lag_ms} ms later in the mean, of a mean latency of {latency_ms} ms"
                    ),
                    LagAt::P99 => format!(
                        "a hundredth of what had arrived was read over {lag_ms} ms later, of a p99 latency of {latency_ms} ms"
                    ),
                };
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::TimeStolen { point, runs, of_runs, share } => {
                let what = format!("the hypervisor took {}% of our processors away", number(100.0 * share));
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::Throttled { point, runs, of_runs, share } => {
                let percent = number(100.0 * share);
                let what = format!("a CPU quota held server or generator back for {percent}% of the measure phase");
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::LinkDropped { .. } | Self::LinkSlow { .. } => self.write_of_link(f),
            Self::ListenOverflows { point, overflows } => {
                write!(f, "{}: {} connections found the listener's queue full.", point, count(*overflows))
            }
            Self::MemoryPressure { point, pressures } => {
                write!(f, "{}: TCP came under memory pressure {} times.", point, count(*pressures))
            }
            Self::HalvesDiffer { point, first_ms, second_ms } => {
                let (first, second) = (number(*first_ms), number(*second_ms));
                write!(
                    f,
                    "{point}: the median latency was {first} ms in the first half of the measure phase and {second} ms in the second."
                )
            }
            Self::PublisherOverrun { point, lateness_mean_ms, latency_mean_ms } => {
                let (first, second) = (number(*lateness_mean_ms), number(*latency_mean_ms));
                write!(
                    f,
                    "{point}: updates were published {first} ms late in the mean, of a mean latency of {second} ms."
                )
            }
            Self::PublisherLate { point, lateness_p99_ms, latency_p99_ms } => {
                let (first, second) = (number(*lateness_p99_ms), number(*latency_p99_ms));
                write!(
                    f,
                    "{point}: an update in a hundred was published over {first} ms late, of a p99 latency of {second} ms."
                )
            }
            Self::ServerFellBehind { point, first_ms, last_ms } => {
                let (first, second) = (number(*first_ms), number(*last_ms));
                write!(f, "{point}: the median latency grew from {first} ms to {second} ms while it was measured.")
            }
            Self::Interrupted { .. }
            | Self::TruncatedResults { .. }
            | Self::ServerUnobserved { .. }
            | Self::MachineBusy { .. }
            | Self::QuicklyAcknowledged { .. }
            | Self::SingleRepeat => self.write_of_sweep(f),
            Self::NotBack { .. }
            | Self::NotConserved { .. }
            | Self::NothingDelivered { .. }
            | Self::Absent { .. }
            | Self::Lost { .. }
            | Self::Unstamped { .. }
            | Self::Missed { .. }
            | Self::OutOfRange { .. }
            | Self::Duplicated { .. }
            | Self::Reordered { .. }
            | Self::ClientErrors { .. } => self.write_of_counts(f),
        }
    }

    /// Of those that speak of the sweep as a whole.
    fn write_of_sweep(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted { made, planned } => {
                write!(f, "The sweep is unfinished: {made} of {planned} runs were made.")
            }
            Self::TruncatedResults { line } => {
                write!(f, "Line {line} of the runs was cut off, so that run is left out.")
            }
            Self::ServerUnobserved { runs, of_runs, why } => {
                write!(f, "The server's process could not be read in {runs} of {of_runs} runs")?;
                why.iter().try_for_each(|why| write!(f, ": {why}"))?;
                write!(f, ".")
            }
            Self::MachineBusy { runs, of_runs, share } => write!(
                f,
                "Other work than the benchmark took up to {}% of our processors ({runs} of {of_runs} runs).",
                number(100.0 * share),
            ),
            Self::QuicklyAcknowledged { whose, points, of_points, why } => {
                let whose: Vec<_> = whose.iter().map(|transport| transport.title().to_owned()).collect();
                let whose = listed(&whose, "and");
                let why: Vec<_> = why.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "At {points} of {of_points} points of {whose} CPU was measured within Linux's quick acknowledgement: {}.",
                    why.join("; ")
                )
            }
            Self::SingleRepeat => write!(f, "Every point was measured once."),
            _ => Ok(()),
        }
    }

    /// Of those that speak of the link.
    fn write_of_link(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkDropped { point, runs, of_runs, dropped } => {
                write_runs(f, point, *runs, *of_runs, &format!("the link dropped {} packets unasked", count(*dropped)))
            }
            Self::LinkSlow { point, runs, of_runs, at, ms, one_way_ms } => {
                let (ms, one_way_ms) = (number(*ms), number(*one_way_ms));
                let what = match at {
                    LinkAt::Late => format!("one packet in a hundred left the link over {ms} ms late"),
                    LinkAt::Serialised => format!("every other packet stood over {ms} ms behind others in the link"),
                };
                write_runs(f, point, *runs, *of_runs, &format!("{what}, of {one_way_ms} ms that one way takes"))
            }
            _ => Ok(()),
        }
    }

    /// Of those that speak of what was counted.
    fn write_of_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConserved { point, run, expected, delivered, missed } => {
                let [expected, delivered, missed] = [expected, delivered, missed].map(|part| count(*part));
                let run = run + 1;
                write!(
                    f,
                    "{point}: in run {run}, {delivered} delivered and {missed} missed are not the {expected} expected."
                )
            }
            Self::NothingDelivered { point, runs, of_runs, updates: 0 } => {
                write_runs(f, point, *runs, *of_runs, "no update was due in the measure phase")
            }
            Self::NothingDelivered { point, runs, of_runs, updates } => {
                write_runs(f, point, *runs, *of_runs, &format!("none of {} updates arrived anywhere", count(*updates)))
            }
            Self::Absent { point, runs, of_runs, absent, clients } => {
                let what = format!("up to {} of {} clients stayed away", count(*absent), count(*clients));
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::Lost { point, runs, of_runs, lost, clients } => {
                let (lost, clients) = (count(*lost), count(*clients));
                let what =
                    format!("up to {lost} of {clients} clients got neither the last update nor anything after it");
                write_runs(f, point, *runs, *of_runs, &what)
            }
            Self::Unstamped { point, messages, gap_ms, told_apart, different, span_ms } => {
                let [p50, p99] = gap_ms.map(number);
                write!(
                    f,
                    "{point}: {} messages came that the server pushed by itself, to each client {p50} ms apart in the median, {p99} ms at the \
                     p99. {} of {} that differ came just once to each client; from the first client to the last that took {} ms in the median.",
                    count(*messages),
                    count(*told_apart),
                    count(*different),
                    number(*span_ms)
                )
            }
            Self::ClientErrors { point, kind, errors, first } => {
                write!(
                    f,
                    "{point}: clients met {} errors of the kind `{kind}`{}.",
                    count(*errors),
                    the_first(first.as_deref())
                )
            }
            Self::NotBack { point, away, clients, first } => {
                let (away, clients, first) = (count(*away), count(*clients), the_first(first.as_deref()));
                write!(f, "{point}: up to {away} of {clients} clients never connected again{first}.")
            }
            Self::Missed { point, missed, expected } => write_share(f, point, *missed, *expected, "never arrived"),
            Self::OutOfRange { point, out_of_range, delivered } => {
                write_share(f, point, *out_of_range, *delivered, "took over a minute, or came before they were due")
            }
            Self::Duplicated { point, duplicated: part, delivered } => {
                write_share(f, point, *part, *delivered, "arrived again")
            }
            Self::Reordered { point, reordered: part, delivered } => {
                write_share(f, point, *part, *delivered, "arrived out of order")
            }
            _ => Ok(()),
        }
    }
}

fn the_first(error: Option<&str>) -> String {
    error.map(|error| format!("; the first error: {error}")).unwrap_or_default()
}

fn write_runs(f: &mut fmt::Formatter<'_>, point: &PointName, runs: usize, of_runs: usize, what: &str) -> fmt::Result {
    write!(f, "{point}: {what} ({runs} of {of_runs} runs).")
}

fn write_share(f: &mut fmt::Formatter<'_>, point: &PointName, part: u64, whole: u64, what: &str) -> fmt::Result {
    let share = percent(part, whole);
    write!(f, "{point}: {} of {} updates ({share}) {what}.", count(part), count(whole))
}
