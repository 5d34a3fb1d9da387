//! What loads differ by.

use protocol::results::{Load, Peer, Stream};

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
}

impl Axis {
    /// In the order in which they are preferred.
    pub const ALL: [Self; 7] =
        [Self::Clients, Self::RateHz, Self::PayloadBytes, Self::Speed, Self::Tls, Self::Engine, Self::Peer];

    /// Whether it is a scale. Words are none: what they name has pictures of its own, side by side.
    pub(crate) fn is_scale(self) -> bool {
        !matches!(self, Self::Tls | Self::Engine | Self::Peer)
    }

    /// Whether two loads differ by it. One that has no place on it differs from none.
    pub(crate) fn tells_apart(self, a: &Load, b: &Load) -> bool {
        match self {
            Self::Peer => a.peer != b.peer,
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
            (Self::Engine, _) => load.engine.map(|engine| f64::from(engine as u8)),
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
            Self::Tls => "TLS",
            Self::Engine => "engine",
            Self::Peer => "server",
        }
    }

    /// A load's value on it with its unit, as a table's row is named.
    pub fn name_of(self, load: &Load) -> Option<String> {
        let value = || self.of(load);
        Some(match self {
            Self::Clients => words::clients(load.clients),
            Self::RateHz => format!("{} updates/s", setting(value()?)),
            Self::PayloadBytes => format!("{} B", count(value()? as u64)),
            Self::Speed => format!("{}×", setting(value()?)),
            Self::Engine => load.engine?.to_string(),
            Self::Peer => match (&load.peer, load.engine) {
                (Some(peer), _) => peer.clone(),
                (None, Some(engine)) => format!("{}, {engine}", Peer::OWN),
                (None, None) => Peer::OWN.to_owned(),
            },
            Self::Tls => if load.tls { "TLS" } else { "no TLS" }.to_owned(),
        })
    }
}

/// A load's place in the order of a sweep: by the last axis first, so that what varies along x stays together.
pub(crate) fn order(load: &Load) -> [f64; 6] {
    [Axis::Engine, Axis::Tls, Axis::Speed, Axis::PayloadBytes, Axis::RateHz, Axis::Clients]
        .map(|axis| axis.of(load).unwrap_or(0.0))
}
