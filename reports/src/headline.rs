//! The result in a sentence or two, with its numbers.

use protocol::Transport;

use crate::{
    Results,
    compare::{BASELINE, Case, Comparison, Metric, Quantile, Verdict},
    numbers::{number, times},
    words,
};

/// What the headline speaks of.
const METRICS: [(Metric, &str); 3] = [
    (Metric::LatencyMs(Quantile::P99), "p99 latency"),
    (Metric::CpuUsPerDelivery, "server CPU per delivery"),
    (Metric::UserKibPerClient, "server memory per client"),
];

/// The sweep in words: the heaviest load at which transports can be compared.
pub(crate) fn headline(results: &Results, comparison: &Comparison<'_>) -> String {
    let heaviest = comparison.heaviest_first();
    if let Some(case) = heaviest.iter().find(|case| case.contenders().next().is_some()) {
        let sentences: Vec<String> = case.contenders().map(|transport| compared(case, transport)).collect();
        let pairs = case.contenders().flat_map(|transport| METRICS.map(|(metric, _)| case.ratio(transport, metric)));
        let once = pairs.flatten().any(|ratio| ratio.pairs < 2);
        let caveat = if once { " Only one repeat could be compared, so no spread can be stated." } else { "" };
        return format!("{}, {}{caveat}", at(case), sentences.join(" "));
    }
    if results.runs.is_empty() {
        return "No run was made.".to_owned();
    }
    match comparison.transports()[..] {
        [only] => alone(&heaviest, only),
        _ => "No load of this sweep allows a comparison: see the warnings.".to_owned(),
    }
}

/// One metric at one load as a sentence, for under a picture.
pub(crate) fn takeaway(case: &Case<'_>, metric: Metric) -> Option<String> {
    let said: Vec<String> = case
        .contenders()
        .filter_map(|transport| {
            Some(format!("{}’s {}", transport.title(), clause(case, transport, metric, &metric.name(), true)?))
        })
        .collect();
    (!said.is_empty()).then(|| format!("{}, {}.", at(case), said.join("; ")))
}

/// "At 4,000 clients and 10 updates/s of 128 B"
fn at(case: &Case<'_>) -> String {
    format!("At {} and {}", words::clients(case.load.clients), words::stream(&case.load.stream))
}

/// "long polling's p99 latency was 3.1× WebSocket's (62 ms against 20 ms), its …."
fn compared(case: &Case<'_>, transport: Transport) -> String {
    let mut clauses = Vec::new();
    // "was … WebSocket's" is said once, and then again only after something else was said.
    let mut in_full = true;
    for (metric, name) in METRICS {
        let Some(clause) = clause(case, transport, metric, name, in_full) else { continue };
        clauses.push(clause);
        in_full = case.ratio(transport, metric).is_none_or(|ratio| ratio.verdict() != Verdict::More);
    }
    if clauses.is_empty() {
        return format!("{} delivered nothing that could be compared.", transport.title());
    }
    format!("{}’s {}.", transport.title(), in_a_row(&clauses))
}

fn clause(case: &Case<'_>, transport: Transport, metric: Metric, name: &str, in_full: bool) -> Option<String> {
    let ratio = case.ratio(transport, metric)?;
    let (ours, theirs) = (case.measure(transport, metric)?.value, case.measure(BASELINE, metric)?.value);
    let unit = metric.unit();
    let values = format!("{} against {}", with_unit(ours, unit), with_unit(theirs, unit));
    let times = times(ratio.value);
    let (baseline, was) = (BASELINE.title(), metric.verb());
    Some(match ratio.verdict() {
        Verdict::More if in_full => format!("{name} {was} {times} {baseline}’s ({values})"),
        Verdict::More => format!("{name} {times} ({values})"),
        Verdict::Less => format!("{name} {was} lower, {times} {baseline}’s ({values})"),
        Verdict::Unclear if ratio.is_equal() => format!("{name} {was} the same within 5% ({values})"),
        Verdict::Unclear => format!("{name} showed no clear difference ({values}; the repeats overlap)"),
    })
}

fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

fn alone(heaviest: &[&Case<'_>], transport: Transport) -> String {
    let p99 = Metric::LatencyMs(Quantile::P99);
    let said = heaviest.iter().find_map(|case| Some((case, case.measure(transport, p99)?.value)));
    match said {
        Some((case, p99_ms)) => format!(
            "Only {} was measured, so there is nothing to compare. {}, its p99 latency was {} ms.",
            transport.title(),
            at(case),
            number(p99_ms),
        ),
        None => format!("Only {} was measured, and no run of it counts: see the warnings.", transport.title()),
    }
}

fn in_a_row(clauses: &[String]) -> String {
    match clauses {
        [first @ .., last] if !first.is_empty() => format!("{}, and its {last}", first.join(", its ")),
        _ => clauses.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Sweep, histogram};

    fn said(results: &Results) -> String {
        headline(results, &Comparison::of(&results.runs))
    }

    /// The quick sweep with these latencies of every repeat, milliseconds, at every load.
    fn with_latencies(websocket_ms: [u64; 3], long_poll_ms: [u64; 3]) -> Results {
        let mut results = Sweep::quick().results();
        for run in &mut results.runs {
            let all_ms = if run.point.transport == BASELINE { websocket_ms } else { long_poll_ms };
            run.latency = histogram(vec![all_ms[run.repeat as usize] * 1_000_000; 1_000]);
        }
        results
    }

    #[test]
    fn the_quick_sweep() {
        insta::assert_snapshot!(said(&Sweep::quick().results()));
    }

    #[test]
    fn the_wording_turns_when_the_results_do() {
        let worse = said(&with_latencies([20, 20, 20], [60, 60, 60]));
        assert!(worse.contains("long polling’s p99 latency was 3.0× WebSocket’s (60.0 ms against 20.0 ms)"), "{worse}");
        let better = said(&with_latencies([60, 60, 60], [20, 20, 20]));
        assert!(better.contains("p99 latency was lower, 0.33× WebSocket’s (20.0 ms against 60.0 ms)"), "{better}");
    }

    #[test]
    fn what_the_repeats_disagree_on_is_no_difference() {
        let overlapping = said(&with_latencies([20, 40, 30], [40, 20, 60]));
        assert!(overlapping.contains("p99 latency showed no clear difference"), "{overlapping}");
        let equal = said(&with_latencies([30, 30, 30], [31, 31, 31]));
        assert!(equal.contains("p99 latency was the same within 5%"), "{equal}");
    }

    #[test]
    fn one_repeat_is_said_to_be_one() {
        let once = said(&Sweep { repeats: 1, ..Sweep::quick() }.results());
        assert!(once.ends_with("Only one repeat could be compared, so no spread can be stated."), "{once}");
    }

    #[test]
    fn a_void_load_is_passed_over() {
        let mut results = Sweep::quick().results();
        results.runs[5].generator.workers_cpu_ns[0] = 4_950_000_000;
        assert!(said(&results).starts_with("At 1,000 clients and "), "{}", said(&results));
    }

    #[test]
    fn one_transport_is_not_compared() {
        let results = Sweep { transports: vec![Transport::LongPoll], ..Sweep::quick() }.results();
        assert!(said(&results).starts_with("Only long polling was measured, so there is nothing to compare."));
    }

    #[test]
    fn nothing_delivered_is_nothing_compared() {
        let mut results = Sweep::quick().results();
        for run in &mut results.runs {
            run.latency = histogram([]);
            run.traffic = protocol::results::Traffic::default();
            run.server = None;
        }
        assert!(said(&results).ends_with("long polling delivered nothing that could be compared."));
    }
}
