//! What cannot be done is refused before anything is measured: status 2, the value, the remedy, and a clean disk.

use std::path::Path;

use crate::program::{Ended, Loadgen, loadgen};

fn assert_refused(ended: &Ended, options: &str, parts: &[&str]) {
    let message = ended.message();
    assert_eq!(ended.status, Some(2), "{options}: {ended:#?}");
    for part in parts {
        assert!(message.contains(part), "{options}: {part:?} is not in: {message}");
    }
    assert!(message.lines().count() < 12, "{options}: too long to be read: {message}");
    assert!(!message.contains("panicked"), "{options}: {message}");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[test]
fn absurd_values_are_refused_with_what_is_allowed() {
    for (options, parts) in [
        ("nope", &["`nope`", "built in are quick, clients", "path of a TOML file"][..]),
        ("--clients 0", &["clients 0", "between 1 and"]),
        ("--clients 1000000000", &["clients 1000000000", "between 1 and"]),
        ("--clients 99999999999", &["99999999999", "--clients"]),
        ("--clients 5,5", &["clients 5", "--repeats"]),
        ("--clients many", &["many", "--clients"]),
        ("--rate -5", &["rate -5", "more than 0"]),
        ("--rate NaN", &["rate NaN", "more than 0"]),
        ("--rate 0.1", &["rate 0.1", "measure at least 20 s"]),
        ("--payload-bytes 10", &["payload-bytes 10", "between 64"]),
        ("--payload-bytes 2000000", &["payload-bytes 2000000", "1048576"]),
        ("--transports pigeon", &["pigeon", "websocket, long-poll"]),
        ("--poll-interval 0s --transports short-poll", &["poll-interval 0 s", "between 0.01 s and 30 s"]),
        ("--poll-interval 0 --transports short-poll", &["poll-interval 0 s", "between 0.01 s and 30 s"]),
        ("--poll-interval often --transports short-poll", &["--poll-interval", "often"]),
        ("--poll-interval 1s", &["poll-interval 1 s", "add short-poll to --transports"]),
        ("--poll-interval 20s --transports short-poll", &["drain 10 s", "--poll-interval"]),
        (
            "--dialect ws --transports sse --server-command x{port} --publish feed",
            &["transports sse", "dialect ws speaks websocket"],
        ),
        ("--arrivals never", &["never", "constant, poisson"]),
        ("--repeats 0", &["repeats 0", "between 1 and"]),
        ("--measure 0s", &["measure 0 s", "must be between"]),
        ("--measure soon", &["soon", "--measure"]),
        ("--speed 2", &["speed", "--replay FILE"]),
        ("--absent-max 100%", &["100%", "less than 100%"]),
        ("--absent-max 5", &["5", "as in 5%"]),
        ("--workers 0", &["workers 0", "between 1 and"]),
        ("--engine steam", &["steam", "--engine", "one of lean, stock"]),
        ("--engine lean,lean", &["engine lean", "listed twice"]),
        ("--precision 5", &["5", "--precision", "as in 5%"]),
        ("--precision 0%", &["precision 0%", "between 1% and 100%"]),
        ("--budget 1s", &["budget 1 s", "give --budget", "--repeats"]),
        ("--budget soon", &["soon", "--budget"]),
        ("--repeats 3 --precision 5%", &["--repeats beside --precision", "how often", "leave one of them out"]),
        ("--repeats 3 --budget 1m", &["--repeats beside --budget", "how often", "leave one of them out"]),
        ("--cleints 5", &["--cleints", "--clients"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        assert_refused(&loadgen(dir.path(), &format!("run {options}")), options, parts);
        assert_eq!(names(dir.path()), [""; 0], "{options}");
    }
}

#[test]
fn what_a_running_server_has_chosen_is_refused_with_how_to_choose_it_there() {
    for (option, value, told_by) in [
        ("--engine", "stock", "--engine NAME"),
        ("--rate", "5", "--rate HZ"),
        ("--payload-bytes", "100", "--payload-bytes N"),
        ("--arrivals", "poisson", "--poisson"),
        ("--replay", "feed.ndjson", "--replay FILE"),
        ("--speed", "2", "--replay FILE --speed X"),
        ("--tls", "on", "--tls-self-signed"),
        ("--server-threads", "2", "--threads N"),
        ("--allocator", "glibc", "--allocator NAME"),
    ] {
        // Before anybody is asked whether they are there.
        for command in ["run", "doctor"] {
            let dir = tempfile::tempdir().unwrap();
            let options = format!("{command} --server http://me:S3CRET@127.0.0.1:1 {option} {value}");
            let ended = loadgen(dir.path(), &options);
            let beside = format!("{option} beside --server http://***@127.0.0.1:1 ");
            let remedy = format!("start it with `{told_by}`, if it is pushbench's, and leave {option} out here");
            assert_refused(&ended, &options, &[&beside, "the server's own choice", &remedy]);
            assert_eq!(names(dir.path()), [""; 0], "{options}");
        }
    }
}

#[test]
fn a_bad_scenario_file_is_refused_by_line() {
    for (text, parts) in [
        ("clients = [3]\ncleints = [4]\n", &["mine.toml", "line 2", "cleints", "clients"][..]),
        ("clients = 3\n", &["mine.toml", "line 1", "clients = 3"]),
        ("clients = [3]\nmeasure = \"soon\"\n", &["mine.toml", "line 2", "soon"]),
        ("clients = [\n", &["mine.toml", "line 1"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine.toml"), text).unwrap();
        assert_refused(&loadgen(dir.path(), "run mine.toml"), text, parts);
        assert_eq!(names(dir.path()), ["mine.toml"]);
    }
}

#[test]
fn a_bad_feed_is_refused_by_name_and_line() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("feed.ndjson"), "{\"at_us\":0,\"data\":1}\n{\"at_us\":1,\"daat\":2}\n").unwrap();
    for (feed, parts) in [
        ("feed.ndjson", &["feed.ndjson, line 2", "`daat`", "each line must be"][..]),
        ("none.ndjson", &["none.ndjson", "No such file", "builtin:market"]),
    ] {
        assert_refused(&loadgen(dir.path(), &format!("run --replay {feed}")), feed, parts);
        assert_eq!(names(dir.path()), ["feed.ndjson"]);
    }
}

#[test]
fn a_folder_that_cannot_be_had_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "mine").unwrap();
    for out in ["file/below", "file"] {
        assert_refused(
            &loadgen(dir.path(), &format!("run --out {out}")),
            out,
            &[out, "choose another folder with --out"],
        );
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("file")).unwrap(), "mine");
    assert_eq!(names(dir.path()), ["file"]);
}

#[test]
fn results_are_never_written_over() {
    for files in [&["manifest.json", "runs.jsonl"][..], &["manifest.json"], &["runs.jsonl"]] {
        let dir = tempfile::tempdir().unwrap();
        let before = dir.path().join("before");
        std::fs::create_dir(&before).unwrap();
        for name in files {
            std::fs::write(before.join(name), name).unwrap();
        }
        let parts = ["before holds results already", "choose another folder with --out"];
        assert_refused(&loadgen(dir.path(), "run --clients 5 --out before"), "--out before", &parts);
        assert_eq!(names(&before), files);
        for name in files {
            assert_eq!(std::fs::read_to_string(before.join(name)).unwrap(), *name, "untouched");
        }
    }
}

#[test]
fn too_few_file_descriptors_are_refused_with_how_to_get_more() {
    let dir = tempfile::tempdir().unwrap();
    let ended = Loadgen::with_open_files(dir.path(), 300, "run --clients 10,500 --out results").ended();
    let parts = ["564 needed for 500 clients", "hard limit is 300", "at most 236 clients", "ulimit -Hn 564"];
    assert_refused(&ended, "--clients 10,500", &parts);
    assert_eq!(names(dir.path()), [""; 0]);
}
