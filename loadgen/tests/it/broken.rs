//! A server or a generator that dies in the middle of a run.

use reports::load;
use rustix::process::Signal;

use crate::{program::Loadgen, results::assert_reported};

/// Four runs, long enough to be hit in the midst of one.
const LONG: &str =
    "run clients --clients 20 --rate 20 --repeats 2 --settle 100ms --warm-up 100ms --measure 3s --out results";

#[test]
fn a_server_that_dies_fails_its_run_and_the_others_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), LONG);
    sweep.stderr_line("  1/4  ");
    let server = sweep.publishing_server();
    server.signal(Signal::KILL);
    let ended = sweep.ended();
    server.gone();

    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let results = load(&dir.path().join("results")).unwrap();
    assert_eq!(results.runs.len(), 4, "each has a server of its own");
    let failed = &results.runs[1];
    for finished in [0, 2, 3].map(|index| &results.runs[index]) {
        assert_eq!((&finished.failure, finished.counts.missed), (&None, 0));
    }
    let failure = failed.failure.as_ref().expect("it failed");
    assert!(["warming up", "measuring"].contains(&failure.phase.as_str()), "{failure:?}");
    assert!(failure.reason.contains("ended"), "{failure:?}");
    assert_eq!(failed.counts.clients_ready, 20, "it says how far it came");
    let message = ended.message();
    assert!(message.contains(&format!("FAILED in {}: {}", failure.phase, failure.reason)), "{message}");
    assert_reported(&dir.path().join("results"), &ended);
}

#[test]
fn a_server_does_not_outlive_its_generator() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), LONG);
    let server = sweep.publishing_server();
    sweep.signal(Signal::KILL);
    assert_eq!(sweep.ended().status, None, "killed");
    server.gone();
    // What was on disk can be read: the manifest, and no run yet.
    let results = load(&dir.path().join("results")).unwrap();
    assert_eq!((results.runs.len(), results.manifest.planned_runs), (0, 4));
}
