//! The manifest of a sweep: everything that somebody needs in order to judge or repeat it.

use std::collections::BTreeMap;

use protocol::{
    Engine,
    results::{Manifest, SCHEMA_VERSION, Scenario},
};
use reports::command_without_secrets;
use serde::Deserialize;

use crate::machine::{calendar, doctor};

/// Libraries that may be on the measured path.
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
        libraries: libraries(scenario),
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

/// Versions as this program was built with them, of what is on the path of this scenario.
fn libraries(scenario: &Scenario) -> BTreeMap<String, String> {
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
        .filter(|package| LIBRARIES.contains(&package.name.as_str()) && passes(&package.name, scenario))
        .map(|package| (package.name, package.version))
        .collect()
}

/// Whether updates of this scenario pass it. Clients read frame heads by tungstenite, whatever the server writes them by.
fn passes(library: &str, scenario: &Scenario) -> bool {
    match library {
        "hyper" => scenario.engine.contains(&Engine::Stock),
        "rustls" => scenario.tls.contains(&true),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Settings, load};

    #[test]
    fn every_library_on_the_path_has_a_version_and_no_other_is_listed() {
        let everything = Settings { tls: Some(vec![true]), engine: Some(Engine::ALL.to_vec()), ..Settings::default() };
        let all = libraries(&load("clients".as_ref(), everything).unwrap());
        for name in LIBRARIES {
            assert!(all.contains_key(name), "{name}: {all:?}");
        }
        let lean = libraries(&load("clients".as_ref(), Settings::default()).unwrap());
        assert!(!lean.contains_key("hyper") && !lean.contains_key("rustls"), "{lean:?}");
    }
}
