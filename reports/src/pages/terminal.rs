//! The summary for a terminal: the answer, one table of at most 100 columns, and the warnings under it.

use std::fmt::Write as _;

use crate::{
    compare::Comparison,
    judge::{
        answer::sentence,
        capacity::{LEGEND, Searched},
        claims::claims,
        thresholds,
    },
    read::Results,
    table::{columns, common_load, comparison_rows, comparison_table, notes, wrapped},
    validity::warnings,
};

/// The answer, the comparison as plain text of at most 100 columns, then the warnings.
pub fn summary_table(results: &Results) -> String {
    match Searched::of(results) {
        None => sweep(results),
        Some(Ok(searched)) => search(results, &searched),
        Some(Err(why)) => wrapped(&format!("The search in manifest.json cannot be read: {why}")),
    }
}

/// Who carries what, goal by goal.
fn search(results: &Results, searched: &Searched<'_>) -> String {
    let mut out = wrapped(&searched.sentence());
    out += &search_table(searched);
    out += &wrapped(LEGEND);
    out += &searched.void().map(|void| wrapped(&void)).unwrap_or_default();
    for warning in warnings(results) {
        out += &wrapped(&format!("{}: {warning}", warning.severity().name()));
    }
    out
}

/// A process a line, since there may be many.
fn search_table(searched: &Searched<'_>) -> String {
    let carries = format!("carries,\n{}", searched.unit());
    let mut lines = vec![["", "last success /\nfirst failure", &carries, "deliveries/s"].map(str::to_owned)];
    for goal in searched.rows().chunk_by(|row, next| row.goal == next.goal) {
        lines.push([&goal[0].goal, "", "", ""].map(str::to_owned));
        for row in goal {
            let server = if row.server.is_empty() { String::new() } else { format!(", {}", row.server) };
            let found = row.processes.join("\n");
            let carries = row.carries.replace(", ", ",\n").replace(": ", ":\n");
            lines.push([
                format!(" {}{server}", row.who),
                found.trim().to_owned(),
                carries,
                row.deliveries_per_s.clone(),
            ]);
        }
    }
    columns(&lines)
}

