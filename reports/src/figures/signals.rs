//! What it takes a client to be heard: its own signals, while updates flow.

use super::{
    figure::{Figure, Table},
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::metrics::{
    Metric::{self, SignalLatenessMs, SignalMs, UnansweredSignals, WayUpMs},
    Quantile::{P50, P99},
};

const SHOWN: [Metric; 2] = [SignalMs(P50), SignalMs(P99)];
const LISTED: [Metric; 7] = [
    SignalMs(P50),
    SignalMs(P99),
    WayUpMs(P50),
    WayUpMs(P99),
    SignalLatenessMs(P50),
    SignalLatenessMs(P99),
    UnansweredSignals,
];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let panels = over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "signals");
    // A sweep without signals has nothing to tell.
    let table = if panels.is_empty() { Table::default() } else { source.values(&LISTED) };
    Figure {
        id: "signals",
        title: "Signals of clients",
        question: Question::Late,
        compares: SHOWN.to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.caption(
            "From the sending of a client’s signal to its acknowledgement: a text on the WebSocket that updates come over, \
             or a POST on a connection beside the one that a poll has taken. The way up ends when the server has read it. \
             A signal that was due while its client still waited for an acknowledgement counts from when it was due; how \
             late the generator’s own timers were is set down apart.",
            SHOWN[1],
        ),
        key: Key::Contenders,
        panels,
        table,
    }
}
