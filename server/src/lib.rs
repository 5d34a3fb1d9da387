//! The server under test: one update stream, served over every transport on one port.
//!
//! An update's way through this crate: [`stream::publisher`] stamps it, [`stream::hub`] encodes it once into its ring and wakes
//! every [`stream::shard`], and the shard writes to each of its waiting subscribers what follows its cursor, framed as
//! the subscriber's transport sends it. What does not go out at once is left to the subscriber's task.

pub mod allocator;
pub mod config;
pub mod connection;
pub mod control;
pub mod metrics;
pub mod page;
pub mod stderr;
pub mod stop;
pub mod stream;
pub mod transports;
pub mod values;

mod http;
mod open_files;
mod response;
mod run;
mod signal;
mod threads;

pub use allocator::Allocator;
pub use config::Config;
pub use open_files::{FILES_BESIDES, raise_open_files};
pub use run::{Embedded, Prepared, prepare};
