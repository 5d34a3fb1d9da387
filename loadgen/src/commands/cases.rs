//! `loadgen cases`: the cases of a WebSocket fuzzing server, against the client that measures.

use std::{net::SocketAddr, process::ExitCode};

use clap::Args;

use super::status::{FAILED, fail, in_runtime};
use crate::{clients::transports::echo, output};

/// Options of `cases`.
#[derive(Debug, Args)]
pub struct CasesArgs {
    /// Where it listens
    server: SocketAddr,
}

/// Runs every case; the fuzzing server judges them.
pub fn run(CasesArgs { server }: &CasesArgs) -> ExitCode {
    in_runtime(async {
        match echo::run_cases(*server).await {
            Ok(count) => {
                output::say(&format!("{count} cases were run; the fuzzing server judges them"));
                ExitCode::SUCCESS
            }
            Err(error) => fail(&anyhow::Error::new(error).context(format!("no cases at {server}")), FAILED),
        }
    })
}
