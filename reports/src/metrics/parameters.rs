//! What metrics are taken of: a quantile, a share of the clients, what updates met.

use protocol::results::{LosslessHistogram, Polling};

/// A quantile that is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantile {
    /// The median.
    P50,
    /// 90 %.
    P90,
    /// 99 %.
    P99,
    /// 99.9 %.
    P999,
}

impl Quantile {
    /// Between 0 and 1.
    pub fn value(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// `p50`
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }
}

/// A share of all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Every other.
    Half,
    /// 99 %.
    Most,
    /// Every one.
    All,
}

impl Share {
    /// How many of so many clients, rounded up.
    pub fn of(self, clients: u64) -> u64 {
        match self {
            Self::Half => clients.div_ceil(2),
            Self::Most => (clients * 99).div_ceil(100),
            Self::All => clients,
        }
    }

    /// `99 %`
    pub fn name(self) -> &'static str {
        match self {
            Self::Half => "50 %",
            Self::Most => "99 %",
            Self::All => "all",
        }
    }
}

/// What an update met at a client that asks (RFC 6202, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// A poll that had been sent before the update was due.
    Parked,
    /// No poll, so that it waited for the next.
    Between,
    /// An answer in which it rode behind another update.
    Rode,
}

impl Meeting {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Parked, Self::Between, Self::Rode];

    pub(super) fn of(self, polling: &Polling) -> &LosslessHistogram {
        match self {
            Self::Parked => &polling.parked,
            Self::Between => &polling.between,
            Self::Rode => &polling.rode,
        }
    }
}
