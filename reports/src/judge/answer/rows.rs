//! Which loads the first screen speaks of.

use std::collections::{BTreeMap, BTreeSet};

use protocol::results::Load;

use super::says::Says;
use crate::{
    compare::{Case, Comparison, Ratio, Sweep},
    judge::{pair::Pair, places::place},
    metrics::{Metric, Quantile},
    points::{Axis, Contender},
};

/// More rows than this are no first screen.
const ROWS_MAX: usize = 4;
/// What latency is, where one has to do: of these the first that all rows state.
const LATENCIES: [Metric; 2] = [Metric::LastMs(Quantile::P90), Metric::LatencyMs(Quantile::P50)];

/// The rows of the first screen.
pub(crate) struct Chosen<'c> {
    /// In the order of the sweep.
    pub(crate) rows: Vec<Row<'c>>,
    /// How many there would have been.
    pub(crate) of: usize,
    /// What is called latency in all of them.
    pub(crate) latency: Metric,
    /// What the loads of the sweep differ by.
    pub(super) varied: Vec<Axis>,
}

impl Chosen<'_> {
    /// All who are compared, in the order in which they are shown.
    pub(crate) fn whose(&self) -> BTreeSet<Contender> {
        self.rows.iter().filter_map(Row::whose).collect()
    }

    /// The load of each row.
    pub(super) fn cases(&self) -> Vec<&Case<'_>> {
        self.rows.iter().map(|row| row.case).collect()
    }
}

/// A load of which the first screen speaks, and two who bore it.
pub(crate) struct Row<'c> {
    pub(crate) case: &'c Case<'c>,
    /// Who is compared; none where no load of this server, engine and path allows it.
    pub(crate) pair: Option<Pair<'c>>,
    /// Heavier loads of the same, which allow no comparison.
    pub(crate) passed_over: Vec<&'c Case<'c>>,
}

impl Row<'_> {
    /// Who is compared, if anybody is.
    pub(crate) fn whose(&self) -> Option<Contender> {
        self.pair.as_ref().map(|pair| pair.ours.contender())
    }
}

/// The heaviest load that can be compared of each server, engine and path, for each who is compared there. Where that leaves room for it,
/// before each the next lighter load at which latency is known to compare otherwise. Of more than four rows those in which latency is shown
/// to differ most, and one of each who is compared in any case. Between servers nothing is said, unless there is nothing else to say: eight of them are twenty-eight pairs.
pub(crate) fn chosen<'c>(comparison: &'c Comparison<'c>) -> Chosen<'c> {
    let mut rows = of_each_place(comparison, Pair::within, |case| case.sides.len() > 1);
    if rows.iter().all(|row| row.pair.is_none()) {
        let across = |case| Pair::across(case, comparison);
        let rows_across = of_each_place(comparison, across, |case| comparison.first_server(case).is_some());
        if rows_across.iter().any(|row| row.pair.is_some()) {
            rows = rows_across;
        }
    }
    let latency = latency_of(&rows);
    if 2 * rows.len() <= ROWS_MAX {
        rows = rows.into_iter().flat_map(|row| with_contrast(row, comparison, latency)).collect();
    }
    let of = rows.len();
    if of > ROWS_MAX {
        let apart =
            |row: &Row<'_>| row.pair.as_ref().and_then(|pair| pair.ratio(latency)).map_or(0.0, Ratio::shown_apart);
        let mut by_difference: Vec<(usize, f64)> = rows.iter().map(apart).enumerate().collect();
        by_difference.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let mut seen = BTreeSet::new();
        let (first, further): (Vec<_>, Vec<_>) =
            by_difference.into_iter().map(|(place, _)| place).partition(|place| seen.insert(rows[*place].whose()));
        let kept: Vec<usize> = first.into_iter().chain(further).take(ROWS_MAX).collect();
        let mut place = 0..;
        rows.retain(|_| place.next().is_some_and(|place| kept.contains(&place)));
    }
    Chosen { rows, of, latency, varied: Sweep::of(comparison).varied }
}

