//! The manifest of a sweep: everything that somebody needs in order to judge or repeat it.

use std::collections::BTreeMap;

use protocol::results::{Manifest, SCHEMA_VERSION, Scenario};
use reports::command_without_secrets;
use serde::Deserialize;

use crate::machine::{calendar, doctor};

/// Libraries on the measured path.
const LIBRARIES: [&str; 7] =
    ["tokio", "hyper", "tokio-tungstenite", "tungstenite", "httparse", "rustls", "hdrhistogram"];

/// The manifest of a sweep that begins now.
pub fn manifest(scenario: &Scenario, planned_runs: u32, allocator: &str) -> Manifest {
    Manifest {
        schema: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: Some(env!("PUSHBENCH_REVISION")).filter(|revision| !revision.is_empty()).map(str::to_owned),
        profile: env!("PUSHBENCH_PROFILE").to_owned(),
        allocator: allocator.to_owned(),
        libraries: libraries(),
        command: command(),
        started_utc: calendar::now_utc(),
        planned_runs,
        scenario: scenario.clone(),
        machine: doctor::machine(),
        limits: doctor::limits(),
    }
}

/// The command line as it would be typed in a checkout, but for secrets.
fn command() -> Vec<String> {
    let program = "cargo run --release --bin loadgen --".split(' ').map(str::to_owned);
    let typed = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    program.chain(command_without_secrets(typed)).collect()
}

/// Versions as this program was built with them.
fn libraries() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(include_str!("../../../Cargo.lock")).expect("cargo wrote it");
    lock.package
        .into_iter()
        .filter(|package| LIBRARIES.contains(&package.name.as_str()))
        .map(|package| (package.name, package.version))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_on_the_path_has_a_version() {
        let libraries = libraries();
        for name in LIBRARIES {
            assert!(libraries.contains_key(name), "{name}: {libraries:?}");
        }
    }
}
