//! Where a run is, and why it may not come to its end.

use std::fmt;

use crate::clients::worker::Errors;

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
    /// Clients came short of something. What they met says why, if they met anything.
    Short {
        /// Of what.
        what: String,
        /// The reason where they met nothing.
        otherwise: String,
    },
}

impl Halt {
    /// `remedy`: what to do where clients met nothing that explains it.
    pub(super) fn short(what: &str, remedy: &str) -> Self {
        Self::Short { what: what.to_owned(), otherwise: format!("{what}; {remedy}") }
    }

    /// Why the run failed, given what its clients met; nothing if it did not.
    pub(super) fn reason(self, errors: &Errors) -> Option<String> {
        match self {
            Self::Interrupted => None,
            Self::Failed(error) => Some(format!("{error:#}")),
            Self::Short { otherwise, .. } if errors.is_empty() => Some(otherwise),
            Self::Short { what, .. } => Some(format!("{what}: {errors}")),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
