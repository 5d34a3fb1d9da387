//! What happens inside a delivery: how an update spreads over the clients, and how evenly it serves them.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::metrics::{
    Metric::{self, ClientSpread, Fairness, LastFromSendMs, LastMs, SpanMs, UpdatesPerPayload, UpdatesPerWrite},
    Quantile::{P50, P99},
};

const SHOWN: [Metric; 2] = [SpanMs(P50), SpanMs(P99)];
const LISTED: [Metric; 10] = [
    SpanMs(P50),
    SpanMs(P99),
    LastMs(P50),
    LastMs(P99),
    LastFromSendMs(P50),
    LastFromSendMs(P99),
    Fairness,
    ClientSpread,
    UpdatesPerPayload,
    UpdatesPerWrite,
];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "inside",
        title: "Inside a delivery",
        question: Question::Late,
        compares: SHOWN.to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.with_short_polls(source.caption(
            "The span of an update is the time from the first client that has it to the last. The table adds when the last \
             has it: from the due time, which is what counts here, and from the actual send, which is what a naive \
             benchmark would call latency, blind to a publisher that is late. Fairness is Jain’s index of the clients’ mean \
             latencies (Jain, Chiu and Hawe, 1984): 1 if all clients wait alike, 1/n if one of n does all the waiting; \
             slow : fast is the 99th to the 1st percentile of those means. Writes are counted by the server and updates by \
             the clients, so that a few of either fall outside the measure phase: updates per server write may be just \
             under 1.",
            SpanMs(P99),
        )),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "inside"),
        table: source.values(&LISTED),
    }
}
