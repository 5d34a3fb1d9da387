//! `loadgen report`: the same report again from the files alone, or a refusal.

use std::{fs, path::Path};

use protocol::results::RUNS_FILE;

use crate::{
    program::loadgen,
    results::{REPORTS, of_success},
    sweep::SHORT,
};

fn read(dir: &Path) -> [String; 3] {
    REPORTS.map(|name| fs::read_to_string(dir.join(name)).unwrap())
}

#[test]
fn a_report_is_rendered_again_from_the_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("results");
    let swept = loadgen(dir.path(), &format!("run {SHORT} --rate 20"));
    of_success(&results, &swept);
    let first = read(&results);
    for name in REPORTS {
        fs::remove_file(results.join(name)).unwrap();
    }

    let again = loadgen(dir.path(), "report results");
    assert_eq!(again.status, swept.status, "judged alike");
    assert_eq!(again.stdout, swept.stdout, "the same summary");
    for ((again, first), name) in read(&results).iter().zip(&first).zip(REPORTS) {
        assert!(again == first, "{name} differs");
    }

    // Elsewhere, and with the last run cut off as a kill would leave it.
    let moved = dir.path().join("moved");
    fs::rename(&results, &moved).unwrap();
    let runs = fs::read(moved.join(RUNS_FILE)).unwrap();
    fs::write(moved.join(RUNS_FILE), &runs[..runs.len() - 20]).unwrap();
    let cut = loadgen(dir.path(), "report moved");
    assert_eq!(cut.status, Some(1), "{cut:#?}");
    assert!(cut.stdout.last().unwrap().ends_with("moved/report.html"), "{cut:#?}");
    assert!(cut.stdout.iter().any(|line| line.contains("cut off")), "{cut:#?}");
}

#[test]
fn what_is_no_results_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    for name in ["empty", "none"] {
        let ended = loadgen(dir.path(), &format!("report {name}"));
        let message = ended.message();
        assert_eq!(ended.status, Some(2), "{name}: {message}");
        assert!(message.contains(&format!("{name} is not a results folder")), "{message}");
        assert!(message.contains("manifest.json"), "{message}");
    }
    assert_eq!(fs::read_dir(dir.path().join("empty")).unwrap().count(), 0);
}

#[test]
fn files_of_another_version_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("manifest.json"), r#"{"schema":99,"version":"7.0.0"}"#).unwrap();
    let ended = loadgen(dir.path(), "report .");
    assert_eq!(ended.status, Some(2), "{ended:#?}");
    assert!(ended.message().contains("schema version 99") && ended.message().contains("7.0.0"), "{ended:#?}");
}
