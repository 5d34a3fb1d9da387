//! `loadgen serve`: the server under test, which a run starts for itself.

use std::process::ExitCode;

use clap::Args;

use super::status::{FAILED, USAGE, fail};

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The server's own.
    #[command(flatten)]
    pub config: server::Config,

    /// Take commands on stdin, hold the stream back until told, and end with stdin
    #[arg(long)]
    pub control: bool,
}

/// Serves until it is told to stop.
pub fn run(args: ServeArgs) -> ExitCode {
    match server::prepare(args.config) {
        Err(error) => fail(&error, USAGE),
        Ok(server) => server.run(args.control).map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS),
    }
}
