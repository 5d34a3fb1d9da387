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
fn a_page_has_what_is_finished_while_the_sweep_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), SIX);
    let plan = sweep.stderr_line("6 runs, about");
    assert!(plan.ends_with("Results go to results; report.html there is written anew after each run."), "{plan}");
    sweep.stderr_line("  2/6  ");
    // Whole, and of one run at least: that was written before the second began.
    let page = dir.path().join("results/report.html");
    let carried = load(&page).unwrap();
    assert!((1..3).contains(&carried.runs.len()), "{}", carried.runs.len());
    assert_eq!(carried.manifest.planned_runs, 6);
    let said = format!("{} of 6 planned runs are in this page", carried.runs.len());
    assert!(std::fs::read_to_string(&page).unwrap().contains(&said), "{said}");
    // Whoever kills it has the page that there was.
    sweep.publishing_server();
    sweep.signal(Signal::KILL);
    assert_eq!(sweep.ended().status, None, "killed");
    let (kept, all) = (load(&page).unwrap(), load(&dir.path().join("results")).unwrap());
    assert!((2..=all.runs.len()).contains(&kept.runs.len()), "{}", kept.runs.len());
    assert!(all.text().runs.starts_with(&kept.text().runs));
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
