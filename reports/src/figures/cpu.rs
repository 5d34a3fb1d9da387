//! What one delivery costs the server.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Stack},
    source::Source,
};
use crate::metrics::Metric;

const PARTS: [Metric; 2] = [Metric::UserCpuUsPerDelivery, Metric::KernelCpuUsPerDelivery];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let stack = Stack { whole: Metric::CpuUsPerDelivery, parts: &PARTS };
    Figure {
        id: "cpu",
        title: "Server CPU per delivery",
        caption: source.caption(
            "Strong colour is time in the server’s own code, pale is time in the kernel on its behalf, and a tone between \
             is both, where there was too little to tell them apart; lower is better.",
            Metric::CpuUsPerDelivery,
        ),
        key: Key::Contenders,
        panels: over_axis::bars(&source.sweep, &[stack], "cpu"),
        table: source.table(&[stack.whole, PARTS[0], PARTS[1], Metric::GeneratorCpuUsPerDelivery]),
    }
}
