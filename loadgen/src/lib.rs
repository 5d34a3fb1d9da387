//! The load generator: holds thousands of clients of each transport, measures, and writes results.
//!
//! Read [`sweep`] for what happens, [`scheduler`] for the phases of one run, and [`worker`] for the one timed loop.

pub mod cli;
pub mod compare;
mod dial;
pub mod doctor;
pub mod gate;
pub mod interrupt;
pub mod output;
pub mod pinning;
pub mod plan;
pub mod prove;
pub mod recorder;
pub mod scenario;
pub mod scheduler;
pub mod server_process;
pub mod socket;
pub mod spread;
pub mod sweep;
pub mod target;
pub mod tls;
pub mod tracker;
pub mod transports;
mod turn;
pub mod usage;
pub mod worker;
