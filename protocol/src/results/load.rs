//! What is asked of a server in one run: a transport, and a load that is the same for every transport.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Audience, Path};
use crate::{Engine, Transport};

/// One combination of a sweep's axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How the updates travel.
    pub transport: Transport,
    /// Everything else. Two transports may be compared where their loads are equal.
    pub load: Load,
}

/// How many clients receive which stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Clients connected at once, each receiving every update of its topic.
    pub clients: u32,
    /// The updates: those of each topic, or of each client where clients speak.
    pub stream: Stream,
    /// Who has them in common.
    #[serde(default, skip_serializing_if = "is_broadcast")]
    pub audience: Audience,
    /// Whether it is clients who say them, each at that rate, to all who have its topic.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub speak: bool,
    /// For how long, in milliseconds, the server waits for further updates once one is due, so that all leave together; 0 for not at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub coalesce_ms: f64,
    /// Whether the connections are under TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// How the server serves it: `lean` where nothing is stored, for there was no other once; nobody knows where it is `null`, for
    /// then the server of others did not say.
    #[serde(default = "lean", skip_serializing_if = "is_lean")]
    pub engine: Option<Engine>,
    /// Which server of others bears it, where several servers are compared; absent for the own server, and where one is measured alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The network between; absent for loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
}

impl Load {
    /// One client of that stream, of the own server's own way over loopback, without any of what there may be besides.
    pub fn of(stream: Stream) -> Self {
        let (audience, speak, coalesce_ms) = <(Audience, bool, f64)>::default();
        Self { clients: 1, stream, audience, speak, coalesce_ms, tls: false, engine: lean(), peer: None, path: None }
    }

    /// Whether it is one stream that goes to all clients, as each update is due.
    pub fn is_plain(&self) -> bool {
        self.audience.is_broadcast() && !self.speak && self.coalesce_ms == 0.0
    }

    /// Updates a second that come to a client, in the mean over topics; none of a feed.
    pub fn rate_of_client_hz(&self) -> Option<f64> {
        let Stream::Synthetic { rate_hz, .. } = self.stream else { return None };
        let speakers = f64::from(self.clients) / f64::from(self.audience.topics(self.clients));
        Some(if self.speak { rate_hz * speakers } else { rate_hz })
    }

    /// To how many topics its server publishes, where that is not to all.
    pub fn topics(&self) -> Option<u32> {
        (!self.audience.is_broadcast() && !self.speak).then(|| self.audience.topics(self.clients))
    }

    /// Schedules that are published, each at the stream's rate: a topic's, or a client's where clients speak.
    pub fn schedules(&self) -> u32 {
        if self.speak { self.clients } else { self.audience.topics(self.clients) }
    }
}

/// The updates that are published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Made up, at a given rate and size.
    Synthetic {
        /// How the due times are spaced.
        arrivals: Arrivals,
        /// Mean updates a second.
        rate_hz: f64,
        /// Length of a whole encoded update.
        payload_bytes: u32,
    },
    /// A recorded feed, its gaps kept, from the beginning again when it ends.
    Replay {
        /// The file it was read from, or `builtin:market`.
        feed: String,
        /// How many times faster than recorded.
        speed: f64,
    },
    /// What a server of others pushes by itself.
    Pushed,
}

// Rates and speeds are parsed and checked to be finite, so equality is total.
impl Eq for Stream {}

/// How due times are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Constant,
    /// With exponential gaps, as independent sources give them; seeded.
    Poisson,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_broadcast(audience: &Audience) -> bool {
    audience.is_broadcast()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[expect(clippy::unnecessary_wraps, reason = "serde calls it so")]
fn lean() -> Option<Engine> {
    Some(Engine::Lean)
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde calls it so")]
fn is_lean(engine: &Option<Engine>) -> bool {
    *engine == lean()
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.clients == 1 { "" } else { "s" };
        let tls = if self.tls { ", TLS" } else { "" };
        let engine = if self.engine == Some(Engine::Stock) { ", stock" } else { "" };
        write!(f, "{} client{plural}, ", self.clients)?;
        if !self.audience.is_broadcast() {
            write!(f, "{}, ", self.audience)?;
        }
        let whose = match self.speak {
            true => " from each",
            false if self.audience.is_broadcast() => "",
            false => " to each",
        };
        write!(f, "{}{whose}{tls}{engine}", self.stream)?;
        if self.coalesce_ms > 0.0 {
            write!(f, ", coalesced over {} ms", self.coalesce_ms)?;
        }
        self.peer.iter().try_for_each(|peer| write!(f, ", {peer}"))?;
        self.path.iter().try_for_each(|path| write!(f, ", {path}"))
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synthetic { arrivals, rate_hz, payload_bytes } => {
                write!(f, "{rate_hz} updates/s of {payload_bytes} B")?;
                match arrivals {
                    Arrivals::Constant => Ok(()),
                    Arrivals::Poisson => write!(f, ", Poisson"),
                }
            }
            Self::Pushed => f.write_str("what the server pushes"),
            Self::Replay { feed, speed } => {
                let name = feed.rsplit('/').next().unwrap_or(feed);
                write!(f, "feed {name} at {speed}x")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_nobody_said_is_another_thing_than_one_that_is_not_stored() {
        let stored = r#""clients":1,"stream":{"synthetic":{"arrivals":"constant","rate_hz":1.0,"payload_bytes":64}}"#;
        for (engine, key) in
            [(Some(Engine::Lean), ""), (Some(Engine::Stock), r#","engine":"stock""#), (None, r#","engine":null"#)]
        {
            let text = format!("{{{stored}{key}}}");
            let load: Load = serde_json::from_str(&text).unwrap();
            assert_eq!(load.engine, engine, "{text}");
            assert_eq!(serde_json::to_string(&load).unwrap(), text);
            assert_eq!(load.to_string().contains("stock"), engine == Some(Engine::Stock), "{load}");
        }
    }

    #[test]
    fn a_peer_is_stored_where_there_is_one() {
        let stored = r#""clients":1,"stream":{"synthetic":{"arrivals":"constant","rate_hz":1.0,"payload_bytes":64}}"#;
        for (peer, keys) in [(None, ""), (Some("ws"), r#","engine":null,"peer":"ws""#)] {
            let text = format!("{{{stored}{keys}}}");
            let load: Load = serde_json::from_str(&text).unwrap();
            assert_eq!((load.peer.as_deref(), serde_json::to_string(&load).unwrap()), (peer, text));
            assert_eq!(load.to_string().ends_with(", ws"), peer.is_some(), "{load}");
        }
    }
}
