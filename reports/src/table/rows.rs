//! The comparison as rows of cells, whatever they are then set in: the terminal, Markdown or HTML.

use protocol::results::Load;

use super::cell::Cell;
use crate::{
    compare::{COMPARED, Case, Comparison, Ratio, Side, Sweep},
    metrics::Metric,
    points::Contender,
    words::{self, count},
};

/// What the comparison table shows of each point, in this order; what was missed stands apart.
pub(crate) const COLUMNS: [Metric; 5] = COMPARED;

/// A row of the comparison table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The load by what distinguishes it; empty if the row above has it.
    pub(crate) load: String,
    /// The contender, or the pair whose ratio this is.
    pub(crate) who: String,
    /// Whether it is a ratio.
    pub(crate) is_ratio: bool,
    /// One cell a metric of [`COLUMNS`].
    pub(crate) cells: Vec<Cell>,
    /// Updates that never arrived; empty in a ratio.
    pub(crate) missed: String,
}

/// The rows of a comparison: a row a transport, then the ratios to the baseline and to the first server, load by load.
pub(crate) fn comparison_rows(comparison: &Comparison<'_>) -> Vec<Row> {
    rows_of(comparison, comparison.cases.iter())
}

/// The rows of some of its loads, named as among all.
pub(crate) fn rows_of<'c>(comparison: &Comparison<'_>, cases: impl Iterator<Item = &'c Case<'c>>) -> Vec<Row> {
    let sweep = Sweep::of(comparison);
    let mut rows = Vec::new();
    for case in cases {
        let mut load = sweep.name_of(&case.load);
        for (contender, side) in &case.sides {
            rows.push(of_side(std::mem::take(&mut load), *contender, side));
        }
        rows.extend(case.against_baseline().map(|(contender, baseline)| {
            let who = format!("{} : {}", contender.title(), baseline.title());
            of_ratio(who, |metric| case.ratio(contender, metric))
        }));
        rows.extend(comparison.across(case).map(|(contender, first)| {
            let who = format!("{} : {}’s", contender.title(), first.server_name());
            of_ratio(who, |metric| case.ratio_to(first, contender, metric))
        }));
    }
    rows
}

fn of_side(load: String, contender: Contender, side: &Side<'_>) -> Row {
    let cell = |metric| Cell::of_side(side, metric);
    let missed = if side.is_valid() { count(side.missed()) } else { cell(COLUMNS[0]).text };
    Row { load, who: contender.title(), is_ratio: false, cells: COLUMNS.map(cell).to_vec(), missed }
}

fn of_ratio(who: String, ratio: impl Fn(Metric) -> Option<Ratio>) -> Row {
    Row {
        load: String::new(),
        who,
        is_ratio: true,
        cells: COLUMNS.map(|metric| Cell::ratio(ratio(metric), metric)).to_vec(),
        missed: String::new(),
    }
}

/// What all loads have in common, in words; none if nothing is.
pub(crate) fn common_load(comparison: &Comparison<'_>) -> Option<String> {
    let first = &comparison.cases.first()?.load;
    let same_stream = comparison.cases.iter().all(|case| case.load.stream == first.stream);
    let same_clients = comparison.cases.iter().all(|case| case.load.clients == first.clients);
    match (same_clients, same_stream) {
        (true, true) => {
            let same_peer = comparison.cases.iter().all(|case| case.load.peer == first.peer);
            let peer = first.peer.clone().filter(|_| same_peer);
            Some(words::load(&Load { peer, ..first.clone() }))
        }
        (false, true) => Some(words::stream(&first.stream)),
        (true, false) => Some(words::clients(first.clients)),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, read::Results};

    fn all_rows(results: &Results) -> Vec<Row> {
        comparison_rows(&Comparison::of(results))
    }

    /// The quick sweep with one point's generator saturated in one of its repeats.
    fn with_void_point() -> Results {
        let mut results = fixture::Sweep::quick().results();
        results.runs[5].generator.workers_cpu_ns[0] = 49_500_000_000;
        results
    }

    #[test]
    fn a_void_point_never_shows_a_number() {
        let rows = all_rows(&with_void_point());
        let void: Vec<_> = rows.iter().filter(|row| row.missed == "void").collect();
        assert_eq!(void.len(), 1);
        assert!(void[0].cells.iter().all(|cell| *cell == Cell::word("void")));
    }

    #[test]
    fn a_void_point_has_no_ratio() {
        let ratios = |results: &Results| all_rows(results).iter().filter(|row| row.is_ratio).count();
        assert_eq!(ratios(&fixture::Sweep::quick().results()), 3);
        assert_eq!(ratios(&with_void_point()), 2);
    }

    #[test]
    fn each_transport_of_a_server_is_set_against_that_of_the_first() {
        let peers = vec!["ws", "socketio", "own"];
        let mut results = fixture::Sweep { peers, clients: vec![10], ..fixture::Sweep::quick() }.results();
        let ratios = |results: &Results| {
            all_rows(results).into_iter().filter(|row| row.is_ratio).map(|row| row.who).collect::<Vec<_>>()
        };
        let (within, across) = ("long polling : WebSocket", "WebSocket : ws’s");
        assert_eq!(ratios(&results), [within, across, within, across]);
        // The first of all is void.
        results.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert_eq!(ratios(&results), [within, within]);
    }

    #[test]
    fn a_point_whose_runs_all_failed_says_so() {
        let mut results = fixture::Sweep::quick().results();
        for repeat in 0..3 {
            fixture::fail(&mut results.runs[repeat * 6], "connect", "refused");
        }
        assert_eq!(all_rows(&results)[0].cells[0].text, "failed");
    }

    #[test]
    fn one_failed_repeat_leaves_the_others() {
        let mut results = fixture::Sweep::quick().results();
        fixture::fail(&mut results.runs[0], "connect", "refused");
        let comparison = Comparison::of(&results);
        let p50 = comparison.cases[0].measure(comparison.cases[0].baseline().unwrap(), COLUMNS[0]).unwrap();
        assert_eq!(p50.repeats, 2);
    }

    #[test]
    fn one_repeat_has_no_spread() {
        let streams = vec![fixture::synthetic(1.0, 128)];
        let results = fixture::Sweep { repeats: 1, streams, ..fixture::Sweep::quick() }.results();
        let rows = all_rows(&results);
        let cells = || rows.iter().flat_map(|row| &row.cells);
        let (few, others): (Vec<_>, Vec<_>) = cells().partition(|cell| !cell.under.is_empty());
        assert!(others.iter().all(|cell| cell.spread.is_empty()), "no interval within a run either, of so few");
        // 50 updates state no p90.
        assert!(few.len() == 6 && few.iter().all(|cell| cell.spread == "slowest of 50 fan-outs"), "{few:?}");
    }
}
