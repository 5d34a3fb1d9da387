//! Every picture of the report, in the order in which they are shown; one file a figure.

mod capacity;
mod cpu;
mod draw;
mod figure;
mod handshake;
mod inside;
mod keeping_up;
mod key;
mod latency;
mod map;
mod memory;
mod over_axis;
mod over_time;
mod percentiles;
mod polling;
mod predicted;
mod question;
mod recovery;
mod signals;
mod source;
mod throughput;
mod traffic;
mod trend;

pub(crate) use capacity::of_search;
pub(crate) use draw::{painted, theme};
pub(crate) use figure::Figure;
pub(crate) use key::{Key, legend};
pub(crate) use question::Question;
pub(crate) use trend::trends;

use self::source::Source;
use crate::{compare::Comparison, read::Results};

/// Every figure that has something to show.
pub(crate) fn all(results: &Results, comparison: &Comparison<'_>) -> Vec<Figure> {
    let source = Source::of(results, comparison);
    let figures = [
        map::figure,
        percentiles::figure,
        latency::figure,
        inside::figure,
        predicted::figure,
        polling::figure,
        recovery::figure,
        signals::figure,
        throughput::figure,
        memory::figure,
        over_time::figure,
        cpu::figure,
        traffic::figure,
        handshake::figure,
        keeping_up::figure,
    ];
    figures.into_iter().map(|figure| figure(&source)).filter(Figure::shows).collect()
}

#[cfg(test)]
mod tests {
    use protocol::results::Polls;

    use super::*;
    use crate::fixture;

    fn figures(sweep: &fixture::Sweep) -> Vec<Figure> {
        let results = sweep.results();
        all(&results, &Comparison::of(&results))
    }

