//! `loadgen report`: the same report again from the files alone, or a refusal.

use std::{fs, path::Path};

use protocol::results::RUNS_FILE;
use reports::{fixture::Sweep, write_page};

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
fn a_page_is_shown_and_made_a_folder_again_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let swept = loadgen(dir.path(), &format!("run {SHORT} --rate 20"));
    fs::copy(dir.path().join("results/report.html"), dir.path().join("sent.html")).unwrap();

    let shown = loadgen(dir.path(), "report sent.html");
    assert_eq!(shown.status, swept.status, "judged alike");
    let table = |lines: &[String]| lines[..lines.len() - 1].to_vec();
    assert_eq!(table(&shown.stdout), table(&swept.stdout));
    assert!(shown.stdout.last().unwrap().contains("--out DIR"), "{shown:#?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is written beside it");

    let unpacked = loadgen(dir.path(), "report sent.html --out again/folder");
    assert_eq!(unpacked.status, swept.status, "{unpacked:#?}");
    for name in ["manifest.json", RUNS_FILE].into_iter().chain(REPORTS) {
        let [first, again] =
            ["results", "again/folder"].map(|folder| fs::read(dir.path().join(folder).join(name)).unwrap());
        assert!(first == again, "{name} differs");
    }
    let twice = loadgen(dir.path(), "report sent.html --out again/folder");
    assert_eq!(twice.status, Some(2), "{twice:#?}");
    assert!(twice.message().contains("again/folder holds results already"), "{twice:#?}");
}

#[test]
fn a_page_without_results_or_with_damaged_ones_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let results = Sweep::quick().results_in(dir.path());
    let page = fs::read_to_string(write_page(&results).unwrap()).unwrap();
    let [manifest, runs] = ["manifest.json", RUNS_FILE].map(|name| page.find(&format!("\"{name}\">")).unwrap());
    for (text, said) in [
        (&page[..manifest], "page.html carries no results"),
        (&page[..runs + 2_000], "the runs.jsonl that it carries is damaged: it is cut off"),
    ] {
        fs::write(dir.path().join("page.html"), text).unwrap();
        for command in ["report page.html", "compare page.html report.html", "compare report.html page.html"] {
            let ended = loadgen(dir.path(), command);
            assert_eq!(ended.status, Some(2), "{command}: {ended:#?}");
            assert!(ended.message().contains(said), "{command}: {ended:#?}");
        }
    }
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
