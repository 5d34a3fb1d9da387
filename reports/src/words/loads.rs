//! Loads in words, alike wherever they are named.

use protocol::{
    Engine,
    results::{Arrivals, Audience, Load, Path, RoundTrip, Stream},
};

use super::numbers::{count, number, setting};

/// `4,000 clients`
pub(crate) fn clients(clients: u32) -> String {
    format!("{} client{}", count(clients.into()), if clients == 1 { "" } else { "s" })
}

/// `10 updates/s of 128 B`, or `feed market.ndjson at 2×`
pub(crate) fn stream(stream: &Stream) -> String {
    match stream {
        Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
            let poisson = match arrivals {
                Arrivals::Constant => "",
                Arrivals::Poisson => ", Poisson",
            };
            format!("{} updates/s of {} B{poisson}", setting(*rate_hz), count((*payload_bytes).into()))
        }
        Stream::Pushed => "what the server pushes".to_owned(),
        Stream::Replay { feed, speed } => {
            let name = feed.rsplit('/').next().unwrap_or(feed);
            format!("feed {name} at {}×", setting(*speed))
        }
    }
}

/// `10 updates/s of 128 B to each room`
pub(crate) fn published(load: &Load) -> String {
    let whose = match (load.speak, load.audience) {
        (true, _) => " from each client",
        (false, Audience::Broadcast) => "",
        (false, Audience::Rooms { of: 1 }) => " to each client",
        (false, Audience::Rooms { .. }) => " to each room",
        (false, Audience::Topics { .. }) => " to each topic",
    };
    stream(&load.stream) + whose
}

/// `rooms of 20`
pub(crate) fn audience(audience: Audience) -> String {
    match audience {
        Audience::Broadcast => "all have the same".to_owned(),
        Audience::Rooms { of: 1 } => "a topic for each".to_owned(),
        Audience::Rooms { of } => format!("rooms of {}", count(of.into())),
        Audience::Topics { number } => format!("{} topics by Zipf’s law", count(number.into())),
    }
}

/// `40 ms round trip, 1% loss`
pub(crate) fn path(path: Path) -> String {
    let RoundTrip { from, to } = path.rtt_ms;
    let span = if from < to { format!("{} to {}", setting(from), setting(to)) } else { setting(from) };
    let jitter = Some(path.jitter_ms).filter(|ms| *ms > 0.0).map(|ms| format!(", {} ms jitter", setting(ms)));
    let loss =
        Some(path.loss_percent).filter(|percent| *percent > 0.0).map(|loss| format!(", {}% loss", setting(loss)));
    format!("{span} ms round trip{}{}", jitter.unwrap_or_default(), loss.unwrap_or_default())
}

/// `4,000 clients, 10 updates/s of 128 B`
pub(crate) fn load(load: &Load) -> String {
    let tls = if load.tls { ", TLS" } else { "" };
    let engine = if load.engine == Some(Engine::Stock) { ", stock" } else { "" };
    let peer = load.peer.as_ref().map(|peer| format!(", {peer}")).unwrap_or_default();
    let path = load.path.map(|path| format!(", {}", self::path(path))).unwrap_or_default();
    let audience = if load.audience.is_broadcast() { String::new() } else { format!(", {}", audience(load.audience)) };
    let collected = Some(load.coalesce_ms).filter(|ms| *ms > 0.0);
    let collected = collected.map(|ms| format!(", collected for {} ms", setting(ms))).unwrap_or_default();
    let (clients, published) = (clients(load.clients), published(load));
    format!("{clients}{audience}, {published}{collected}{tls}{engine}{peer}{path}")
}

/// `1 update`, `2.5 updates`
pub(crate) fn updates(number: f64) -> String {
    format!("{} update{}", setting(number), if number.total_cmp(&1.0).is_eq() { "" } else { "s" })
}

/// `asked every 1 s`
pub(crate) fn asked_every(interval_s: f64) -> String {
    format!("asked every {} s", setting(interval_s))
}

/// What is to be known of every latency of short polling, if that was measured.
pub(crate) fn short_polls(interval_s: Option<f64>) -> Option<String> {
    let interval_s = interval_s?;
    Some(format!(
        "Short polling is {}: an update waits for its client’s next poll, {} ms in the median, whatever the server does.",
        asked_every(interval_s),
        number(1e3 * interval_s / 2.0)
    ))
}
