//! A results folder: whatever lies in it, it is read or refused; and what was read is rendered.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use reports::fixture::Sweep;

// A manifest, a zero, and runs; or runs alone, beside a manifest that is well.
fuzz_target!(|data: &[u8]| {
    let (manifest, runs) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (data[..end].to_vec(), &data[end + 1..]),
        None => (serde_json::to_vec(&Sweep::quick().results().manifest).expect("plain data"), data),
    };
    // In memory, where the system has such a place.
    let place = if fs::exists("/dev/shm").unwrap_or(false) { "/dev/shm".into() } else { std::env::temp_dir() };
    let dir = tempfile::tempdir_in(place).expect("a folder");
    fs::write(dir.path().join("manifest.json"), manifest).expect("written");
    fs::write(dir.path().join("runs.jsonl"), runs).expect("written");
    if let Ok(results) = reports::load(dir.path()) {
        let _ = reports::summary_table(&results);
        reports::write(&results).expect("what can be read can be rendered");
    }
});
