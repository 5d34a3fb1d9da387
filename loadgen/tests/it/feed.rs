//! Feeds as people have them: compressed, through a pipe, beside the scenario that names them.

use std::{fs, io::Write as _, process::Command};

use flate2::{Compression, write::GzEncoder};
use protocol::results::Stream;

use crate::{
    program::{Loadgen, loadgen},
    results::of_success,
    sweep::SHORT,
};

/// Ten milliseconds apart, also where it begins again.
const FEED: &str =
    "\u{feff}{\"at_us\":0,\"data\":1}\r\n\r\n{\"at_us\":10000,\"data\":2}\r\n{\"at_us\":20000,\"data\":3}\r\n";

#[test]
fn a_pipe_is_read_once_for_every_server_of_a_sweep() {
    let dir = tempfile::tempdir().unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(FEED.as_bytes()).unwrap();
    fs::write(dir.path().join("feed"), packed.finish().unwrap()).unwrap();
    let mut command = Command::new("sh");
    let script = format!("cat feed | \"$0\" run {SHORT} --replay /dev/stdin --speed 1,2");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_loadgen")]).env("TMPDIR", dir.path());
    let ended = Loadgen::spawn(dir.path(), command).ended();
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(results.runs.len(), 4);
    for run in &results.runs {
        let Stream::Replay { feed, speed } = &run.point.load.stream else { panic!("{:?}", run.point) };
        assert_eq!((feed.as_str(), run.stream.updates), ("/dev/stdin", (50.0 * speed) as u64), "{run:#?}");
    }
    let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["feed", "results"], "the copy is gone");
}

#[test]
fn a_key_names_a_feed_from_where_the_scenario_is_and_an_option_from_here() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/mine.toml"), "replay = \"feed.ndjson\"\n").unwrap();
    for (place, options, looked_in) in [("sub/feed.ndjson", "", "sub"), ("feed.ndjson", "--replay feed.ndjson", "")] {
        let missing = loadgen(dir.path(), &format!("doctor sub/mine.toml --clients 5 {options}"));
        let here = dir.path().canonicalize().unwrap();
        let folder = if looked_in.is_empty() { here } else { here.join(looked_in) };
        assert_eq!(missing.status, Some(2), "{missing:#?}");
        let looked = format!("{place}: No such file or directory (os error 2), looked for in {};", folder.display());
        assert!(missing.message().contains(&looked), "{looked:?} is not in: {missing:#?}");

        fs::write(dir.path().join(place), FEED).unwrap();
        let found = loadgen(dir.path(), &format!("doctor sub/mine.toml --clients 5 {options}"));
        assert_eq!(found.status, Some(0), "{found:#?}");
        fs::remove_file(dir.path().join(place)).unwrap();
    }
}
