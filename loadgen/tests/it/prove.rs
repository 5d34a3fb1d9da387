//! `prove`: planted faults are found and compared with what must be true; outside proofs there are none.

use crate::program::{Ended, Loadgen, loadgen};

fn assert_refused(ended: &Ended, parts: &[&str]) {
    let message = ended.message();
    assert_eq!(ended.status, Some(2), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

/// Of counts, which hold however busy the machine is.
#[test]
fn cases_are_proven_over_every_transport_and_their_runs_kept() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), "prove --case drop --case swap --out proof");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    for (case, what) in [("drop", "missed"), ("swap", "reordered")] {
        assert_compared(&ended, case, what, "175");
    }
    assert_eq!(ended.stdout.last().unwrap(), "16 of 16 checks hold.");
    for folder in ["drop-websocket-0", "swap-long-poll-0"] {
        assert_eq!(reports::load(&dir.path().join("proof").join(folder)).unwrap().runs.len(), 1, "{folder}");
    }
    let again = loadgen(dir.path(), "prove --case drop --out proof");
    assert_refused(&again, &["proof is not an empty folder", "--out"]);
}

/// Whether times hold is for the machine to say, which may be busy with other tests; how it ends follows from the table.
#[test]
fn times_are_compared_and_the_exit_status_says_whether_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), "prove --case late-publisher --out proof");
    for what in ["lateness p50", "latency p50 from due time"] {
        assert_compared(&ended, "late-publisher", what, "20.00 ms");
    }
    let differs = ended.stdout.iter().any(|row| row.ends_with("DIFFERS"));
    assert_eq!(ended.status, Some(if differs { 3 } else { 0 }), "{ended:#?}");
}

/// Over both transports, with what was expected.
fn assert_compared(ended: &Ended, case: &str, what: &str, expected: &str) {
    for transport in ["websocket", "long-poll"] {
        let parts = [case, transport, what, expected];
        let is_there = ended.stdout.iter().any(|row| parts.iter().all(|part| row.contains(part)));
        assert!(is_there, "{parts:?}: {ended:#?}");
    }
}

#[test]
fn an_interrupted_proof_has_failed() {
    let dir = tempfile::tempdir().unwrap();
    let proof = Loadgen::start(dir.path(), "prove --case delay");
    drop(proof.publishing_server());
    proof.signal(rustix::process::Signal::INT);
    let ended = proof.ended();
    assert_eq!((ended.status, ended.stdout.len()), (Some(1), 0), "{ended:#?}");
}

#[test]
fn an_unknown_case_is_refused_with_those_there_are() {
    let dir = tempfile::tempdir().unwrap();
    assert_refused(&loadgen(dir.path(), "prove --case stal"), &["'stal'", "clean, stall-publisher, stall-fanout"]);
}

#[test]
fn faults_are_refused_outside_proofs() {
    const REASON: &str = "faults are for proofs: loadgen prove";
    let dir = tempfile::tempdir().unwrap();
    assert_refused(&loadgen(dir.path(), "run --fault drop:1:1"), &["drop:1:1", REASON]);
    std::fs::write(dir.path().join("mine.toml"), "clients = [5]\nfault = \"drop:1:1\"\n").unwrap();
    assert_refused(&loadgen(dir.path(), "run mine.toml"), &["mine.toml", "line 2", REASON]);
    assert_refused(&loadgen(dir.path(), "serve --fault drop"), &["'drop'", "drop:EVERY:CLIENTS", "slow:CLIENTS:BY"]);
}
