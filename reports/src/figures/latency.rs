//! Latency over the axis: the median, and the tail.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    source::Source,
};
use crate::metrics::{Metric, Quantile};

const SHOWN: [Metric; 2] = [Metric::LatencyMs(Quantile::P50), Metric::LatencyMs(Quantile::P99)];
const LISTED: [Metric; 4] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LatencyMs(Quantile::P90),
    Metric::LatencyMs(Quantile::P99),
    Metric::LatencyMs(Quantile::P999),
];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "latency",
        title: "Latency under load",
        caption: source.caption(
            "Lower is better; the thin bars span the least and the greatest of the repeats.",
            Metric::LatencyMs(Quantile::P99),
        ),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "latency"),
        table: source.table(&LISTED),
    }
}
