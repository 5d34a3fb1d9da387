//! The load generator: holds thousands of clients of each transport, measures, and writes results.
//!
//! The rooms, from the top down: [`cli`] is the command line, [`commands`] what it can do, [`measure`] one run of one
//! point, [`output`] what is shown and written, [`scenario`] what is asked and in which order, [`clients`] everything
//! inside a worker thread with the one timed loop, [`link`] a network between clients and server, and [`machine`] what is asked
//! of the machine.

pub mod cli;
pub mod clients;
pub mod commands;
pub mod link;
pub mod machine;
pub mod measure;
pub mod output;
pub mod scenario;
