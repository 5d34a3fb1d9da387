//! `loadgen compare`: like results are compared, unlike ones only when forced, and then marked.

use std::path::Path;

use reports::{
    fixture::{Sweep, save},
    write_page,
};

use crate::program::{Ended, loadgen};

fn saved(dir: &Path, name: &str, cores: u32) {
    let mut results = Sweep::quick().results_in(&dir.join(name));
    results.manifest.machine.cores = cores;
    std::fs::create_dir_all(&results.dir).unwrap();
    save(&results).unwrap();
}

fn stdout(ended: &Ended) -> String {
    ended.stdout.join("\n")
}

#[test]
fn like_folders_are_compared_and_unlike_ones_refused_unless_forced() {
    let dir = tempfile::tempdir().unwrap();
    for (name, cores) in [("base", 2), ("head", 2), ("other", 8)] {
        saved(dir.path(), name, cores);
    }

    let alike = loadgen(dir.path(), "compare base head --html changes.html");
    assert_eq!(alike.status, Some(0), "{alike:#?}");
    assert!(stdout(&alike).contains("4,000 clients") && !stdout(&alike).contains("FORCED"), "{alike:#?}");

    let page = std::fs::read_to_string(dir.path().join("changes.html")).unwrap();
    assert!(page.contains("4,000 clients") && page.ends_with("</html>"));

    let unlike = loadgen(dir.path(), "compare base other");
    assert_eq!(unlike.status, Some(2), "{unlike:#?}");
    let message = unlike.message();
    assert!(message.contains("2 in base, 8 in head") && message.contains("--force"), "{message}");

    let forced = loadgen(dir.path(), "compare base other --force");
    assert_eq!(forced.status, Some(0), "{forced:#?}");
    assert!(stdout(&forced).contains("FORCED"), "{forced:#?}");
}

#[test]
fn two_pages_are_compared_as_their_folders_are() {
    let dir = tempfile::tempdir().unwrap();
    for (name, seed) in [("base", 1), ("head", 2)] {
        let results = Sweep { seed, ..Sweep::quick() }.results_in(&dir.path().join(name));
        std::fs::create_dir_all(&results.dir).unwrap();
        save(&results).unwrap();
        std::fs::rename(write_page(&results).unwrap(), dir.path().join(format!("{name}.html"))).unwrap();
    }
    let compared = |command: &str| {
        let ended = loadgen(dir.path(), command);
        assert_eq!(ended.status, Some(0), "{ended:#?}");
        assert_eq!(ended.stdout.last().unwrap(), "Report: compare.html");
        (stdout(&ended), std::fs::read_to_string(dir.path().join("compare.html")).unwrap())
    };
    let folders = compared("compare base head");
    assert!(folders.0.contains("head quick of 2026-01-01T12:00:00 (0123456) : base quick"), "{}", folders.0);
    for pages in ["compare base.html head.html", "compare base head.html", "compare base.html head"] {
        let pages = compared(pages);
        assert_eq!(pages.0, folders.0);
        assert!(pages.1 == folders.1, "the pages differ");
    }
}