/// Of each server, engine and path the heaviest load of each who has a pair there, and this.
fn of_each_place<'c>(
    comparison: &'c Comparison<'c>,
    pairs: impl Fn(&'c Case<'c>) -> Vec<Pair<'c>>,
    was_to_be_compared: impl Fn(&Case<'_>) -> bool,
) -> Vec<Row<'c>> {
    let mut places: Vec<Load> = Vec::new();
    for case in comparison.cases.iter().filter(|case| was_to_be_compared(case)) {
        let place = place(&case.load);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let heaviest = comparison.heaviest_first();
    let of = |at: &Load| {
        let cases: Vec<_> = heaviest.iter().copied().filter(|case| place(&case.load) == *at).collect();
        let mut rows: BTreeMap<Contender, Row<'c>> = BTreeMap::new();
        for (before, case) in cases.iter().copied().enumerate() {
            for pair in pairs(case) {
                let row = |pair| Row { case, pair: Some(pair), passed_over: cases[..before].to_vec() };
                rows.entry(pair.ours.contender()).or_insert_with(|| row(pair));
            }
        }
        let none = cases.first().filter(|_| rows.is_empty());
        let none = none.map(|case| Row { case, pair: None, passed_over: Vec::new() });
        rows.into_values().chain(none).collect::<Vec<_>>()
    };
    places.iter().flat_map(of).collect()
}

fn latency_of(rows: &[Row<'_>]) -> Metric {
    let pairs = || rows.iter().filter_map(|row| row.pair.as_ref());
    let states = |metric: &Metric| pairs().all(|pair| pair.ratio(*metric).is_some());
    LATENCIES.into_iter().find(states).unwrap_or(LATENCIES[0])
}

/// A row, and before it the heaviest of the lighter loads of which it is known that latency compares otherwise.
fn with_contrast<'c>(row: Row<'c>, comparison: &'c Comparison<'c>, latency: Metric) -> Vec<Row<'c>> {
    let contrast = row.pair.as_ref().and_then(|pair| {
        let said = Says::of(pair.ratio(latency)?);
        let same = |case: &&&Case<'_>| place(&case.load) == place(&row.case.load);
        let heaviest = comparison.heaviest_first();
        let cases: Vec<_> = heaviest.iter().filter(same).copied().collect();
        let lighter = cases.into_iter().skip_while(|case| !std::ptr::eq(*case, row.case)).skip(1);
        lighter.flat_map(|case| Pair::within(case).into_iter().map(move |pair| (case, pair))).find_map(
            |(case, other)| {
                let says = Says::of(other.ratio(latency)?);
                let is_other =
                    other.ours.contender() == pair.ours.contender() && says.is_known() && says.differs_from(said);
                is_other.then_some(Row { case, pair: Some(other), passed_over: Vec::new() })
            },
        )
    });
    contrast.into_iter().chain([row]).collect()
}

#[cfg(test)]
mod tests {
    use protocol::{Engine, Transport};

    use super::*;
    use crate::{
        fixture::{Sweep, fail, receive, synthetic, through},
        read::Results,
        words,
    };

    /// The loads that are spoken of, and whether somebody is compared there.
    fn spoken_of(results: &Results) -> (Vec<(String, bool)>, usize) {
        let comparison = Comparison::of(results);
        let Chosen { rows, of, .. } = chosen(&comparison);
        (rows.iter().map(|row| (words::load(&row.case.load), row.pair.is_some())).collect(), of)
    }

    fn loads(results: &Results) -> Vec<String> {
        spoken_of(results).0.into_iter().map(|(load, _)| load).collect()
    }

    #[test]
    fn it_is_the_heaviest_load_of_each_engine_and_path() {
        let engines = vec![Some(Engine::Lean), Some(Engine::Stock)];
        let sweep = Sweep { engines, paths: vec![None, through(40.0)], clients: vec![10, 100], ..Sweep::quick() };
        let all = ["", ", stock"].map(|engine| ["", ", 40 ms round trip"].map(|path| (engine, path)));
        let said = loads(&sweep.results());
        assert_eq!(said.len(), 4, "{said:?}");
        for (engine, path) in all.into_iter().flatten() {
            let load = format!("100 clients, 10 updates/s of 128 B{engine}{path}");
            assert!(said.contains(&load), "{load}: {said:?}");
        }
    }

