//! Where a run is, and why it may not come to its end.

use std::fmt;

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server is being started.
    Start,
    /// Clients are being connected.
    Connect,
    /// Quiet.
    Settle,
    /// Updates that do not count.
    WarmUp,
    /// Updates that count.
    Measure,
    /// What is still under way.
    Drain,
    /// Everything is being closed.
    Close,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "starting",
            Self::Connect => "connecting",
            Self::Settle => "settling",
            Self::WarmUp => "warming up",
            Self::Measure => "measuring",
            Self::Drain => "draining",
            Self::Close => "closing",
        })
    }
}

/// Why a run did not come to its end.
#[derive(Debug)]
pub enum Halt {
    /// The user asked for it.
    Interrupted,
    /// Something went wrong.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
