//! `loadgen scenarios`: those that are built in, and the questions they answer.

use std::process::ExitCode;

use super::status::{FAILED, fail};
use crate::{output, scenario};

/// Lists them.
pub fn run() -> ExitCode {
    list().map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS)
}

fn list() -> anyhow::Result<()> {
    for (name, text) in scenario::BUILT_IN {
        let why = scenario::parse(name, text)?.why.unwrap_or_default();
        output::print(&format!("{name}\n  {}\n", why.trim().replace('\n', "\n  ")))?;
    }
    output::print("Run one: loadgen run NAME. Change any of it by options, or write your own TOML file.")?;
    Ok(())
}
