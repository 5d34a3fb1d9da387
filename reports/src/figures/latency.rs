//! Latency over the axis: the median, and the tail.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::{
    metrics::{Metric, Quantile, Stated},
    words::count,
};

const SHOWN: [Metric; 2] = [Metric::LatencyMs(Quantile::P50), Metric::LatencyMs(Quantile::P99)];
const LISTED: [Metric; 4] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LatencyMs(Quantile::P90),
    Metric::LatencyMs(Quantile::P99),
    Metric::LatencyMs(Quantile::P999),
];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let p99 = Metric::LatencyMs(Quantile::P99);
    let reading = "Lower is better; the thin bars span the least and the greatest of the repeats.";
    let mut sides = source.comparison.cases.iter().flat_map(|case| case.sides.values());
    let reading = if sides.any(|side| matches!(side.stated(p99), Some(Stated::Slowest { .. }))) {
        let needed = count(Quantile::P99.updates_needed());
        format!("{reading} A p99 is drawn where {needed} updates or more were due, over all repeats.")
    } else {
        reading.to_owned()
    };
    Figure {
        id: "latency",
        title: "Latency under load",
        question: Question::Late,
        compares: SHOWN.to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.with_short_polls(source.caption(&reading, p99)),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "latency"),
        table: source.table(&LISTED),
    }
}
