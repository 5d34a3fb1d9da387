//! What a page asks for once a second: what the server counts for it, what the stream is, who else is there.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use protocol::{Transport, clock::now_ns, control::Change};
use serde::Serialize;

use super::{live::Bounds, race::Page};
use crate::{connection::watch::Lane, response::json};

#[derive(Serialize)]
struct State {
    /// Tells one start of the server from another.
    pid: u32,
    /// As it began.
    stream: String,
    settings: Option<Change>,
    rtt_ms: u32,
    /// Within which the sliders may be moved; none where there are none.
    bounds: Option<Bounds>,
    /// What the page that asks has cost.
    lanes: Vec<Counted>,
    /// How many pages are open.
    pages: usize,
    /// Oldest first.
    events: Vec<Told>,
}

#[derive(Serialize)]
struct Counted {
    transport: &'static str,
    #[serde(flatten)]
    lane: Lane,
}

#[derive(Serialize)]
struct Told {
    number: u64,
    ago_ms: u64,
    text: String,
}

/// The state, for a page by that name if it says one.
pub(super) fn of(page: &Page, name: Option<&str>) -> Response<Bytes> {
    let lanes = name.map(|name| page.watch.heard(name)).unwrap_or_default();
    let lane = |transport: Transport| Counted { transport: transport.name(), lane: lanes[transport as usize] };
    let (pages, events) = page.watch.seen();
    let now_ns = now_ns();
    let told = |event: crate::connection::watch::Event| Told {
        number: event.number,
        ago_ms: now_ns.saturating_sub(event.at_ns) / 1_000_000,
        text: event.text,
    };
    let state = State {
        pid: std::process::id(),
        stream: page.stream.clone(),
        settings: page.settings(),
        rtt_ms: page.hold().map_or(0, crate::stream::hold::Hold::rtt_ms),
        bounds: page.live.as_ref().map(|_| Bounds::OF_A_RACE),
        lanes: Transport::SERVED.into_iter().map(lane).collect(),
        pages,
        events: events.into_iter().map(told).collect(),
    };
    json(StatusCode::OK, &state)
}
