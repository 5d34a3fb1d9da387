//! The result in a sentence or two, with its numbers.

use std::collections::BTreeSet;

use protocol::{Engine, results::Load};

use super::{
    claims::claims,
    pair::{Pair, is_plain},
};
use crate::{
    compare::{Case, Comparison, Ratio},
    metrics::{Metric, Quantile},
    points::Contender,
    read::Results,
    words::{self, number},
};

/// What the headline speaks of: of each the first that both state.
const METRICS: [&[Metric]; 3] = [&LATENCIES, &[Metric::CpuUsPerDelivery], &[Metric::UserKibPerClient]];
const LATENCIES: [Metric; 2] = [Metric::LastMs(Quantile::P90), Metric::LatencyMs(Quantile::P50)];

/// The sweep in words: the heaviest load at which transports can be compared, on each server and by each engine that served them.
/// Between servers nothing is said, unless there is nothing else to say: eight of them are twenty-eight pairs.
pub(crate) fn headline(results: &Results, comparison: &Comparison<'_>) -> String {
    if results.manifest.scenario.aa {
        return claims(results).to_string();
    }
    let within = spoken_of(comparison, Pair::within);
    let across = spoken_of(comparison, |case| Pair::across(case, comparison));
    let (said, further) = match (&within[..], &across[..]) {
        ([], across) => (across, String::new()),
        (within, []) => (within, String::new()),
        (within, [(_, pairs), ..]) => (
            within,
            format!(" How each server compares with {}, transport by transport, stands in the table.", pairs[0].whose),
        ),
    };
    if let Some((_, last)) = said.last() {
        return format!("{}{}{further}", sentences(said, comparison), certainty(last));
    }
    if results.runs.is_empty() {
        return "No run was made.".to_owned();
    }
    match comparison.contenders()[..] {
        [only] => alone(&comparison.heaviest_first(), only),
        _ => "No load of this sweep allows a comparison: see the warnings.".to_owned(),
    }
}