fn sweep(results: &Results) -> String {
    let comparison = Comparison::of(results);
    let mut out = String::new();
    if comparison.cases.is_empty() {
        out += "No run was made.\n";
    } else {
        let common = common_load(&comparison).map(|load| format!(": {load}")).unwrap_or_default();
        let repeats = comparison.cases.iter().flat_map(|case| case.sides.values()).map(|side| side.runs().len()).max();
        let repeats = (repeats.unwrap_or_default() as u32).max(results.manifest.scenario.repeats);
        let plural = if repeats == 1 { "" } else { "s" };
        let _ = writeln!(out, "{}{common}; {repeats} repeat{plural}", results.manifest.scenario.name);
        out += &wrapped(&sentence(results, &comparison));
        out += &comparison_table(&comparison_rows(&comparison));
    }
    for note in notes(&comparison, &results.manifest.scenario) {
        out += &wrapped(&note);
    }
    if results.manifest.scenario.aa {
        let _ = writeln!(out, "{}", claims(results));
    }
    for judged in thresholds(results).judged {
        out += &wrapped(&format!("{}: {}: {}", judged.word(), judged.asked(), judged.story));
    }
    for warning in warnings(results) {
        out += &wrapped(&format!("{}: {warning}", warning.severity().name()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Searched, Sweep, histogram, synthetic},
        points::BASELINE,
    };

    #[test]
    fn the_quick_sweep() {
        insta::assert_snapshot!(summary_table(&Sweep::quick().results()));
    }

    #[test]
    fn servers_stand_one_under_another_each_against_the_first() {
        let two = Sweep { peers: vec!["socketio", "ws"], clients: vec![1_000], ..Sweep::quick() };
        insta::assert_snapshot!(summary_table(&two.results()));
    }

    #[test]
    fn every_transport() {
        insta::assert_snapshot!(summary_table(&Sweep { clients: vec![1_000], ..Sweep::transports() }.results()));
    }

    #[test]
    fn a_search() {
        insta::assert_snapshot!(summary_table(&Searched::small().results()));
    }

    #[test]
    fn a_search_of_several_servers_that_bound_the_generator_or_fail_at_once() {
        let small = Searched::small();
        let engines = protocol::Engine::ALL.to_vec();
        let bound = Searched { generator_us: 6.0, engines, ..small.clone() }.results();
        let failed = Searched { us_per_update: 20.0, ..small.clone() }.results();
        let held = Searched { us_per_update: 0.2, us_per_write: 0.2, ..small }.results();
        insta::assert_snapshot!([bound, failed, held].map(|results| summary_table(&results)).join("\n"));
    }

    #[test]
    fn a_search_that_was_interrupted_or_never_began_or_was_written_by_hand() {
        let mut results = Searched::small().results();
        results.runs.truncate(results.runs.len() - 5);
        let text = summary_table(&results);
        assert!(text.contains("The search is unfinished.") && text.matches("unfinished").count() > 1, "{text}");
        results.runs.clear();
        assert!(summary_table(&results).starts_with("No trial was made."));
        results.manifest.scenario.search.as_mut().unwrap().goals = vec!["p99<=50ms".to_owned()];
        let text = summary_table(&results);
        assert!(
            text.starts_with("The search in manifest.json cannot be read: goal `p99<=50ms`: `p99` is nothing"),
            "{text}"
        );
    }

    #[test]
    fn thresholds_stand_before_the_warnings() {
        let mut results = Sweep { clients: vec![100], ..Sweep::quick() }.results();
        results.runs[0].counts.duplicated = 3;
        results.manifest.scenario.fail_if = ["missed > 0", "p50 > 1ns"].map(str::to_owned).to_vec();
        let text = summary_table(&results);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in: {text}"));
        let places =
            ["\npassed: fail if missed > 0: 0 in 3 runs (", "\nFAILED: fail if p50 > 1ns: 1.", "\ncaution: "].map(at);
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn a_sweep_in_trouble() {
        let mut results = Sweep { repeats: 1, streams: vec![synthetic(1.0, 128)], ..Sweep::quick() }.results();
        results.runs[2].generator.workers_cpu_ns[0] = 49_500_000_000;
        crate::fixture::fail(&mut results.runs[5], "connect", "only 1,203 of 4,000 clients were ready");
        insta::assert_snapshot!(summary_table(&results));
    }

    #[test]
    fn one_repeat_has_an_interval_within_it_that_is_no_claim() {
        let once = summary_table(&Sweep { repeats: 1, clients: vec![1_000], ..Sweep::quick() }.results());
        insta::assert_snapshot!(once);
        assert!(!summary_table(&Sweep::quick().results()).contains('†'));
    }

    #[test]
    fn no_runs_are_no_table() {
        let mut results = Sweep::quick().results();
        results.runs.clear();
        assert!(summary_table(&results).starts_with("No run was made.\ncaution: The sweep is unfinished: 0 of 18"));
    }

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let mut results = Sweep::large().results();
        for run in &mut results.runs {
            run.counts.duplicated = 3;
        }
        // Two repeats that are far apart: intervals without an end.
        let mut apart = Sweep { repeats: 2, ..Sweep::transports() }.results();
        for run in apart.runs.iter_mut().filter(|run| run.repeat == 1 && run.point.transport == BASELINE) {
            run.latency = histogram(vec![40_000_000; 50_000]);
            run.server.as_mut().unwrap().cpu.total_ns *= 30;
            run.server.as_mut().unwrap().plateaus.idle.as_mut().unwrap().pss *= 9;
        }
        for text in [summary_table(&results), summary_table(&apart)] {
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        }
        assert!(summary_table(&apart).contains("over 1,000"));
    }
}
