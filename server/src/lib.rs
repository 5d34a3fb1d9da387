//! The server under test: one update stream, served over every transport on one port.
//!
//! An update's way through this crate: [`publisher`] stamps it, [`hub`] encodes it once into its ring and rings
//! every [`shard`]'s bell, and the shard writes to each of its waiting subscribers what follows its cursor, dressed as the
//! subscriber's transport sends it. What does not go out at once is left to the subscriber's task.

pub mod access;
pub mod allocator;
pub mod bounds;
pub mod config;
pub mod control;
pub mod counted;
pub mod fault;
pub mod hub;
pub mod listener;
pub mod metrics;
pub mod publisher;
pub mod replay;
pub mod schedule;
pub mod shard;
pub mod source;
pub mod tls;
pub mod transports;

mod alarm;
mod http;
mod run;
mod signal;
mod socket;

pub use allocator::Allocator;
pub use config::Config;
pub use run::{Embedded, Prepared, prepare};

/// Whether a log on stderr may be coloured: on a terminal, unless `NO_COLOR` is set.
pub fn log_in_colour() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none()
}
