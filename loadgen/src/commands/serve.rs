//! `loadgen serve`: the server under test, which a run starts for itself.

use std::process::ExitCode;

use super::status::{FAILED, USAGE, fail};

/// Serves until it is told to stop.
pub fn run(config: server::Config) -> ExitCode {
    match server::prepare(config) {
        Err(error) => fail(&error, USAGE),
        Ok(server) => server.run().map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS),
    }
}
