//! What a page asks for once a second: what the server counts for it, what the stream is, who else is there.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use protocol::{Engine, Transport, clock::now_ns, control::Change};
use serde::Serialize;

use super::{
    live::{Bounds, Live, RoundTrip},
    race::Page,
};
use crate::{connection::watch::Lane, response::json};

#[derive(Serialize)]
struct State {
    /// Tells one start of the server from another.
    pid: u32,
    /// As it began.
    stream: String,
    settings: Option<Change>,
    rtt_ms: u32,
    /// How often it was set: what was exchanged between two states of one count had that round trip.
    trips: u32,
    /// What makes it: `network`, `hold`, or nothing does.
    round_trip: Option<&'static str>,
    /// Why it is not a network.
    why: Option<String>,
    /// How clients are served; `past` if polls and events go past hyper.
    engine: &'static str,
    past: bool,
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
    let (rtt_ms, trips) = page.live.as_ref().map_or((0, 0), Live::rtt);
    let (round_trip, why) = match page.live.as_ref().map(|live| &live.round_trip) {
        None => (None, None),
        Some(RoundTrip::Hold { why }) => (Some("hold"), Some(why.clone())),
        Some(RoundTrip::Network(_)) => (Some("network"), None),
    };
    let state = State {
        pid: std::process::id(),
        stream: page.stream.clone(),
        settings: page.settings(),
        rtt_ms,
        trips,
        round_trip,
        why,
        engine: page.engine.name(),
        past: page.engine == Engine::Lean && page.hold().is_none(),
        bounds: page.live.as_ref().map(|_| Bounds::OF_A_RACE),
        lanes: Transport::SERVED.into_iter().map(lane).collect(),
        pages,
        events: events.into_iter().map(told).collect(),
    };
    json(StatusCode::OK, &state)
}
