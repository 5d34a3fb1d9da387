//! Ctrl-C and other signals that ask for an end: what was finished is kept and reported, what was not leaves no trace, no process stays.

use reports::load;
use rustix::process::Signal;

use crate::{
    program::Loadgen,
    results::{assert_reported, of_success},
    sweep::SHORT,
};

/// Six runs of a second and a half each.
const SIX: &str =
    "run clients --clients 20 --rate 20 --repeats 3 --settle 100ms --warm-up 100ms --measure 1s --out results";

#[test]
fn finished_runs_are_kept_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), SIX);
    sweep.stderr_line("  1/6  ");
    let server = sweep.any_server();
    sweep.signal(Signal::INT);
    let ended = sweep.ended();
    server.gone();

    assert_eq!(ended.status, Some(1), "{ended:#?}");
    assert!(ended.message().contains("Interrupted: what was finished is kept."), "{ended:#?}");
    let results = load(&dir.path().join("results")).unwrap();
    assert!((1..6).contains(&results.runs.len()), "{}", results.runs.len());
    for run in &results.runs {
        assert_eq!((&run.failure, run.counts.delivered), (&None, 400));
    }
    assert_reported(&dir.path().join("results"), &ended);
}

#[test]
fn a_sweep_without_a_finished_run_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        for running in [Loadgen::any_server, Loadgen::publishing_server] {
            let dir = tempfile::tempdir().unwrap();
            let sweep = Loadgen::with_signals(dir.path(), "--default-signal=HUP,QUIT", &SIX.replace("1s", "60s"));
            let server = running(&sweep);
            sweep.signal(signal);
            let ended = sweep.ended();
            server.gone();
            assert_eq!(ended.status, Some(1), "{ended:#?}");
            assert!(ended.message().contains("nothing to report"), "{ended:#?}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a folder is left");
        }
    }
}

#[test]
fn a_hangup_that_nohup_has_ignored_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::with_signals(dir.path(), "--ignore-signal=HUP,QUIT", &format!("run {SHORT} --rate 20"));
    sweep.publishing_server();
    sweep.signal(Signal::HUP);
    sweep.signal(Signal::QUIT);
    of_success(&dir.path().join("results"), &sweep.ended());
}
