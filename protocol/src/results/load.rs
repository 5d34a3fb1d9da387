//! What is asked of a server in one run: a transport, and a load that is the same for every transport.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// Clients connected at once, each receiving every update.
    pub clients: u32,
    /// The updates.
    pub stream: Stream,
    /// Whether the connections are under TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// How the server serves it.
    #[serde(default, skip_serializing_if = "Engine::is_default")]
    pub engine: Engine,
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

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.clients == 1 { "" } else { "s" };
        let tls = if self.tls { ", TLS" } else { "" };
        let engine = if self.engine == Engine::Lean { "" } else { ", stock" };
        write!(f, "{} client{plural}, {}{tls}{engine}", self.clients, self.stream)
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
            Self::Replay { feed, speed } => {
                let name = feed.rsplit('/').next().unwrap_or(feed);
                write!(f, "feed {name} at {speed}x")
            }
        }
    }
}
