//! What stands under the comparison table, whatever it is set in: how it is read, and how far its intervals reach.

use protocol::results::{Goal, Scenario};

use super::{cell::WITHIN_RUN, rows::COLUMNS};
use crate::{
    compare::{Case, Comparison, Precision, difference},
    metrics::Metric,
    words::{number, short_polls},
};

/// How a table with ratios is read.
const LEGEND: &str = "“Last receiver’s p90”: nine of ten updates had reached every client within this time. A ratio is the \
    geometric mean over pairs of repeats, under it its 99% confidence interval (Student’s t on logarithms), 95% for the five \
    metrics of a load together. A difference is claimed if that leaves out 1, and it is over 5%. “None >12%”: no difference \
    is shown, and with repeats so few and so varied only one over 12% could have been. “–” for a ratio: a repeat’s value was \
    nought, or is not stated. “Max of 60”, “slowest of 60 fan-outs”: fewer than ten updates lie beyond that percentile, over \
    all repeats, so that nothing can be said of it. “Not reached”: it lies beyond what was delivered. “Under 4 MiB”: kernel \
    memory that grew by so little, over all clients and both ends, is noise.";

/// From how many times as many updates in an answer it is said.
const JOINED_MIN: f64 = 1.05;

/// What [`WITHIN_RUN`] marks.
const ONCE: &str =
    "95% interval within one run, from its updates alone (block bootstrap): says nothing of another run.";

/// Paragraphs, in their order.
pub(crate) fn notes(comparison: &Comparison<'_>, scenario: &Scenario) -> Vec<String> {
    let mut notes = Vec::new();
    let first = comparison.cases.iter().find_map(|case| Some(comparison.across(case).next()?.1.server_name()));
    if first.is_some() || comparison.cases.iter().any(|case| case.against_baseline().next().is_some()) {
        notes.push(LEGEND.to_owned());
    }
    notes.extend(first.map(across));
    notes.extend(short_polls(scenario.poll_interval_s));
    notes.extend(joined(comparison));
    notes.extend(comparison.cases.iter().filter_map(proxied));
    let mut sides = comparison.cases.iter().flat_map(|case| case.sides.values());
    if sides.any(|side| COLUMNS.iter().any(|metric| side.within_run(*metric).is_some())) {
        notes.push(format!("{WITHIN_RUN}: {ONCE}"));
    }
    notes.extend(scenario.goal.into_iter().flat_map(|goal| reached(comparison, goal)));
    notes
}

/// How ratios between servers are read.
fn across(first: &str) -> String {
    format!(
        "“WebSocket : {first}’s”: a server’s value over that of {first}, the first named, by the same transport in the same repeat. \
         The 95% are of each row’s five metrics, not of all rows together. Servers differ in more than their code: see each \
         one’s command, its processes, and how updates got into it."
    )
}

/// That polls joined updates in an answer which WebSocket brought one by one, where they did: loads of which the same is to be said together.
fn joined(comparison: &Comparison<'_>) -> Vec<String> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for case in &comparison.cases {
        for (asking, pushed) in case.against_baseline().filter(|(who, _)| who.transport.asks() && who.arm.is_none()) {
            let brought = |who| Some(case.measure(who, Metric::UpdatesPerPayload)?.value);
            let Some((answer, message)) = brought(asking).zip(brought(pushed)) else { continue };
            if answer < JOINED_MIN * message {
                continue;
            }
            let said = format!(
                "an answer of {} brought {} updates in the mean, a message of WebSocket {}",
                asking.title(),
                number(answer),
                number(message)
            );
            match all.iter_mut().find(|(known, _)| *known == said) {
                Some((_, loads)) => loads.push(case.name()),
                None => all.push((said, vec![case.name()])),
            }
        }
    }
    let one = |(said, loads): (String, Vec<String>)| {
        format!(
            "{}: {said}. What is shown per delivery is of fewer, larger payloads there, and who waited for a batch waited longer.",
            loads.join("; ")
        )
    };
    all.into_iter().map(one).collect()
}

