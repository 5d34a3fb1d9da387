//! Whatever becomes of files, what was measured is shown, and it is said which of them are whole.

use std::fs;

use reports::{
    fixture::{Sweep, save},
    load,
};

use crate::program::{Ended, Loadgen, loadgen};

/// Four runs of a second each.
const FOUR: &str =
    "run clients --clients 20 --rate 20 --repeats 2 --settle 100ms --warm-up 100ms --measure 500ms --out results";

fn assert_shown(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    assert!(ended.stdout.iter().any(|line| line.contains("WebSocket")), "the table: {ended:#?}");
    for part in parts {
        assert!(ended.message().contains(part), "{part:?} is not in: {ended:#?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let results = Sweep::quick().results_in(&dir.path().join("results"));
    // A file cannot take a folder's place, not even root's.
    fs::create_dir_all(results.dir.join("report.html")).unwrap();
    save(&results).unwrap();
    let ended = loadgen(dir.path(), "report results");
    assert_shown(&ended, &["cannot write into results: report.html: ", "written whole: summary.md, runs.csv, "]);
    assert!(results.dir.join("summary.md").is_file());
}

#[test]
fn a_disk_that_is_full_costs_no_run_that_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), &FOUR.replace("--repeats 2", "--repeats 9"));
    sweep.stderr_line("  1/18  ");
    sweep.fill_the_disk();
    let ended = sweep.ended();
    let parts =
        ["the rest of the plan is left out", "cannot append to results/runs.jsonl, which is whole with ", "make room"];
    assert_shown(&ended, &parts);
    assert_shown(&ended, &["cannot write into results: report.html, summary.md, runs.csv, "]);
    let results = load(&dir.path().join("results")).unwrap();
    assert_eq!(results.truncated_line, None, "what is there is whole");
    assert!(ended.message().contains(&format!("whole with {} run", results.runs.len())), "{ended:#?}");
    let measured = format!("{} of 18 runs were made", results.runs.len() + 1);
    assert!(ended.stdout.iter().any(|line| line.contains(&measured)), "one more than the file has: {ended:#?}");
}

#[test]
fn a_folder_that_was_taken_away_costs_no_run_that_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Loadgen::start(dir.path(), FOUR);
    sweep.stderr_line("  1/4  ");
    fs::remove_dir_all(dir.path().join("results")).unwrap();
    let ended = sweep.ended();
    assert_shown(
        &ended,
        &["cannot write into results: report.html", "manifest.json is gone, so what was measured is kept nowhere"],
    );
    let more = ended.stderr.iter().filter(|line| line.contains(" delivered")).count();
    assert_eq!(1 + more, 4, "it was measured to the end: {ended:#?}");
    assert!(!ended.stdout.iter().any(|line| line.contains("runs were made")), "and all of it is shown: {ended:#?}");
}

#[test]
fn a_folder_for_proofs_is_tried_before_anything_is_proven() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "mine").unwrap();
    let ended = loadgen(dir.path(), "prove --case clean --out file/below");
    assert_eq!(ended.status, Some(2), "{ended:#?}");
    assert!(ended.message().contains("cannot write results to file/below; choose another folder"), "{ended:#?}");
}
