//! What loads differ by.

use protocol::results::{Load, Path, Peer, RoundTrip, Stream};

use crate::words::{self, count, setting};

/// An axis of loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Clients connected at once.
    Clients,
    /// Updates a second.
    RateHz,
    /// Bytes of an update.
    PayloadBytes,
    /// How much faster than recorded a feed is replayed.
    Speed,
    /// Without TLS, and under it.
    Tls,
    /// How the server serves.
    Engine,
    /// Which server, whatever its engine.
    Peer,
    /// Clients that have a topic in common, in the mean; none where all have the same.
    Audience,
    /// Milliseconds for which updates are collected that leave together.
    CoalesceMs,
    /// Milliseconds there and back through the link; the middle, where each client has its own.
    RttMs,
    /// Packets of a hundred that the link loses.
    LossPercent,
}

impl Axis {
    /// In the order in which they are preferred.
    pub const ALL: [Self; 11] = [
        Self::Clients,
        Self::RateHz,
        Self::PayloadBytes,
        Self::Audience,
        Self::Speed,
        Self::CoalesceMs,
        Self::RttMs,
        Self::LossPercent,
        Self::Tls,
        Self::Engine,
        Self::Peer,
    ];

    /// Whether it is a scale. Words are none: what they name has pictures of its own, side by side.
    pub(crate) fn is_scale(self) -> bool {
        !matches!(self, Self::Tls | Self::Engine | Self::Peer)
    }

    /// Whether two loads differ by it. One that has no place on it differs from none.
    pub(crate) fn tells_apart(self, a: &Load, b: &Load) -> bool {
        match self {
            Self::Peer => a.peer != b.peer,
            Self::Audience => a.audience != b.audience,
            // Loopback has no place on it, and is another path than any.
            Self::RttMs => a.path.map(|path| path.rtt_ms) != b.path.map(|path| path.rtt_ms),
            _ => self.of(a).zip(self.of(b)).is_some_and(|(a, b)| a.total_cmp(&b).is_ne()),
        }
    }

    /// A load's place on it, if it has one. Servers have theirs in the order in which they were named.
    pub fn of(self, load: &Load) -> Option<f64> {
        match (self, &load.stream) {
            (Self::Clients, _) => Some(load.clients.into()),
            (Self::RateHz, Stream::Synthetic { rate_hz, .. }) => Some(*rate_hz),
            (Self::PayloadBytes, Stream::Synthetic { payload_bytes, .. }) => Some((*payload_bytes).into()),
            (Self::Speed, Stream::Replay { speed, .. }) => Some(*speed),
            (Self::Audience, _) if load.audience.is_broadcast() => None,
            (Self::Audience, _) => Some(f64::from(load.clients) / f64::from(load.audience.topics(load.clients))),
            (Self::CoalesceMs, _) => Some(load.coalesce_ms),
            (Self::Engine, _) => load.engine.map(|engine| f64::from(engine as u8)),
            (Self::RttMs, _) => load.path.map(|path| path.rtt_ms.mean()),
            (Self::LossPercent, _) => load.path.map(|path| path.loss_percent),
            (Self::Tls, _) => Some(f64::from(u8::from(load.tls))),
            _ => None,
        }
    }

    /// What stands under the axis.
    pub fn label(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::RateHz => "updates/s",
            Self::PayloadBytes => "bytes per update",
            Self::Speed => "replay speed, ×",
            Self::Audience => "clients a topic",
            Self::CoalesceMs => "collected for, ms",
            Self::Tls => "TLS",
            Self::Engine => "engine",
            Self::Peer => "server",
            Self::RttMs => "round trip, ms",
            Self::LossPercent => "packets lost, %",
        }
    }

    /// What options call it, and scenario files or `runs.csv`.
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::Clients => ["clients", "clients"],
            Self::RateHz => ["rate", "rate_hz"],
            Self::PayloadBytes => ["payload-bytes", "payload_bytes"],
            Self::Speed => ["speed", "speed"],
            Self::Audience => ["audience", "audience"],
            Self::CoalesceMs => ["coalesce", "coalesce_ms"],
            Self::Tls => ["tls", "tls"],
            Self::Engine => ["engine", "engine"],
            Self::Peer => ["peer", "peer"],
            Self::RttMs => ["rtt", "rtt_ms"],
            Self::LossPercent => ["loss", "loss_percent"],
        }
    }

    /// A load's value on it as an option gives it, if it has one.
    pub fn option_of(self, load: &Load) -> Option<String> {
        let value = || self.of(load);
        Some(match self {
            Self::Audience => load.audience.to_string(),
            Self::CoalesceMs => format!("{}ms", value()?),
            Self::Tls => if load.tls { "on" } else { "off" }.to_owned(),
            Self::Engine => load.engine?.to_string(),
            Self::Peer => load.peer.clone().unwrap_or_else(|| Peer::OWN.to_owned()),
            Self::RttMs => match load.path.map(|path| path.rtt_ms) {
                None => "loopback".to_owned(),
                Some(RoundTrip { from, to }) if from < to => format!("{from}ms..{to}ms"),
                Some(RoundTrip { from, .. }) => format!("{from}ms"),
            },
            Self::LossPercent => format!("{}%", value()?),
            _ => value()?.to_string(),
        })
    }

    /// A load's value on it with its unit, as a table's row is named.
    pub fn name_of(self, load: &Load) -> Option<String> {
        let value = || self.of(load);
        Some(match self {
            Self::Clients => words::clients(load.clients),
            Self::RateHz => format!("{} updates/s", setting(value()?)),
            Self::PayloadBytes => format!("{} B", count(value()? as u64)),
            Self::Speed => format!("{}×", setting(value()?)),
            Self::Audience => words::audience(load.audience),
            Self::CoalesceMs if load.coalesce_ms > 0.0 => format!("collected for {} ms", setting(value()?)),
            Self::CoalesceMs => "each at once".to_owned(),
            Self::Engine => load.engine?.to_string(),
            Self::Peer => match (&load.peer, load.engine) {
                (Some(peer), _) => peer.clone(),
                (None, Some(engine)) => format!("{}, {engine}", Peer::OWN),
                (None, None) => Peer::OWN.to_owned(),
            },
            Self::RttMs => {
                let through = |path: Path| words::path(Path { loss_percent: 0.0, ..path });
                load.path.map_or_else(|| "loopback".to_owned(), through)
            }
            Self::LossPercent => format!("{}% loss", setting(value()?)),
            Self::Tls => if load.tls { "TLS" } else { "no TLS" }.to_owned(),
        })
    }
}

/// A load's place in the order of a sweep: by the last axis first, so that what varies along x stays together.
pub(crate) fn order(load: &Load) -> [f64; 10] {
    use Axis::{Audience, Clients, CoalesceMs, Engine, LossPercent, PayloadBytes, RateHz, RttMs, Speed, Tls};
    [LossPercent, RttMs, Engine, Tls, CoalesceMs, Speed, PayloadBytes, Audience, RateHz, Clients].map(|axis| {
        // Loopback comes before any round trip through the link.
        let without = if matches!(axis, LossPercent | RttMs) { -1.0 } else { 0.0 };
        axis.of(load).unwrap_or(without)
    })
}