/// What of the server's figures was the proxy's, if there was one.
fn proxied(case: &Case<'_>) -> Option<String> {
    let parts: Vec<String> = (case.sides.iter())
        .filter_map(|(who, side)| {
            let cpu = side.measure(Metric::ProxyCpuUsPerDelivery)?.value;
            let memory =
                side.measure(Metric::ProxyKibPerClient).map(|kib| format!(" and {} KiB a client", number(kib.value)));
            Some(format!("{}: {} µs a delivery{}", who.title(), number(cpu), memory.unwrap_or_default()))
        })
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "{}: what is said of the server is of it and the proxy before it. The proxy’s part: {}.",
            case.name(),
            parts.join("; ")
        )
    })
}

/// How precise the ratios are, and what it would take to reach the goal where they are not there: a sentence a load.
fn reached(comparison: &Comparison<'_>, goal: Goal) -> Vec<String> {
    let of = |case: &&Case<'_>| {
        let all = case.precision();
        let said: Vec<String> = all.iter().map(|precision| one(*precision, case, goal)).collect();
        (!said.is_empty()).then(|| format!("Intervals reach, at {}: {}.", case.name(), said.join("; ")))
    };
    comparison.heaviest_first().iter().filter_map(of).collect()
}

/// `p50 latency ±12% (10% would take 9 repeats, about 3 min)`
fn one(precision: Precision, case: &Case<'_>, goal: Goal) -> String {
    let reached =
        format!("{} ±{}", precision.metric.name(), difference(precision.reached).trim_start_matches("a factor of "));
    if precision.reached <= goal.precision {
        return reached;
    }
    let repeats = precision.repeats_for(goal.precision);
    let takes_s = repeats as f64 * case.repeat_s();
    let takes = if takes_s < 90.0 { format!("{takes_s:.0} s") } else { format!("{:.0} min", takes_s / 60.0) };
    format!("{reached} ({} would take {repeats} repeats, about {takes})", difference(goal.precision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn what_was_joined_in_an_answer_and_in_no_message_is_said() {
        let said = |payloads: [u64; 2]| {
            let mut results = Sweep { peers: vec!["socketio", "own"], clients: vec![100], ..Sweep::quick() }.results();
            for run in results.runs.iter_mut().filter(|run| run.point.load.peer.is_some()) {
                run.traffic.payloads = run.traffic.updates / payloads[run.point.transport as usize];
            }
            let all = notes(&Comparison::of(&results), &results.manifest.scenario);
            all.into_iter().filter(|note| note.contains("brought")).collect::<Vec<_>>()
        };
        let note = said([1, 2]).concat();
        assert!(
            note.starts_with(
                "100 clients, 10 updates/s of 128 B, socketio: an answer of long polling brought 2.00 updates in the mean, a \
                 message of WebSocket 1.00."
            ),
            "{note}"
        );
        assert_eq!([said([1, 1]), said([2, 2]), said([2, 1])], [const { Vec::<String>::new() }; 3]);
    }

    #[test]
    fn short_polls_are_told_with_their_interval_and_what_they_joined_once_for_all_loads() {
        let results = Sweep { clients: vec![10, 100], ..Sweep::transports() }.results();
        let all = notes(&Comparison::of(&results), &results.manifest.scenario);
        let with = |part: &str| all.iter().filter(|note| note.contains(part)).count();
        assert_eq!(
            with("Short polling is asked every 1 s: an update waits for its client’s next poll, 500 ms in the"),
            1
        );
        assert_eq!(with("an answer of short polling brought 10.0 updates in the mean"), 1, "{all:#?}");
    }

    #[test]
    fn what_was_reached_and_what_it_would_take() {
        let results = Sweep { clients: vec![100], repeats: 6, ..Sweep::quick() }.results();
        let comparison = Comparison::of(&results);
        let of = |precision| reached(&comparison, Goal { precision, budget_s: 120.0 }).join("\n");
        let (near, far) = (of(1.0), of(0.01));
        assert!(near.starts_with("Intervals reach, at 100 clients, 10 updates/s of 128 B: p50 latency ±"), "{near}");
        assert!(!near.contains("would take"), "{near}");
        assert!(far.contains("(1% would take ") && far.contains("server memory per client ±"), "{far}");
    }
}
