//! Thresholds: one that passes, one that fails, one that is undecided, and those that no plan can decide.

use std::{fs, path::Path, process::Command};

use crate::{
    program::{Ended, Loadgen, loadgen},
    results::of_success,
};

/// A short sweep with these thresholds, in which there are blanks.
fn sweep(dir: &Path, options: &str, thresholds: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let short = "run clients --clients 20 --rate 100 --settle 100ms --warm-up 200ms --measure 500ms --out results";
    command.args(short.split(' ').chain(options.split(' ')));
    for threshold in thresholds {
        command.args(["--fail-if", threshold]);
    }
    Loadgen::spawn(dir, command).ended()
}

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join("results").join(name)).unwrap()
}

fn says(ended: &Ended, beginning: &str) {
    assert!(ended.stdout.iter().any(|line| line.starts_with(beginning)), "no {beginning:?} in {ended:#?}");
}

#[test]
fn one_that_passes_is_said_to_and_one_that_fails_ends_with_four() {
    let dir = tempfile::tempdir().unwrap();
    // Counts, as a busy machine may void a point, and then nothing else is decided.
    let ended = sweep(dir.path(), "--repeats 2", &["missed > 0", "websocket.missed[clients=20] >= 0"]);
    assert_eq!(ended.status, Some(4), "{ended:#?}");
    says(&ended, "passed: fail if missed > 0: 0 in 2 runs (");
    says(&ended, "FAILED: fail if websocket.missed[clients=20] >= 0: 0 in 2 runs (WebSocket, 20 clients)");
    let (junit, page, summary) =
        (read(dir.path(), "junit.xml"), read(dir.path(), "report.html"), read(dir.path(), "summary.md"));
    assert!(junit.contains("skipped=\"0\" failures=\"1\"") && junit.contains("\"fail if missed &gt; 0\"/>"), "{junit}");
    assert!(
        page.contains("1 of 2 thresholds failed.") && summary.contains("**1 of 2 thresholds failed.**"),
        "{summary}"
    );

    // From the results alone.
    fs::remove_file(dir.path().join("results/junit.xml")).unwrap();
    let again = loadgen(dir.path(), "report results");
    assert_eq!((again.status, &again.stdout), (Some(4), &ended.stdout));
    assert_eq!(read(dir.path(), "junit.xml"), junit);
}

#[test]
fn those_of_a_file_are_asked_and_one_that_passes_changes_no_status() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "clients = [20]\nrate_hz = [100]\nrepeats = 1\nsettle = \"100ms\"\nwarm_up = \"200ms\"\nmeasure = \"500ms\"\n\
                fail_if = [\"long-poll.missed[rate_hz=100] > 0\"]\n";
    fs::write(dir.path().join("mine.toml"), toml).unwrap();
    let ended = loadgen(dir.path(), "run mine.toml --out results");
    of_success(&dir.path().join("results"), &ended);
    says(&ended, "passed: fail if long-poll.missed[rate_hz=100] > 0: 0 in 1 run (long polling, 20 clients)");
}

#[test]
fn what_repeats_do_not_tell_is_undecided_and_ends_with_three() {
    let dir = tempfile::tempdir().unwrap();
    of_success(&dir.path().join("results"), &sweep(dir.path(), "--repeats 1", &["missed > 0"]));
    // Asked at the start, it would have been refused.
    let manifest =
        read(dir.path(), "manifest.json").replace("missed > 0\"\n", "websocket.errors > 0\", \"p50 > 1ns\"\n");
    fs::write(dir.path().join("results/manifest.json"), manifest).unwrap();
    let ended = loadgen(dir.path(), "report results");
    assert_eq!(ended.status, Some(3), "{ended:#?}");
    says(&ended, "passed: fail if websocket.errors > 0: 0 in 1 run");
    says(&ended, "UNDECIDED: fail if p50 > 1ns: ");
    assert!(read(dir.path(), "junit.xml").contains("skipped=\"1\""));
}

#[test]
fn what_the_plan_cannot_decide_is_refused_before_anything_is_measured() {
    for (options, threshold, parts) in [
        ("--repeats 2", "p99 > 50ms", &["p99 latency wants 1,000 updates", "50 each", "give --measure 5s"][..]),
        ("--repeats 1", "p50 > 50ms", &["a single one has none", "--repeats 3 or more"]),
        ("--repeats 2", "elegance > 3", &["`elegance` names no figure", "in ms: p50, p90", "numbers: missed"]),
        ("--repeats 2", "p50[clients=7] > 50ms", &["no point of this sweep is of clients=7", "clients 20; rate 100"]),
        ("--repeats 2", "memory > 50ms", &["server memory per client: it is of bytes", "give B, KiB, MiB"]),
        ("--repeats 2", "signal-p50 > 50ms", &["would not be measured", "add --signal-rate 1"]),
        ("--repeats 2", "p50", &["it compares nothing", "'long-poll.p99[clients=1000] > 50ms'"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let ended = sweep(dir.path(), options, &[threshold]);
        assert_eq!(ended.status, Some(2), "{threshold}: {ended:#?}");
        for part in parts.iter().chain(&[&*format!("threshold `{threshold}`: ")]) {
            assert!(ended.message().contains(part), "{part:?} is not in: {}", ended.message());
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{threshold}");
    }
}
