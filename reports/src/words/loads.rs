//! Loads in words, alike wherever they are named.

use protocol::{
    Engine,
    results::{Arrivals, Load, Stream},
};

use super::numbers::{count, setting};

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

/// `4,000 clients, 10 updates/s of 128 B`
pub(crate) fn load(load: &Load) -> String {
    let tls = if load.tls { ", TLS" } else { "" };
    let engine = if load.engine == Some(Engine::Stock) { ", stock" } else { "" };
    let peer = load.peer.as_ref().map(|peer| format!(", {peer}")).unwrap_or_default();
    format!("{}, {}{tls}{engine}{peer}", clients(load.clients), stream(&load.stream))
}
