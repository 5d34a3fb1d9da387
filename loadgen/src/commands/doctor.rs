//! `loadgen doctor`: may this machine run a scenario?

use std::process::ExitCode;

use super::{
    link,
    run::{Asked, RunArgs, need, resolve},
    status::{FAILED, USAGE, fail, in_runtime},
};
use crate::{
    machine::doctor::{self, Level},
    output,
};

/// Prints every check, the good ones too.
pub fn run(args: RunArgs) -> ExitCode {
    in_runtime(async { check(args).await.unwrap_or_else(|error| fail(&error, USAGE)) })
}

async fn check(args: RunArgs) -> anyhow::Result<ExitCode> {
    let Asked { scenario, target, .. } = resolve(&args).await?;
    let mut findings = doctor::examine(&need(&scenario, target.as_ref()));
    findings.push(doctor::link(&link::allowed()));
    for finding in &findings {
        output::print(&finding.to_string())?;
    }
    Ok(if doctor::worst(&findings) < Level::Fail { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
