//! `loadgen doctor`: may this machine run a scenario?

use std::process::ExitCode;

use super::{
    run::{RunArgs, need},
    status::{FAILED, USAGE, fail},
};
use crate::{
    machine::doctor::{self, Level},
    output, scenario,
};

/// Prints every check, the good ones too.
pub fn run(args: RunArgs) -> ExitCode {
    check(args).unwrap_or_else(|error| fail(&error, USAGE))
}

fn check(args: RunArgs) -> anyhow::Result<ExitCode> {
    let scenario = scenario::load(&args.scenario, args.settings)?;
    let findings = doctor::examine(&need(&scenario, args.target.server.is_some()));
    for finding in &findings {
        output::print(&finding.to_string())?;
    }
    Ok(if doctor::worst(&findings) < Level::Fail { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
