//! Every run, as it was made.

use maud::{Markup, html};
use protocol::results::Run;

use super::{scrolling, table};
use crate::{
    Results,
    compare::{Metric, Quantile},
    numbers::{count, number},
    warning, words,
};

const METRICS: [Metric; 6] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LatencyMs(Quantile::P99),
    Metric::LatencyMs(Quantile::P999),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
    Metric::HandshakeMs(Quantile::P50),
];

pub(super) fn section(results: &Results) -> Markup {
    if results.runs.is_empty() {
        return html! {};
    }
    let mut head =
        ["run", "load", "transport", "repeat", "expected", "delivered", "missed", "errors"].map(str::to_owned).to_vec();
    head.extend(METRICS.map(Metric::heading));
    let rows: Vec<Vec<String>> = results.runs.iter().map(row).collect();
    html! {
        section aria-labelledby="runs" {
            h2 id="runs" { "Every run" }
            details {
                summary { (count(results.runs.len() as u64)) " runs, in the order in which they were made" }
                (scrolling("Every run", &table(&head, &rows, 3)))
            }
            p class="note" { "All columns, in full precision, are in " code { "runs.csv" } " beside this page." }
        }
    }
}

fn row(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let mut row = vec![run.index.to_string(), words::load(&run.point.load), run.point.transport.title().to_owned()];
    // Repeats count from 0 in the files and from 1 among people.
    row.push((run.repeat + 1).to_string());
    row.extend([counts.expected, counts.delivered, counts.missed, counts.errors.values().sum()].map(count));
    row.extend(METRICS.map(|metric| value(run, metric)));
    row
}

fn value(run: &Run, metric: Metric) -> String {
    let void = || warning::of_point(&run.point, &[run]).iter().any(warning::Warning::voids_point);
    match metric.of_run(run) {
        _ if run.failure.is_some() => "failed".to_owned(),
        _ if void() => "void".to_owned(),
        Some(value) => number(value),
        None => "–".to_owned(),
    }
}
