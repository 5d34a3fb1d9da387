//! Every run, as it was made.

use maud::{Markup, html};
use protocol::results::Run;

use super::page::{folded, scrolling, table};
use crate::{
    compare::{Comparison, PointStatus, Side},
    metrics::{Metric, Quantile, Stated},
    read::Results,
    table::NOT_REACHED,
    words::{self, count, number},
};

const METRICS: [Metric; 7] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LastMs(Quantile::P90),
    Metric::LatencyMs(Quantile::P99),
    Metric::LatencyMs(Quantile::P999),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
    Metric::HandshakeMs(Quantile::P50),
];

pub(super) fn section(results: &Results, comparison: &Comparison<'_>) -> Markup {
    if results.runs.is_empty() {
        return html! {};
    }
    let mut head =
        ["run", "load", "transport", "repeat", "expected", "delivered", "missed", "errors"].map(str::to_owned).to_vec();
    head.extend(METRICS.map(Metric::heading));
    let rows: Vec<Vec<String>> = results.runs.iter().map(|run| row(run, comparison.side_of(run))).collect();
    let content = html! {
        (scrolling("Every run", &table(&head, &rows, 3)))
        p class="note" { "All columns, in full precision, are in " code { "runs.csv" } ", beside this page and in it." }
    };
    let gist = format!("{} runs, in the order in which they were made", count(results.runs.len() as u64));
    folded("runs", "Every run", &gist, &content)
}

fn row(run: &Run, side: Option<&Side<'_>>) -> Vec<String> {
    let counts = &run.counts;
    // Runs and repeats count from 0 in the files and from 1 among people.
    let mut row =
        vec![(run.index + 1).to_string(), words::load(&run.point.load), run.point.transport.title().to_owned()];
    row.push((run.repeat + 1).to_string());
    row.extend([counts.expected, counts.delivered, counts.missed, counts.errors.values().sum()].map(count));
    row.extend(METRICS.map(|metric| value(run, side, metric)));
    row
}

/// A run's own value, unless its point is void: one bad repeat among three voids them all, here too.
fn value(run: &Run, side: Option<&Side<'_>>, metric: Metric) -> String {
    match (side.map(Side::status), metric.of_run(run)) {
        (Some(PointStatus::Valid), None) if metric.stated(run) == Some(Stated::NotReached) => NOT_REACHED.to_owned(),
        (Some(PointStatus::Valid), Some(value)) => number(value),
        (Some(PointStatus::Valid), None) => "–".to_owned(),
        (Some(PointStatus::Void(_)), _) => "void".to_owned(),
        (Some(PointStatus::Unfinished) | None, _) => "failed".to_owned(),
    }
}
