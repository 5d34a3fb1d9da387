//! How long a client takes until it is ready to be pushed to.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::{
    compare::Side,
    judge::takeaway::takeaway,
    metrics::{
        Metric::{self, HandshakeMs, TlsHandshakeMs},
        Quantile::{P50, P99},
    },
};

const SHOWN: [Metric; 2] = [HandshakeMs(P50), HandshakeMs(P99)];
/// Shown as well where there is any TLS.
const TLS: [Metric; 2] = [TlsHandshakeMs(P50), TlsHandshakeMs(P99)];

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let with_tls = source.comparison.cases.iter().any(|case| case.load.tls);
    let (shown, tls) = if with_tls {
        let tls = " Under TLS its handshake is in that; it is shown by itself too. Each is a full one: nobody resumes a session.";
        ([SHOWN, TLS].concat(), tls)
    } else {
        (SHOWN.to_vec(), "")
    };
    let reading = format!(
        "From the start of a connection until the server knows the client: TCP connect, and then the upgrade, the head \
         of the events’ answer, or a first poll answered.{tls}"
    );
    Figure {
        id: "handshake",
        title: "Time to ready",
        question: Question::Breaks,
        compares: SHOWN.to_vec(),
        idle: idle(source),
        lead: String::new(),
        caption: source.caption(&reading, SHOWN[0]),
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &shown, Scales::Fitting, "handshake"),
        table: source.table(&shown),
    }
}

/// That nobody had to connect again, and so once a client is all that it counts.
fn idle(source: &Source<'_>) -> Option<String> {
    let mut runs = source.comparison.cases.iter().flat_map(|case| case.sides.values()).flat_map(Side::runs);
    let came_back = runs.any(|run| run.recovery.is_some() || run.traffic.connections > 0);
    let heaviest = source.comparison.heaviest_first();
    let said = heaviest.into_iter().find_map(|case| takeaway(case, SHOWN[0])).map(|said| format!(" {said}"));
    (!came_back).then(|| format!("No client had to connect again.{}", said.unwrap_or_default()))
}