    #[test]
    fn a_void_load_is_passed_over_and_one_that_has_no_other_stays() {
        let mut results = Sweep::quick().results();
        results.runs[5].generator.workers_cpu_ns[0] = 49_500_000_000;
        let comparison = Comparison::of(&results);
        let rows = chosen(&comparison).rows;
        assert_eq!((rows.len(), rows[0].case.load.clients), (1, 1_000));
        assert_eq!(rows[0].passed_over.iter().map(|case| case.load.clients).collect::<Vec<_>>(), [4_000]);
        results.runs.iter_mut().for_each(|run| run.generator.workers_cpu_ns[0] = 49_500_000_000);
        assert_eq!(spoken_of(&results).0, [("4,000 clients, 10 updates/s of 128 B".to_owned(), false)]);
        results.runs.iter_mut().for_each(|run| fail(run, "connect", "refused"));
        assert_eq!(spoken_of(&results).0.len(), 1, "nor does one that failed");
    }

    #[test]
    fn of_more_than_four_it_is_those_that_differ_most() {
        let peers = vec!["a", "b", "c", "d", "e", "ws"];
        let mut results = Sweep { peers, clients: vec![1_000], ..Sweep::quick() }.results();
        for run in results.runs.iter_mut().filter(|run| run.point.transport == Transport::LongPoll) {
            let slow = if run.point.load.peer.as_deref() == Some("b") { 1 } else { 50 };
            receive(run, vec![slow * 1_000_000; 1_000]);
            run.fan_out.last = crate::fixture::histogram(vec![slow * 1_000_000; run.stream.updates as usize]);
        }
        let (said, of) = spoken_of(&results);
        assert_eq!((said.len(), of), (4, 5), "{said:?}");
    }

    #[test]
    fn each_who_is_compared_has_a_row_and_the_heaviest_load_of_its_own() {
        let who = |results: &Results| {
            let comparison = Comparison::of(results);
            let rows = chosen(&comparison).rows;
            rows.iter().map(|row| (row.whose().unwrap().transport, row.case.load.clients)).collect::<Vec<_>>()
        };
        let mut results = Sweep::transports().results();
        let kept = who(&results);
        assert_eq!(kept.len(), 4, "of six");
        for transport in &Transport::ALL[1..] {
            assert!(kept.contains(&(*transport, 1_000)), "{transport}: {kept:?}");
        }
        results.runs.retain(|run| run.point.load.engine == Some(Engine::Lean));
        let voided = |run: &&mut protocol::results::Run| {
            run.point.transport == Transport::Sse && run.point.load.clients == 1_000
        };
        results.runs.iter_mut().filter(voided).for_each(|run| run.generator.workers_cpu_ns[0] = 49_500_000_000);
        let [polled, events, asked] = [Transport::LongPoll, Transport::Sse, Transport::ShortPoll];
        assert_eq!(who(&results), [(polled, 1_000), (events, 100), (asked, 1_000)]);
    }

    #[test]
    fn a_lighter_load_at_which_latency_compares_otherwise_stands_before() {
        let streams = [1.0, 5.0, 25.0].map(|rate_hz| synthetic(rate_hz, 128)).to_vec();
        let mut results = Sweep { streams, clients: vec![100], paths: vec![through(40.0)], ..Sweep::quick() }.results();
        for run in &mut results.runs {
            let is_late = run.point.transport == Transport::LongPoll && run.stream.updates > 1_000;
            let ms = if is_late { 50 } else { 20 };
            run.fan_out.last = crate::fixture::histogram(vec![ms * 1_000_000; run.stream.updates as usize]);
        }
        let path = "40 ms round trip";
        let said = loads(&results);
        assert_eq!(said, [5, 25].map(|rate| format!("100 clients, {rate} updates/s of 128 B, {path}")));
    }

    #[test]
    fn servers_over_one_transport_are_compared_with_the_first() {
        let sweep = Sweep { peers: vec!["ws", "own"], transports: vec![Transport::WebSocket], ..Sweep::quick() };
        let results = sweep.results();
        let comparison = Comparison::of(&results);
        let rows = chosen(&comparison).rows;
        assert_eq!(rows.len(), 1);
        let pair = rows[0].pair.as_ref().unwrap();
        let who = Contender { transport: Transport::WebSocket, arm: None };
        assert_eq!((pair.ours.contender(), pair.whose.as_str()), (who, "ws"));
    }
}
