//! How long a client takes until it is ready to be pushed to.

use super::{
    Figure, Key, Source,
    over_axis::{self, Scales},
};
use crate::compare::{Metric, Quantile};

const SHOWN: [Metric; 2] = [Metric::HandshakeMs(Quantile::P50), Metric::HandshakeMs(Quantile::P99)];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    Figure {
        id: "handshake",
        title: "Time to ready",
        caption: source.caption(
            "From the start of a connection until the server knows the client: TCP connect and the upgrade, or TCP \
             connect and a first poll answered.",
            SHOWN[0],
        ),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Fitting, "handshake"),
        table: source.table(&SHOWN),
    }
}
