//! What one delivery costs the server.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Stack},
    question::Question,
    source::Source,
};
use crate::metrics::Metric;

const PARTS: [Metric; 2] = [Metric::UserCpuUsPerDelivery, Metric::KernelCpuUsPerDelivery];

/// Whose receiving is whose, and how often Linux acknowledged.
const BESIDE: [Metric; 6] = [
    Metric::GeneratorCpuUsPerDelivery,
    Metric::PublisherCpuUsPerDelivery,
    Metric::BothCpuUsPerDelivery,
    Metric::SegmentsPerDelivery,
    Metric::DelayedAcksPerDelivery,
    Metric::PureAcksPerDelivery,
];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let stack = Stack { whole: Metric::CpuUsPerDelivery, parts: &PARTS };
    let mut caption = source.caption(
        "Strong colour is time in the server’s own code, pale is time in the kernel on its behalf, and a tone between \
         is both, where there was too little to tell them apart; lower is better. On loopback who sends pays for the other’s \
         receiving: the server for updates, the generator for polls, so look at both together too.",
        stack.whole,
    );
    if let Some(note) = &source.quickly_acknowledged {
        caption = format!("{caption} {note}");
    }
    Figure {
        id: "cpu",
        title: "Server CPU per delivery",
        question: Question::Cpu,
        compares: vec![stack.whole],
        idle: None,
        lead: String::new(),
        caption,
        key: Key::Contenders,
        panels: over_axis::bars(&source.sweep, &[stack], "cpu"),
        table: source.table(&[[stack.whole, PARTS[0], PARTS[1]].as_slice(), &BESIDE].concat()),
    }
}
