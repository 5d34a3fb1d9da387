//! The server under test: one update stream, served over every transport on one port.
//!
//! An update's way through this crate: [`publisher`] stamps it, [`hub`] encodes it once into its ring and rings
//! every [`shard`]'s bell, the shard wakes its parked subscriptions, and a transport hands each of them what follows
//! its cursor.

pub mod allocator;
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
pub mod transports;

mod http;
mod run;

pub use allocator::Allocator;
pub use config::Config;
pub use run::{Prepared, prepare};

/// Whether a log on stderr may be coloured: on a terminal, unless `NO_COLOR` is set.
pub fn log_in_colour() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none()
}