    #[test]
    fn the_quick_sweep_has_every_figure_with_ids_of_its_own() {
        let figures = figures(&fixture::Sweep::quick());
        assert_eq!(figures.len(), 11);
        let page: String = figures.iter().flat_map(|figure| &figure.panels).map(|panel| panel.svg.as_str()).collect();
        let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn beside_cpu_stands_that_it_was_measured_within_quick_acknowledgement() {
        let mut results = fixture::Sweep::quick().results();
        let caption = |results: &Results| {
            let figures = all(results, &Comparison::of(results));
            figures.into_iter().find(|figure| figure.id == "cpu").unwrap().caption
        };
        results.manifest.scenario.polls = Polls::AtOnce;
        assert!(!caption(&results).contains("quick acknowledgement"));
        results.runs.iter_mut().for_each(|run| run.stream.before = Some(17));
        assert!(caption(&results).contains("quick acknowledgement: 17 updates went before"), "{}", caption(&results));
    }

    #[test]
    fn beside_latency_stands_what_a_p99_takes_where_there_is_none() {
        let said = |repeats| {
            let results = fixture::Sweep { repeats, ..fixture::Sweep::quick() }.results();
            let figures = all(&results, &Comparison::of(&results));
            let latency = figures.into_iter().find(|figure| figure.id == "latency").unwrap();
            latency.caption.contains("A p99 is drawn where 1,000 updates or more were due")
        };
        assert_eq!([1, 2].map(said), [true, false], "500 updates a repeat");
    }

    #[test]
    fn what_older_runs_did_not_count_is_left_out() {
        let mut results = fixture::Sweep::quick().results();
        results.runs.iter_mut().for_each(|run| run.tcp = None);
        let figures = all(&results, &Comparison::of(&results));
        let cpu = &figures.iter().find(|figure| figure.id == "cpu").unwrap().table;
        let segments = cpu.head.iter().position(|head| head.contains("TCP segments")).unwrap();
        assert!(cpu.rows.iter().all(|row| row[segments] == "–"), "{:?}", cpu.rows);
    }

    #[test]
    fn one_point_is_drawn_as_bars() {
        let one = fixture::Sweep { clients: vec![1_000], ..fixture::Sweep::quick() };
        let figures = figures(&one);
        let latency = figures.iter().find(|figure| figure.id == "latency").unwrap();
        assert!(latency.panels.iter().all(|panel| panel.svg.contains("<rect") && !panel.svg.contains("r=\"14\"")));
    }

    #[test]
    fn another_axis_may_be_the_one_that_varies() {
        let rates = [1.0, 10.0, 50.0].map(|rate_hz| fixture::synthetic(rate_hz, 128)).to_vec();
        let figures = figures(&fixture::Sweep { clients: vec![500], streams: rates, ..fixture::Sweep::quick() });
        let latency = figures.iter().find(|figure| figure.id == "latency").unwrap();
        assert!(latency.panels[0].svg.contains("updates/s"));
        assert_eq!(latency.panels.len(), 2);
    }

    #[test]
    fn no_line_leads_from_loopback_to_a_round_trip() {
        let paths = vec![None, fixture::through(0.0), fixture::through(40.0)];
        let figures = figures(&fixture::Sweep { paths, clients: vec![100], ..fixture::Sweep::quick() });
        let latency = figures.iter().find(|figure| figure.id == "latency").unwrap();
        let titles: Vec<_> = latency.panels.iter().map(|panel| panel.title.contains(": loopback")).collect();
        assert_eq!(titles, [true, true, false, false]);
        assert!(latency.panels[0].svg.contains("<rect") && latency.panels[2].svg.contains("round trip, ms"));
    }

    #[test]
    fn a_replayed_feed_is_drawn_over_its_speed() {
        let feed = |speed| protocol::results::Stream::Replay { feed: "feeds/market.ndjson".to_owned(), speed };
        let streams = [1.0, 2.0, 5.0].map(feed).to_vec();
        let figures = figures(&fixture::Sweep { clients: vec![200], streams, ..fixture::Sweep::quick() });
        let latency = figures.iter().find(|figure| figure.id == "latency").unwrap();
        assert!(latency.panels[0].svg.contains("replay speed"));
        assert!(latency.caption.contains("At 200 clients and feed market.ndjson at 5×"), "{}", latency.caption);
    }

    #[test]
    fn a_line_ends_before_a_void_point() {
        let lines = |results: &crate::read::Results| {
            let latency = super::latency::figure(&Source::of(results, &Comparison::of(results)));
            latency.panels[0].svg.matches("stroke=\"#d9620f\" stroke-dasharray").count()
        };
        let mut results = fixture::Sweep { clients: vec![10, 100, 1_000, 4_000], ..fixture::Sweep::quick() }.results();
        assert_eq!(lines(&results), 1);
        results.runs[3].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert_eq!(lines(&results), 2, "one point, then a line of two");
    }

    #[test]
    fn several_axes_make_several_panels_and_say_what_is_left_out() {
        let figures = figures(&fixture::Sweep { repeats: 2, ..fixture::Sweep::large() });
        let latency = figures.iter().find(|figure| figure.id == "latency").unwrap();
        assert_eq!(latency.panels.len(), 8, "four sizes, two percentiles");
        assert!(latency.caption.contains("1 further setting of the other axes is in the table only"));
        assert_eq!(latency.table.rows.len(), 40);
    }

    #[test]
    fn servers_share_a_picture_where_nothing_else_varies_and_have_their_own_where_something_does() {
        let peers = vec!["socketio", "ws", "sockjs", "faye", "nchan", "own"];
        let panels = |clients: Vec<u32>, engines: Vec<Option<protocol::Engine>>| {
            let figures =
                figures(&fixture::Sweep { peers: peers.clone(), clients, engines, ..fixture::Sweep::quick() });
            figures.into_iter().find(|figure| figure.id == "latency").unwrap().panels
        };
        let engines = protocol::Engine::ALL.map(Some).to_vec();
        let shared = panels(vec![1_000], engines.clone());
        assert_eq!(shared.len(), 2, "two percentiles");
        for name in ["socketio", "ws", "sockjs", "faye", "nchan", "own, lean", "own, stock"] {
            let label = format!("\n{name}\n</text>");
            assert_eq!(shared[0].svg.matches(&label).count(), 1, "{name}: {}", shared[0].svg);
        }
        assert_eq!(shared[0].svg.matches("class=\"tip\"").count(), 13, "ws has no long polling");
        assert_eq!(panels(vec![10, 1_000], engines).len(), 14, "seven servers, two percentiles");
    }

    #[test]
    fn a_point_says_what_it_was_made_from() {
        let of = |repeats| {
            let one = fixture::Sweep { clients: vec![1_000], repeats, ..fixture::Sweep::quick() };
            figures(&one).into_iter().find(|figure| figure.id == "memory").unwrap().panels.swap_remove(0).svg
        };
        let all = |svg: &str| {
            let said = svg.split("data-runs=\"").skip(1).filter_map(|rest| rest.split('"').next());
            said.map(|runs| runs.split(", ").count()).collect::<Vec<_>>()
        };
        let (once, thrice) = (of(1), of(3));
        assert_eq!((all(&once), all(&thrice)), (vec![1, 1], vec![3, 3]));
        assert_eq!(
            [&once, &thrice].map(|svg| svg.matches("data-interval=\"").count()),
            [0, 2],
            "one repeat spans nothing"
        );
        assert!(thrice.contains("data-of=\"WebSocket, 1,000 clients\" data-value=\""), "{thrice}");
    }

    #[test]
    fn a_void_point_is_a_word_in_every_picture() {
        let mut results = fixture::Sweep { clients: vec![1_000], ..fixture::Sweep::quick() }.results();
        results.runs[1].generator.workers_cpu_ns[0] = 49_500_000_000;
        for figure in all(&results, &Comparison::of(&results)) {
            for panel in &figure.panels {
                assert!(!panel.svg.contains("long polling, "), "{}", panel.title);
            }
            let cells = figure.table.rows.iter().filter(|row| row[1] == "long polling").flat_map(|row| &row[2..]);
            assert!(cells.into_iter().all(|cell| cell == "void"));
        }
    }

    #[test]
    fn nothing_measured_is_nothing_drawn() {
        let mut none = fixture::Sweep::quick().results();
        none.runs.clear();
        assert!(all(&none, &Comparison::of(&none)).is_empty());
    }
}
