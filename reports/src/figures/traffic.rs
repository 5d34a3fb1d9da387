//! What crosses the network for one delivery.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Stack},
    question::Question,
    source::Source,
};
use crate::metrics::Metric;

const BYTES: [Metric; 2] = [Metric::BytesInPerDelivery, Metric::BytesOutPerDelivery];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let stacks = [
        Stack { whole: Metric::RequestsPerDelivery, parts: &[] },
        Stack { whole: Metric::BytesPerDelivery, parts: &BYTES },
        Stack { whole: Metric::UpdatesPerPayload, parts: &[] },
    ];
    Figure {
        id: "traffic",
        title: "Requests and bytes per delivery",
        question: Question::Wire,
        compares: stacks.map(|stack| stack.whole).to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.caption(
            "Bytes are counted as they cross the clients’ sockets, heads and framing included, TCP and IP not: strong \
             colour is received, pale is sent. Connections are those that clients opened again because the server did not keep \
             theirs. More than one update a payload means that updates were delivered in batches.",
            Metric::BytesPerDelivery,
        ),
        key: Key::Contenders,
        panels: over_axis::bars(&source.sweep, &stacks, "traffic"),
        table: source.table(&[stacks[0].whole, Metric::ConnectionsPerDelivery, BYTES[0], BYTES[1], stacks[2].whole]),
    }
}
