//! Paths are bytes: none need be UTF-8, wherever one is taken.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::Command,
};

use reports::{Validity, load};

use crate::{
    program::{Ended, Loadgen},
    sweep::SHORT,
};

/// As Latin-1 has it.
const FOLDER: &[u8] = b"r\xe9sultats";

/// Runs it with options of which `@` is that folder.
fn loadgen(dir: &Path, options: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(options.split_whitespace().map(|option| match option.split_once('@') {
        Some((before, after)) => OsStr::from_bytes(&[before.as_bytes(), FOLDER, after.as_bytes()].concat()).to_owned(),
        None => OsString::from(option),
    }));
    Loadgen::spawn(dir, command).ended()
}

#[test]
fn a_sweep_takes_and_writes_any() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(OsStr::from_bytes(FOLDER));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine.toml"), "replay = \"feed.ndjson\"\ntransports = [\"websocket\"]\n").unwrap();
    fs::write(folder.join("feed.ndjson"), "{\"at_us\":0,\"data\":1}\n{\"at_us\":10000,\"data\":2}\n").unwrap();
    let options = SHORT.replace("--out results", "").replace("clients --clients", "--clients");
    // By the key of a scenario, and by the option.
    for (number, feed) in ["", "--replay @/feed.ndjson"].into_iter().enumerate() {
        let ended = loadgen(dir.path(), &format!("run @/mine.toml {options} {feed} --out @/{number}"));
        let out = folder.join(number.to_string());
        let results = load(&out).unwrap_or_else(|error| panic!("{error}: {ended:#?}"));
        assert_eq!(ended.status, Some(if results.validity() == Validity::Valid { 0 } else { 3 }), "{ended:#?}");
        assert_eq!((results.runs.len(), results.runs[0].counts.delivered), (1, 20 * 50));
        assert!(
            results.manifest.command.iter().any(|word| word == &format!("r\u{fffd}sultats/{number}")),
            "for people"
        );
        assert!(results.manifest.scenario.replay.unwrap().ends_with("sultats/feed.ndjson"));
        assert!(out.join("report.html").is_file());
    }
    let again = loadgen(dir.path(), "report @/0");
    assert!([Some(0), Some(3)].contains(&again.status), "{again:#?}");
    assert_eq!(loadgen(dir.path(), "compare @/0 @/1 --force --html @/changes.html").status, Some(0));
    assert!(folder.join("changes.html").is_file());
    assert_eq!(loadgen(dir.path(), "report --index @").status, Some(0));
}

#[test]
fn what_is_not_there_is_refused_as_any_path_is() {
    let dir = tempfile::tempdir().unwrap();
    for (options, part) in [
        ("run @", "no scenario"),
        ("doctor @.toml", "no scenario"),
        ("run --replay @", "looked for in"),
        ("report @", "not a results folder"),
        ("report --index @", "no index"),
        ("compare @ @", "not a results folder"),
        ("gate --base @/loadgen --head @", "no such program"),
        ("gate --base http://127.0.0.1:1 --head http://127.0.0.1:1 @", "no scenario"),
        ("run --server https://127.0.0.1:1 --tls-ca @", "sultats"),
        ("serve --listen 127.0.0.1:0 --replay @", "looked for in"),
        ("serve --listen 127.0.0.1:0 --tls-cert @ --tls-key @", "sultats"),
    ] {
        let ended = loadgen(dir.path(), options);
        assert_eq!(ended.status, Some(2), "{options}: {ended:#?}");
        assert!(ended.message().contains(part) && ended.message().contains('\u{fffd}'), "{options}: {ended:#?}");
    }
}
