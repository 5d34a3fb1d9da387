//! Everything inside a worker thread: clients, the timed loop that all of them run, and what is recorded there.

pub mod arrivals;
mod dial;
pub mod dialects;
pub mod distrust;
pub mod mailbox;
pub mod reconnect;
pub mod recorder;
pub mod seats;
pub mod socket;
pub mod speech;
pub mod spread;
pub mod tls;
pub mod tracker;
pub mod transports;
mod turns;
mod verifier;
pub mod window;
pub mod worker;

pub use dial::{CLIENTS_PER_SOURCE, spreads};
