//! The answer in one or two plain sentences.

use std::iter::repeat;

use protocol::Transport;

use super::{
    rows::{Chosen, Row, chosen},
    says::{Says, times, times_between, within},
};
use crate::{
    compare::{Case, Comparison},
    judge::{claims::claims, places, takeaway::at},
    metrics::{Metric, Quantile},
    points::Contender,
    read::Results,
    words::{asked_every, listed, number},
};

/// What it costs, and what that is called after how many times it is.
const COSTS: [(Metric, &str); 3] =
    [(Metric::CpuUsPerDelivery, "CPU"), (Metric::UserKibPerClient, "memory"), (Metric::BytesPerDelivery, "bytes")];

/// The sweep in words: latency, then costs, of the loads that [`chosen`] names.
pub(crate) fn sentence(results: &Results, comparison: &Comparison<'_>) -> String {
    if results.manifest.scenario.aa {
        let claims = claims(results);
        let (made, compared) = (claims.made.len(), claims.compared);
        return format!(
            "A transport against itself: of {compared} comparisons {made} claim a difference, where none is."
        );
    }
    let chosen = chosen(comparison);
    let whose = chosen.whose();
    let interval_s = results.manifest.scenario.poll_interval_s;
    // Where and how is said once.
    let leads = [lead(&chosen)].into_iter().chain(repeat(String::new()));
    let mut said: Vec<String> =
        whose.iter().zip(leads).map(|(contender, lead)| of_one(*contender, &lead, interval_s, &chosen)).collect();
    let unsaid = comparison.contenders().into_iter().filter(|who| !who.is_baseline() && !whose.contains(who));
    let unsaid: Vec<String> = unsaid.map(Contender::title).collect();
    if !said.is_empty() && !unsaid.is_empty() {
        said.push(format!("No load allows a comparison of {}: see the warnings.", listed(&unsaid, "or")));
    }
    match (said.is_empty(), results.runs.is_empty()) {
        (false, _) => said.join(" "),
        (true, true) => "No run was made.".to_owned(),
        (true, false) => match comparison.contenders()[..] {
            [only] => alone(&comparison.heaviest_first(), only),
            _ => "No load of this sweep allows a comparison: see the warnings.".to_owned(),
        },
    }
}

