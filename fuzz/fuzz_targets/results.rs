//! Results, in a folder or a page: whatever lies there, it is read or refused; what was read is rendered, and the page carries it.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use reports::fixture::Sweep;

// A page; or a manifest, a zero, and runs; or runs alone, beside a manifest that is well.
fuzz_target!(|data: &[u8]| {
    // In memory, where the system has such a place.
    let place = if fs::exists("/dev/shm").unwrap_or(false) { "/dev/shm".into() } else { std::env::temp_dir() };
    let dir = tempfile::tempdir_in(place).expect("a folder");
    let read = if data.starts_with(b"<") {
        let page = dir.path().join("page.html");
        fs::write(&page, data).expect("written");
        reports::load(&page)
    } else {
        let (manifest, runs) = match data.iter().position(|byte| *byte == 0) {
            Some(end) => (data[..end].to_vec(), &data[end + 1..]),
            None => (serde_json::to_vec(&Sweep::quick().results().manifest).expect("plain data"), data),
        };
        fs::write(dir.path().join("manifest.json"), manifest).expect("written");
        fs::write(dir.path().join("runs.jsonl"), runs).expect("written");
        reports::load(dir.path())
    };
    if let Ok(mut results) = read {
        results.dir = dir.path().to_owned();
        let _ = reports::summary_table(&results);
        let written = reports::write(&results).expect("what can be read can be rendered");
        let again = reports::load(&written.report).expect("the page carries it");
        assert_eq!(again.text(), results.text());
    }
});
