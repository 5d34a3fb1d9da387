//! How well the generator kept up: what every other figure rests on.

use super::{figure::Figure, key::Key, question::Question, source::Source};
use crate::metrics::{
    Metric::{
        self, FanOutBusyPercent, LatenessMs, LinkCpuUsPerPacket, LinkLatenessMs, LinkSerialisationMs, LoopLagMs,
        PacketsPerDelivery, PublishingMs, StolenPercent, WorkerBusyPercent,
    },
    Quantile::{P50, P99},
};

const LISTED: [Metric; 7] = [
    LoopLagMs(P50),
    LoopLagMs(P99),
    WorkerBusyPercent,
    FanOutBusyPercent,
    LatenessMs(P50),
    LatenessMs(P99),
    StolenPercent,
];

/// Where the publisher is the generator’s, and is answered.
const PUBLISHING: [Metric; 2] = [PublishingMs(P50), PublishingMs(P99)];

/// Where there was a link between.
const LINK: [Metric; 4] = [LinkLatenessMs(P99), LinkSerialisationMs(P50), PacketsPerDelivery, LinkCpuUsPerPacket];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "keeping-up",
        title: "How well the generator kept up",
        question: Question::KeptUp,
        compares: Vec::new(),
        idle: None,
        lead: String::new(),
        caption: "Loop lag is the time from the arrival of bytes in the generator’s kernel to their being read, on a sample \
                  of the connections: that much of every latency is the generator’s own. Lateness is the publisher’s \
                  behind its schedule. Publishing is the time from the sending of an update to a server of others until it was acknowledged, \
                  where it is. Stolen time went to other guests of the machine. The link’s lateness is what it took \
                  longer than it was to take once a packet’s turn had come; until then the packet stood behind others. Beyond the limits of METHODOLOGY.md \
                  a point is void, here as in every table and figure; the warnings above then give the number."
            .to_owned(),
        key: Key::Contenders,
        panels: Vec::new(),
        table: source.values(&[&LISTED[..], source.where_any_has(&PUBLISHING), source.where_any_has(&LINK)].concat()),
    }
}
