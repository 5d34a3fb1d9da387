//! Scenario files: one that is accepted has a plan, and no larger one than is allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::scenario::{self, plan};

fuzz_target!(|text: &str| {
    // A file that is named is opened: whatever this machine has is not to be read.
    if text.contains("replay") {
        return;
    }
    let Ok(scenario) = scenario::check("fuzz", text) else { return };
    let runs = plan::plan(&scenario);
    assert!((1..=10_000).contains(&runs.len()));
    assert!(runs.iter().all(|run| run.point.load.clients > 0));
});