/// What all rows have in common: `over loopback at 4,000 clients`
fn lead(chosen: &Chosen<'_>) -> String {
    let all = &chosen.rows[..];
    let is_single = all.iter().any(|row| matches!(says(row, chosen.latency), Some(Says::Once(_))));
    let lead = [
        places::common(&chosen.cases(), &chosen.varied),
        if chosen.of > all.len() {
            format!("where it differs most, in {} of {} settings", all.len(), chosen.of)
        } else {
            String::new()
        },
        if is_single { "in a single repeat, which claims nothing" } else { "" }.to_owned(),
    ];
    lead.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What is said of one who is compared.
fn of_one(contender: Contender, lead: &str, interval_s: Option<f64>, chosen: &Chosen<'_>) -> String {
    let rows: Vec<&Row<'_>> = chosen.rows.iter().filter(|row| row.whose() == Some(contender)).collect();
    let title = contender.title();
    let [delivers, it_costs] = if title.ends_with('s') { ["deliver", "they cost"] } else { ["delivers", "it costs"] };
    let latency = latency(&rows, &chosen.cases(), chosen.latency).map(|how| format!("{delivers} {how}"));
    let costs = costs(&rows, it_costs);
    // Its latency is that interval's doing.
    let interval_s = interval_s.filter(|_| contender.transport == Transport::ShortPoll);
    let title = interval_s.map_or(title.clone(), |s| format!("{title}, {},", asked_every(s)));
    let first = match (lead, latency) {
        (_, None) if costs.is_none() => {
            return format!("{} delivered nothing that could be compared.", capital(&contender.title()));
        }
        (_, None) => String::new(),
        ("", Some(latency)) => format!("{} {latency}. ", capital(&title)),
        (lead, Some(latency)) => format!("{}, {title} {latency}. ", capital(lead)),
    };
    format!("{first}{}", costs.unwrap_or_default()).trim_end().to_owned()
}

/// `as fast as WebSocket to within 8% at 1 update a second and 2.1 times as late at 10 updates a second`
fn latency(rows: &[&Row<'_>], all: &[&Case<'_>], metric: Metric) -> Option<String> {
    let (mut clauses, mut was_times, mut before) = (Vec::<String>::new(), false, None);
    for row in rows {
        let Some((says, pair)) = says(row, metric).zip(row.pair.as_ref()) else { continue };
        let same = match says {
            Says::Times(ratio) | Says::Once(ratio) => times(ratio),
            Says::Alike(share) => within(share),
            Says::NotShown => String::new(),
        };
        match clauses.last_mut() {
            Some(clause) if before.as_ref() == Some(&same) => {
                clause.extend([" and ", &places::apart(row.case, all)]);
                continue;
            }
            _ => before = Some(same),
        }
        let is_times = matches!(says, Says::Times(_) | Says::Once(_));
        // Whose the other is has to be said once.
        let other = |word: &str| if clauses.is_empty() { format!(" {word} {}", pair.than()) } else { String::new() };
        let how = match says {
            Says::Times(ratio) | Says::Once(ratio) if was_times => times(ratio),
            Says::Times(ratio) | Says::Once(ratio) => format!("{} as late{}", times(ratio), other("as")),
            Says::Alike(share) => format!("as fast{} to within {}", other("as"), within(share)),
            Says::NotShown => format!("neither sooner nor later{} as far as the repeats show", other("than")),
        };
        clauses.push(format!("{how} {}", places::apart(row.case, all)).trim_end().to_owned());
        was_times = is_times;
    }
    (!clauses.is_empty()).then(|| listed(&clauses, "and"))
}

/// `It costs the server twice the CPU and 2.5 times the bytes; no difference in memory is shown.`
fn costs(rows: &[&Row<'_>], it_costs: &str) -> Option<String> {
    let (mut said, mut not_shown) = (Vec::new(), Vec::new());
    for (metric, name) in COSTS {
        let all: Vec<Says> = rows.iter().filter_map(|row| says(row, metric)).collect();
        match cost(&all) {
            Some(how) => said.push(format!("{how} {name}")),
            None if !all.is_empty() => not_shown.push(name.to_owned()),
            None => {}
        }
    }
    let costs = (!said.is_empty()).then(|| format!("{it_costs} the server {}", listed(&said, "and")));
    let none = (!not_shown.is_empty()).then(|| format!("no difference in {} is shown", listed(&not_shown, "or")));
    let both: Vec<String> = costs.into_iter().chain(none).collect();
    (!both.is_empty()).then(|| format!("{}.", capital(&both.join("; "))))
}

/// What all rows say of a cost: `1.4 to 2.2 times the`; none if they show nothing.
fn cost(all: &[Says]) -> Option<String> {
    let claimed: Vec<f64> = all
        .iter()
        .filter_map(|says| match says {
            Says::Times(ratio) | Says::Once(ratio) => Some(*ratio),
            _ => None,
        })
        .collect();
    let reach = |says: &Says| if let Says::Alike(share) = says { Some(*share) } else { None };
    let (Some(least), Some(most)) =
        (claimed.iter().copied().reduce(f64::min), claimed.iter().copied().reduce(f64::max))
    else {
        let alike: Option<Vec<f64>> = all.iter().map(reach).collect();
        let furthest = alike?.into_iter().reduce(f64::max)?;
        return Some(format!("to within {} the same", within(furthest)));
    };
    Some(match claimed.len() == all.len() {
        true => format!("{} the", times_between(least, most)),
        false if least > 1.0 => format!("up to {} the", times(most)),
        false if most < 1.0 => format!("down to {} the", times(least)),
        false => format!("from {} the", times_between(least, most)),
    })
}

fn says(row: &Row<'_>, metric: Metric) -> Option<Says> {
    Some(Says::of(row.pair.as_ref()?.ratio(metric)?))
}

fn alone(heaviest: &[&Case<'_>], only: Contender) -> String {
    const LATENCIES: [Metric; 2] = [Metric::LastMs(Quantile::P90), Metric::LatencyMs(Quantile::P50)];
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

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use protocol::{Engine, results::Run};

    use super::*;
    use crate::{
        fixture::{Sweep, histogram, receive, through},
        points::BASELINE,
    };

    fn said(results: &Results) -> String {
        sentence(results, &Comparison::of(results))
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
    fn engines_and_paths_are_told_apart() {
        let engines = vec![Some(Engine::Lean), Some(Engine::Stock)];
        let paths = vec![None, through(40.0)];
        insta::assert_snapshot!(said(&Sweep { engines, paths, clients: vec![100], ..Sweep::quick() }.results()));
    }

    #[test]
    fn each_who_is_compared_is_named_and_short_polling_with_its_interval() {
        insta::assert_snapshot!(said(&Sweep { engines: vec![None], ..Sweep::transports() }.results()));
        let engines = said(&Sweep::transports().results());
        for who in ["long polling delivers", "Server-sent events deliver", "Short polling, asked every 1 s, delivers"] {
            assert_eq!(engines.matches(who).count(), 1, "{who}: {engines}");
        }
    }

    #[test]
    fn who_is_void_at_every_load_is_said_to_be() {
        let mut results = Sweep { transports: Transport::ALL[..3].to_vec(), ..Sweep::quick() }.results();
        for run in results.runs.iter_mut().filter(|run| run.point.transport == Transport::Sse) {
            run.generator.workers_cpu_ns[0] = 49_500_000_000;
        }
        let said = said(&results);
        assert!(said.ends_with(" No load allows a comparison of server-sent events: see the warnings."), "{said}");
    }

    #[test]
    fn the_wording_turns_when_the_results_do() {
        let worse = said(&with_latencies([20, 20, 20], [60, 60, 60]));
        assert!(
            worse.starts_with(
                "Over loopback at 4,000 clients, long polling delivers 3 times as late as WebSocket. It costs"
            ),
            "{worse}"
        );
        let better = said(&with_latencies([60, 60, 60], [30, 30, 30]));
        assert!(
            better.starts_with("Over loopback at 4,000 clients, long polling delivers half as late as WebSocket. "),
            "{better}"
        );
        let alike = said(&with_latencies([30, 30, 30], [30, 30, 30]));
        assert!(alike.contains("delivers as fast as WebSocket to within 1%."), "{alike}");
        let unknown = said(&with_latencies([20, 40, 30], [40, 20, 60]));
        assert!(
            unknown.contains("delivers neither sooner nor later than WebSocket as far as the repeats show."),
            "{unknown}"
        );
    }

    #[test]
    fn a_cost_that_is_not_shown_to_differ_is_none() {
        let mut results = Sweep::quick().results();
        for run in &mut results.runs {
            let server = run.server.as_mut().unwrap();
            server.cpu.total_ns = if (run.index + run.repeat) % 2 == 0 { 1_000_000_000 } else { 3_000_000_000 };
        }
        let said = said(&results);
        assert!(said.ends_with("times the bytes; no difference in CPU is shown."), "{said}");
    }

    #[test]
    fn nothing_stands_in_parentheses() {
        let sweeps = [Sweep::quick(), Sweep::aa(5), Sweep { repeats: 1, ..Sweep::quick() }];
        for results in sweeps.map(|sweep| sweep.results()) {
            assert!(!said(&results).contains('('), "{}", said(&results));
        }
    }

    #[test]
    fn one_repeat_is_said_to_be_one() {
        let once = said(&Sweep { repeats: 1, ..Sweep::quick() }.results());
        assert!(
            once.starts_with("Over loopback at 4,000 clients in a single repeat, which claims nothing, long polling"),
            "{once}"
        );
    }

    #[test]
    fn a_transport_against_itself_counts_claims() {
        let quiet = said(&Sweep { clients: vec![1_000], ..Sweep::aa(5) }.results());
        assert_eq!(quiet, "A transport against itself: of 5 comparisons 0 claim a difference, where none is.");
    }

    fn of_servers(peers: &[&'static str], transports: &[Transport]) -> String {
        let (peers, transports) = (peers.to_vec(), transports.to_vec());
        said(&Sweep { peers, transports, clients: vec![1_000], ..Sweep::quick() }.results())
    }

    #[test]
    fn each_server_is_spoken_of_and_none_against_another_where_transports_are_compared() {
        let three = of_servers(&["ws", "socketio", "own"], &Transport::DEFAULT);
        assert!(
            three.contains("as WebSocket on socketio and ") && three.contains(" on pushbench’s own server. It costs"),
            "{three}"
        );
        assert!(!three.contains("ws"), "{three}");
        let one = of_servers(&["socketio"], &Transport::DEFAULT);
        assert!(one.starts_with("Over loopback on socketio, long polling"), "{one}");
    }

    #[test]
    fn servers_over_one_transport_are_compared_with_the_first() {
        let two = of_servers(&["ws", "own"], &[Transport::WebSocket]);
        assert!(
            two.starts_with("Over loopback on pushbench’s own server, WebSocket delivers")
                && two.contains("than on ws"),
            "{two}"
        );
        let only = of_servers(&["ws"], &[Transport::WebSocket]);
        assert!(only.starts_with("Only WebSocket was measured, so there is nothing to compare. At 1,000"), "{only}");
    }

    #[test]
    fn nothing_delivered_is_nothing_compared() {
        let mut results = Sweep::quick().results();
        for run in &mut results.runs {
            (run.latency, run.fan_out.last) = (histogram([]), histogram([]));
            run.traffic = protocol::results::Traffic::default();
            run.server = None;
        }
        assert_eq!(said(&results), "Long polling delivered nothing that could be compared.");
    }
}
