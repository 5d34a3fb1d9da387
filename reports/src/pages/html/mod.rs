//! `report.html`: one page that opens offline, on any screen and on paper.

mod capacity;
mod cards;
mod carried;
mod changes;
mod comparison;
mod figures;
mod folklore;
mod index;
mod method;
mod overview;
mod page;
mod runs;
mod service;
mod setup;
mod thresholds;

pub(crate) use changes::changes;
pub(crate) use index::index;

use maud::{Markup, html};

use self::page::page;
use crate::{
    compare::Comparison,
    judge::{capacity::Searched, thresholds as judge},
    read::Results,
};

/// The whole page.
pub(crate) fn report(results: &Results) -> String {
    let main = match Searched::of(results) {
        None => sweep(results),
        Some(searched) => html! {
            @match searched {
                Ok(searched) => { (capacity::main(results, &searched)) }
                Err(why) => { (capacity::unreadable(results, &why)) }
            }
            (setup::section(results))
            (method::section(results))
        },
    };
    let footer = html! { (carried::section(results)) };
    page(&format!("pushbench: {}", results.manifest.scenario.name), &main, &footer)
}

fn sweep(results: &Results) -> Markup {
    let (comparison, judged) = (Comparison::of(results), judge(results));
    html! {
        (overview::header(results, &comparison))
        (carried::unfinished(results))
        (thresholds::badge(&judged))
        (thresholds::section(&judged))
        (overview::warnings(results, ""))
        (figures::section(results, &comparison))
        (service::section(results, &comparison))
        (comparison::section(&comparison, &results.manifest.scenario))
        (folklore::section(results, &comparison))
        (runs::section(results, &comparison))
        (setup::section(results))
        (method::section(results))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Engine;

    use super::*;
    use crate::fixture::{Searched, Sweep, fail, synthetic};

    #[test]
    fn the_page_stands_alone() {
        let page = report(&Sweep::quick().results());
        for outside in
            ["src=", "<link", "@import", "url(", "import ", "import(", "fetch(", "XMLHttpRequest", "eval(", "onclick"]
        {
            assert!(!page.contains(outside), "{outside}");
        }
        let inert_or_inline = ["module\">", "application/json\" ", "application/gzip\" "];
        let scripts: usize =
            inert_or_inline.iter().map(|kind| page.matches(&format!("<script type=\"{kind}")).count()).sum();
        assert_eq!(page.matches("<script").count(), scripts);
        assert!(
            !page.contains("<button"),
            "a control is made by its script, or it stands there where scripts are dead"
        );
        assert_eq!(page.matches("<h1").count(), 1);
        assert_eq!(page.matches("<figure").count(), page.matches("<figcaption").count());
    }

    /// What stands in an attribute, wherever it is given.
    fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
        page.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn headings_follow_one_another_and_landmarks_have_names_of_their_own() {
        let paths = vec![None, crate::fixture::through(40.0)];
        for results in [Sweep::quick().results(), Sweep { paths, clients: vec![10, 100], ..Sweep::quick() }.results()] {
            let page = report(&results);
            let levels: Vec<u32> = page.split("<h").filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
            assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1) && levels[0] == 1, "{levels:?}");
            let ids = attributes(&page, "id");
            let named = |id: &&str| ids.iter().filter(|known| *known == id).count();
            assert!(
                attributes(&page, "aria-labelledby")
                    .iter()
                    .flat_map(|names| names.split(' '))
                    .all(|id| named(&id) == 1)
            );
            let mut names: Vec<&str> =
                page.split("role=\"region\" aria-label=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let is_heading = |rest: &&str| rest.starts_with(|first: char| first.is_ascii_digit());
            let titles = page.split("<h").filter(is_heading).filter_map(|rest| rest.split(['>', '<']).nth(1));
            names.extend(titles);
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "a region is named as a section is: {names:?}");
        }
    }

    /// What people read of a page: not its scripts, nor their data.
    fn read(page: &str) -> String {
        let after = |part: &str| part.split_once("</script>").map_or(String::new(), |(_, rest)| rest.to_owned());
        let mut parts = page.split("<script");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + &after(part))
    }

    #[test]
    fn two_engines_are_named_wherever_loads_are_and_one_that_nobody_said_is_not() {
        let of = |engines: &[Option<Engine>]| report(&Sweep { engines: engines.to_vec(), ..Sweep::quick() }.results());
        let both = of(&[Some(Engine::Lean), Some(Engine::Stock)]);
        for name in
            ["with hand-written code", "with hyper and tungstenite", "4,000 clients, lean", "4,000 clients, stock"]
        {
            assert!(both.contains(name), "{name}");
        }
        let not_said = read(&of(&[None]));
        for name in ["hand-written code", "with hyper and tungstenite", "lean", "stock", "engine"] {
            assert!(!not_said.contains(name), "{name}");
        }
    }

    #[test]
    fn servers_are_named_with_what_started_them() {
        let page = report(&Sweep { peers: vec!["socketio", "ws", "own"], ..Sweep::quick() }.results());
        for name in
            ["4,000 clients, socketio", "4,000 clients, ws", "4,000 clients, own, lean", "WebSocket : socketio’s"]
        {
            assert!(page.contains(name), "{name}");
        }
        let setup = "a fresh one for every run: socketio, by node socketio.mjs {host} {port}, updates by feed; ws, by";
        assert!(page.contains(setup));
    }

    #[test]
    fn names_are_escaped_wherever_they_stand() {
        let evil = "<script>alert(1)</script>";
        let mut results = Sweep { clients: vec![10], peers: vec![evil, "own"], ..Sweep::quick() }.results();
        results.manifest.scenario.name = evil.to_owned();
        results.manifest.scenario.why = evil.to_owned();
        results.manifest.command = vec!["loadgen".to_owned(), evil.to_owned()];
        results.manifest.machine.cpu = evil.to_owned();
        let feed = protocol::results::Stream::Replay { feed: format!("feeds/{evil}"), speed: 2.0 };
        for run in &mut results.runs {
            run.point.load.stream = feed.clone();
            run.counts.errors.insert(evil.to_owned(), 1);
        }
        fail(&mut results.runs[0], evil, evil);
        assert!(!report(&results).contains("<script>"));
    }

    #[test]
    fn what_goes_wrong_leaves_a_page() {
        let quick = Sweep::quick();
        let mut none = quick.results();
        none.runs.clear();
        assert!(report(&none).contains("No run was made."));

        let mut failed = quick.results();
        failed.runs.iter_mut().for_each(|run| fail(run, "connect", "refused"));
        assert!(report(&failed).contains("No load of this sweep allows a comparison"));

        let mut unseen = quick.results();
        unseen.runs.iter_mut().for_each(|run| run.server = None);
        assert!(report(&unseen).contains("process could not be read in 18 of 18 runs"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn whatever_happened_there_is_a_page(
            clients in proptest::collection::btree_set(1..5_000_u32, 1..5),
            rate_hz in 0.1..50.0_f64,
            repeats in 1..4_u32,
            troubles in proptest::collection::vec((0..40_usize, 0..6), 0..9),
        ) {
            let clients = clients.into_iter().collect();
            let sweep = Sweep { clients, streams: vec![synthetic(rate_hz, 64)], repeats, ..Sweep::quick() };
            let mut results = sweep.results();
            for (index, trouble) in troubles {
                let run = index % results.runs.len();
                befall(&mut results.runs[run], trouble);
            }
            let page = read(&report(&results));
            prop_assert!(!page.contains("NaN") && !page.contains(">inf"));
        }
    }

    fn befall(run: &mut protocol::results::Run, trouble: i32) {
        match trouble {
            0 => fail(run, "connect", "refused"),
            1 => run.server = None,
            2 => run.latency = crate::fixture::histogram([]),
            3 => run.traffic = protocol::results::Traffic::default(),
            4 => run.generator.workers_cpu_ns = vec![u64::MAX],
            _ => {
                run.slices.clear();
                run.measure_from_ms = None;
            }
        }
    }

    #[test]
    fn a_page_that_is_too_large_is_too_slow_to_open() {
        let page = read(&report(&Sweep::large().results()));
        assert!(page.len() < 2_000_000, "{} bytes", page.len());
    }

    #[test]
    fn a_search_has_its_table_and_marks_and_nothing_of_repeats() {
        let results = Searched::small().results();
        let page = read(&report(&results));
        for part in [
            "Last success / first failure",
            "last.p99&lt;=50ms",
            "Every trial",
            "Updates in a write",
            "updates later than 50 ms, %",
        ] {
            assert!(page.contains(part), "{part}");
        }
        for part in [
            "class=\"cards\"",
            "id=\"comparison\"",
            "id=\"decides\"",
            "id=\"service\"",
            "single repeat",
            "repeats</dt>",
            "NaN",
            ">inf",
        ] {
            assert!(!page.contains(part), "{part}");
        }
        let judged = results.runs.iter().filter(|run| run.trial.is_some_and(|trial| trial.number > 0)).count();
        assert_eq!(page.matches("class=\"tip\"").count(), 5 * judged, "every trial is a mark in every picture");
        assert!(page.len() < 1_000_000, "{} bytes", page.len());
    }

    #[test]
    fn a_search_without_trials_or_that_nobody_can_read_has_a_page() {
        let mut results = Searched::small().results();
        results.runs.clear();
        assert!(report(&results).contains("No trial was made."));
        results.manifest.scenario.search.as_mut().unwrap().goals = vec!["<script>".to_owned()];
        let page = report(&results);
        assert!(page.contains("The search in manifest.json cannot be read") && !page.contains("<script>\""), "{page}");
    }

    #[test]
    fn zero_deliveries_give_no_number() {
        // Nothing is due within fifty seconds.
        let results = Sweep { streams: vec![synthetic(0.01, 128)], ..Sweep::quick() }.results();
        let page = read(&report(&results));
        assert!(!page.contains("NaN") && !page.contains(">inf"));
        assert!(page.contains("no update was due in the measure phase"));
    }
}
