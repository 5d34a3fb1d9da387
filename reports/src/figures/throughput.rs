//! Deliveries a second, and what a second of the server’s CPU delivers.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::metrics::Metric;

const SHOWN: [Metric; 2] = [Metric::DeliveriesPerS, Metric::DeliveriesPerCpuS];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "throughput",
        title: "Throughput",
        question: Question::Cpu,
        compares: SHOWN.to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.caption(
            "The load sets the deliveries, so equal lines mean that all were made; what one CPU second delivers is the \
             headroom, and more is better.",
            Metric::DeliveriesPerCpuS,
        ),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "throughput"),
        table: source.table(&SHOWN),
    }
}
