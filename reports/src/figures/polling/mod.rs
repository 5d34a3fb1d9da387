//! What updates met at clients whose polls park: a parked poll, none, or an answer to ride in; and what theory says of it. A short poll
//! parks nowhere, and what it meets is its interval.

mod panels;

use protocol::Transport;

use super::{
    figure::{Figure, Table},
    key::Key,
    question::Question,
    source::Source,
};
use crate::{
    compare::{Case, Side},
    metrics::{
        Meeting,
        Metric::{self, ExchangeMs, MetMs, MetPercent, PredictedUnparkedPercent},
        Quantile::{P50, P99},
    },
    points::Contender,
    table::Cell,
    words::number,
};

/// Percent of the updates that are not worth a picture.
const HARDLY_ANY: f64 = 0.5;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "polling",
        title: "What an update met: long polling’s three cases",
        question: Question::Late,
        compares: Vec::new(),
        idle: idle(source),
        lead: String::new(),
        caption: "After an answer no poll is parked until the client’s next one is there, a round trip later. An update that \
                  is due meanwhile waits for that poll, or rides in its answer behind another (RFC 6202, section 2.2). \
                  What is left to 100% met a parked poll. The prediction is of the other two kinds together: what theory says of \
                  even or Poisson arrivals (METHODOLOGY), with the median exchange on an idle connection as the round trip. Of \
                  evenly spaced updates none is predicted until the gap between them is shorter than that; a fan-out that is \
                  still under way when the next update is due raises the share."
            .to_owned(),
        key: Key::Meetings,
        panels: panels::panels(&source.sweep, &askers(source)),
        table: Table { head: head(), rows: rows(source), open: true },
    }
}

/// That polls were parked whenever an update was due, but for hardly any.
fn idle(source: &Source<'_>) -> Option<String> {
    let parked =
        source.comparison.cases.iter().flat_map(sides).filter_map(|side| side.measure(MetPercent(Meeting::Parked)));
    let unparked = parked.map(|measure| 100.0 - measure.min).reduce(f64::max).filter(|share| *share < HARDLY_ANY)?;
    Some(if unparked > 0.0 {
        format!("At every load an update found a poll parked, but for {}% of them at the most.", number(unparked))
    } else {
        "At every load every update found a poll parked.".to_owned()
    })
}

/// Those of a load who meet anything.
fn sides<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Side<'c>> {
    let polls = |side: &&Side<'_>| side.runs().iter().any(|run| run.polling.is_some());
    case.sides.values().filter(|side| side.contender().transport == Transport::LongPoll).filter(polls)
}

/// All of them.
fn askers(source: &Source<'_>) -> Vec<Contender> {
    let asks = |contender: &Contender| {
        source.comparison.cases.iter().flat_map(sides).any(|side| side.contender() == *contender)
    };
    source.comparison.contenders().into_iter().filter(asks).collect()
}

fn head() -> Vec<String> {
    ["load", "the update met", "share, %", "p50 latency, ms", "p99 latency, ms"].map(str::to_owned).to_vec()
}

fn rows(source: &Source<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for case in &source.comparison.cases {
        for side in sides(case) {
            let load = source.sweep.name_of(&case.load);
            for (index, meeting) in Meeting::ALL.into_iter().enumerate() {
                let load = if index == 0 { load.clone() } else { String::new() };
                let metrics = [MetPercent(meeting), MetMs(meeting, P50), MetMs(meeting, P99)];
                rows.push(row(side, load, meeting.name().to_owned(), &metrics));
            }
            let round_trip = side.measure(ExchangeMs(P50)).map(|measure| number(measure.value));
            let round_trip = round_trip.map(|ms| format!(" (round trip {ms} ms)")).unwrap_or_default();
            let predicted = format!("predicted: no parked poll{round_trip}");
            rows.push(row(side, String::new(), predicted, &[PredictedUnparkedPercent]));
        }
    }
    rows
}

fn row(side: &Side<'_>, load: String, met: String, metrics: &[Metric]) -> Vec<String> {
    let mut row = vec![load, met];
    row.extend(metrics.iter().map(|metric| Cell::of_side(side, *metric).text));
    row.resize(head().len(), String::new());
    row
}

#[cfg(test)]
mod tests {
    use crate::{compare::Comparison, figures::all, fixture};

    #[test]
    fn only_who_asks_meets_polls_and_a_void_point_meets_none() {
        let mut results = fixture::Sweep { clients: vec![100], ..fixture::Sweep::quick() }.results();
        let rows = |results: &crate::read::Results| {
            let figures = all(results, &Comparison::of(results));
            figures.into_iter().find(|figure| figure.id == "polling").map(|figure| figure.table.rows)
        };
        assert_eq!(rows(&results).unwrap().len(), 4);
        results.runs[1].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert!(rows(&results).unwrap().iter().flat_map(|row| &row[2..]).all(|text| text == "void" || text.is_empty()));
        results.runs.iter_mut().for_each(|run| run.point.transport = protocol::Transport::ShortPoll);
        assert_eq!(rows(&results), None);
    }
}
