//! What the load generator and the server it started, or the guard of that, say to each other: lines of JSON on stdin and stdout.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A line from the generator to its server. The end of input means: drain and exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Start the stream, which a server under control holds back until then.
    Publish {
        /// When the first update is due.
        first_due_ns: u64,
        /// The measure phase. The stream ends with it, and is accounted for within it.
        window: Window,
    },
    /// Say how much memory is in use.
    Memory,
}

/// A line from the server to its generator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The server accepts connections.
    Ready {
        /// Where: the port is a real one even if 0 was asked for.
        listen: SocketAddr,
        /// The certificate that it made for itself, as PEM; absent without TLS, or with a certificate of files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<String>,
    },
    /// The stream has ended.
    Published(Published),
    /// How much memory is in use, by the allocator's own account.
    Memory {
        /// Asked for and not given back.
        in_use_bytes: u64,
    },
}

/// A line from the guard of a server of others to the generator that has it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded {
    /// The server's first process is there.
    Started {
        /// Its id.
        pid: u32,
    },
    /// It is not, or no longer.
    Ended {
        /// How it ended, in words.
        status: String,
    },
}

/// A span of due times, `from_ns` inclusive, `to_ns` exclusive, in nanoseconds of [`crate::clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first due time that counts.
    pub from_ns: u64,
    /// The first that no longer does.
    pub to_ns: u64,
}

impl Window {
    /// Whether an update due then counts.
    pub fn contains(self, due_ns: u64) -> bool {
        (self.from_ns..self.to_ns).contains(&due_ns)
    }
}

/// The updates that were due within a window, as their publisher accounts for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The first of them; meaningless if there are none.
    pub first_seq: u64,
    /// How many there are: `first_seq .. first_seq + updates`.
    pub updates: u64,
    /// Actual minus due time of the publication of each, in order, nanoseconds.
    pub lateness_ns: Vec<u64>,
    /// Writes (WebSocket) or answers (long polling) that the server made between the window's first and last
    /// update; each carries one update or more.
    pub writes: u64,
}