/// Of each server and engine the heaviest load that has pairs, and these.
fn spoken_of<'c>(
    comparison: &'c Comparison<'c>,
    pairs: impl Fn(&'c Case<'c>) -> Vec<Pair<'c>>,
) -> Vec<(&'c Case<'c>, Vec<Pair<'c>>)> {
    let mut servers = Vec::new();
    for case in &comparison.cases {
        let server = (&case.load.peer, case.load.engine);
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    let heaviest = comparison.heaviest_first();
    let of = |server: &(&Option<String>, Option<Engine>)| {
        let mut cases = heaviest.iter().filter(|case| (&case.load.peer, case.load.engine) == *server);
        cases.find_map(|case| Some((*case, pairs(case))).filter(|(_, pairs)| !pairs.is_empty()))
    };
    servers.iter().filter_map(of).collect()
}

fn sentences(said: &[(&Case<'_>, Vec<Pair<'_>>)], comparison: &Comparison<'_>) -> String {
    let engines = comparison.cases.iter().filter_map(|case| case.load.engine).collect::<BTreeSet<_>>().len();
    // Of many servers the latency has to do.
    let metrics = if said.len() > 1 && said[0].0.server.is_some() { &METRICS[..1] } else { &METRICS[..] };
    let mut before = None;
    let sentence = |(case, pairs): &(&Case<'_>, Vec<Pair<'_>>)| {
        let engine = match case.load.engine {
            Some(Engine::Lean) if engines > 1 => ", by hand-written code",
            Some(Engine::Stock) if engines > 1 => ", by hyper and tungstenite as commonly used",
            _ => "",
        };
        let load = Load { peer: None, engine: None, ..case.load.clone() };
        let at = match &case.server {
            Some(server) if before.as_ref() == Some(&load) => format!("On {}", server.name),
            _ => at(case),
        };
        before = Some(load);
        let said: Vec<String> = pairs.iter().map(|pair| compared(pair, metrics)).collect();
        format!("{at}{engine}, {}", said.join(" "))
    };
    said.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

/// One metric at one load as a sentence, for under a picture.
pub(crate) fn takeaway(case: &Case<'_>, metric: Metric) -> Option<String> {
    let said: Vec<String> = Pair::within(case)
        .iter()
        .filter_map(|pair| Some(format!("{}’s {}", pair.ours.contender().title(), pair.clause(metric, true)?)))
        .collect();
    (!said.is_empty()).then(|| format!("{}, {}.", at(case), said.join("; ")))
}

/// "At 4,000 clients and 10 updates/s of 128 B", and which server that was, if there are several
fn at(case: &Case<'_>) -> String {
    let server = case.server.as_ref().map(|server| format!(", on {}", server.name)).unwrap_or_default();
    format!("At {} and {}{server}", words::clients(case.load.clients), words::stream(&case.load.stream))
}

/// "long polling's last receiver's p90 was 3.1× WebSocket's: 62 ms against 20 ms; its …."
fn compared(pair: &Pair<'_>, metrics: &[&[Metric]]) -> String {
    let mut clauses = Vec::new();
    // "was … WebSocket's" is said once, and then again only after something else was said.
    let mut in_full = true;
    for metrics in metrics {
        let said = metrics.iter().find_map(|metric| Some((*metric, pair.clause(*metric, in_full)?)));
        let Some((metric, clause)) = said else { continue };
        clauses.push(clause);
        in_full = pair.ratio(metric).is_none_or(|ratio| !is_plain(ratio));
    }
    let title = pair.ours.contender().title();
    if clauses.is_empty() {
        return format!("{title} delivered nothing that could be compared.");
    }
    format!("{title}’s {}.", in_a_row(&clauses))
}

/// How sure the ratios are.
fn certainty(pairs: &[Pair<'_>]) -> &'static str {
    let ratios = pairs.iter().flat_map(|pair| METRICS.into_iter().flatten().filter_map(|metric| pair.ratio(*metric)));
    match ratios.map(Ratio::interval).reduce(Option::and) {
        Some(Some(_)) => " In parentheses after a ratio: its 99% interval, which decides.",
        Some(None) => " Only one repeat could be compared, and a single repeat has no interval.",
        None => "",
    }
}

fn alone(heaviest: &[&Case<'_>], only: Contender) -> String {
    let of =
        |case: &Case<'_>| LATENCIES.iter().find_map(|metric| Some((metric.name(), case.measure(only, *metric)?.value)));
    let said = heaviest.iter().find_map(|case| Some((case, of(case)?)));
    match said {
        Some((case, (name, ms))) => format!(
            "Only {} was measured, so there is nothing to compare. {}, its {name} was {} ms.",
            only.title(),
            at(case),
            number(ms),
        ),
        None => format!("Only {} was measured, and no run of it counts: see the warnings.", only.title()),
    }
}

fn in_a_row(clauses: &[String]) -> String {
    match clauses {
        [first @ .., last] if !first.is_empty() => format!("{}; and its {last}", first.join("; its ")),
        _ => clauses.concat(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Transport, results::Run};

    use super::*;
    use crate::{
        fixture::{Sweep, histogram, receive},
        points::BASELINE,
    };

    fn said(results: &Results) -> String {
        headline(results, &Comparison::of(results))
    }

    /// Every update reaches every client after so long.
    fn deliver(run: &mut Run, ms: u64) {
        receive(run, vec![ms * 1_000_000; 1_000]);
        run.fan_out.last = histogram(vec![ms * 1_000_000; run.stream.updates as usize]);
    }

    /// The quick sweep with these latencies of every repeat, milliseconds, at every load.
    fn with_latencies(websocket_ms: [u64; 3], long_poll_ms: [u64; 3]) -> Results {
        let mut results = Sweep::quick().results();
        for run in &mut results.runs {
            let all_ms = if run.point.transport == BASELINE { websocket_ms } else { long_poll_ms };
            deliver(run, all_ms[run.repeat as usize]);
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
        assert!(
            worse.contains(
                "long polling’s last receiver’s p90 was 3.00× (3.00–3.00) WebSocket’s: 60.0 ms against 20.0 ms"
            ),
            "{worse}"
        );
        let better = said(&with_latencies([60, 60, 60], [20, 20, 20]));
        assert!(
            better.contains("last receiver’s p90 was lower, 0.333× (0.333–0.333) WebSocket’s: 20.0 ms against 60.0 ms"),
            "{better}"
        );
    }

    #[test]
    fn what_the_repeats_disagree_on_is_no_difference() {
        let overlapping = said(&with_latencies([20, 40, 30], [40, 20, 60]));
        assert!(overlapping.contains("last receiver’s p90 showed no difference: 1.26× (0.0128–124)"), "{overlapping}");
        let equal = said(&with_latencies([30, 30, 30], [31, 31, 31]));
        assert!(equal.contains("differences under 5% could not have been shown"), "{equal}");
    }

    #[test]
    fn one_repeat_is_said_to_be_one() {
        let once = said(&Sweep { repeats: 1, ..Sweep::quick() }.results());
        assert!(once.ends_with("Only one repeat could be compared, and a single repeat has no interval."), "{once}");
    }

    #[test]
    fn a_transport_against_itself_counts_claims() {
        let quiet = said(&Sweep { clients: vec![1_000], ..Sweep::aa(5) }.results());
        assert_eq!(quiet, "A/A, where every claim is false: 0 of 5 comparisons claim a difference.");
        let mut results = Sweep { clients: vec![1_000], ..Sweep::aa(2) }.results();
        for run in &mut results.runs {
            let b = run.repeat == 1 || run.repeat == 2;
            deliver(run, if b { 2 } else { 1 });
        }
        let claimed = said(&results);
        assert!(
            claimed.contains("2 of 5 comparisons claim a difference: p50 latency of WebSocket B 2.00×"),
            "{claimed}"
        );
    }

    #[test]
    fn a_void_load_is_passed_over() {
        let mut results = Sweep::quick().results();
        results.runs[5].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert!(said(&results).starts_with("At 1,000 clients and "), "{}", said(&results));
    }

    #[test]
    fn each_engine_is_spoken_of_and_named_where_there_are_two() {
        let of = |engines: &[Option<Engine>]| {
            said(&Sweep { engines: engines.to_vec(), clients: vec![1_000], ..Sweep::quick() }.results())
        };
        let both = of(&[Some(Engine::Lean), Some(Engine::Stock)]);
        assert_eq!(both.matches("At 1,000 clients").count(), 2, "{both}");
        assert!(both.contains("by hand-written code") && both.contains("by hyper and tungstenite"), "{both}");
        // The same figures; who does not say is compared all the same.
        let not_said = of(&[None]);
        assert_eq!(not_said, of(&[Some(Engine::Lean)]));
        assert!(not_said.contains("last receiver’s p90"), "{not_said}");
    }

    fn of_servers(peers: &[&'static str], transports: &[Transport]) -> String {
        let (peers, transports) = (peers.to_vec(), transports.to_vec());
        said(&Sweep { peers, transports, clients: vec![1_000], ..Sweep::quick() }.results())
    }

    #[test]
    fn each_server_is_spoken_of_and_none_against_another_where_transports_are_compared() {
        let three = of_servers(&["ws", "socketio", "own"], &Transport::ALL);
        assert!(
            three.starts_with("At 1,000 clients and 10 updates/s of 128 B, on socketio, long polling’s"),
            "{three}"
        );
        assert!(three.contains(". On own, long polling’s") && !three.contains("ws’s"), "{three}");
        assert!(
            three.ends_with("How each server compares with ws, transport by transport, stands in the table."),
            "{three}"
        );
        let one = of_servers(&["socketio"], &Transport::ALL);
        assert!(one.contains(", on socketio, ") && one.contains("server CPU per delivery"), "{one}");
        assert!(one.ends_with("its 99% interval, which decides."), "{one}");
    }

    #[test]
    fn servers_over_one_transport_are_compared_with_the_first_by_what_the_repeats_show() {
        let two = of_servers(&["ws", "own"], &[Transport::WebSocket]);
        assert!(two.contains(", on own, WebSocket’s last receiver’s p90 showed no difference: "), "{two}");
        assert!(two.contains(" ws’s, "), "{two}");
        let only = of_servers(&["ws"], &[Transport::WebSocket]);
        assert!(only.starts_with("Only WebSocket was measured, so there is nothing to compare. At 1,000"), "{only}");
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
            (run.latency, run.fan_out.last) = (histogram([]), histogram([]));
            run.traffic = protocol::results::Traffic::default();
            run.server = None;
        }
        assert!(said(&results).ends_with("long polling delivered nothing that could be compared."));
    }
}
