//! `--replay`: a feed is published in order, unchanged and again from the beginning, or refused by name and line.

use std::path::PathBuf;

use protocol::{Transport, Update};
use tempfile::TempDir;

use crate::{
    client::{Client, assert_consecutive, stamp},
    http::get,
    program::{Server, refusal},
};

/// Values that a feed may carry; none must be touched.
const DATA: [&str; 4] = [r#"{"b": 1,  "a":[1.0,2e3]}"#, "null", r#""\u00e9 ü\n""#, "12345678901234567890.1"];

fn feed(text: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed.ndjson");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

/// The data, a millisecond apart, not beginning with 0.
fn recorded() -> String {
    let lines = DATA.iter().zip(7..).map(|(data, at)| format!("{{\"at_us\":{at}000,\"data\":{data}}}\n"));
    lines.collect::<Vec<_>>().concat()
}

#[test]
fn a_feed_is_replayed_in_order_and_from_the_beginning_again() {
    let (_dir, path) = feed(&recorded());
    let server = Server::start(&format!("--replay {}", path.display()));
    for transport in Transport::ALL {
        let mut client =
            Client::open(transport, server.address, "after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
        let lines = client.lines(3 * DATA.len());
        assert_consecutive(&lines, 1);
        for (line, data) in lines.iter().zip(DATA.iter().cycle()) {
            assert_eq!(Update::parse(line.as_bytes()).unwrap().data, data.as_bytes(), "{transport}");
        }
    }
}

#[test]
fn gaps_are_as_recorded_or_shorter_by_the_speed() {
    for (options, gap_ns) in [("", 1_000_000), ("--speed 4", 250_000)] {
        let (_dir, path) = feed(&recorded());
        let server = Server::start(&format!("--replay {} {options}", path.display()));
        let mut client =
            Client::open(Transport::LongPoll, server.address, "after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
        let due: Vec<u64> = client.lines(9).iter().map(|line| stamp(line).due_ns).collect();
        for pair in due.windows(2) {
            assert_eq!(pair[1] - pair[0], gap_ns, "{options}: {due:?}");
        }
    }
}

#[test]
fn a_feed_is_read_by_what_it_is_and_wherever_it_is() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, recorded().as_bytes()).unwrap();
    // Neither the name nor its bytes say what it is.
    let path = dir.path().join(std::ffi::OsStr::from_bytes(b"f\xe9ed.ndjson"));
    std::fs::write(&path, packed.finish().unwrap()).unwrap();
    let server = Server::start_with(&["--replay".as_ref(), path.as_os_str()]);
    let mut client =
        Client::open(Transport::LongPoll, server.address, "after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
    let lines = client.lines(DATA.len());
    let data: Vec<_> = lines.iter().map(|line| Update::parse(line.as_bytes()).unwrap().data).collect();
    assert_eq!(data, DATA.map(str::as_bytes));
    assert!(get(server.address, "/healthz").text().contains("f\u{fffd}ed.ndjson"));
}

#[test]
fn healthz_names_the_feed() {
    let (_dir, path) = feed(&recorded());
    let server = Server::start(&format!("--replay {}", path.display()));
    assert!(get(server.address, "/healthz").text().contains(path.to_str().unwrap()));
}

#[test]
fn a_bad_feed_is_refused_by_name_and_line_with_a_remedy() {
    const FORM: &str = "each line must be {\"at_us\":<integer>,\"data\":<JSON>}";
    let good = recorded();
    for (text, reason, remedy) in [
        (format!("{good}nonsense\n"), "line 5: expected ident", FORM),
        (format!("{good}{{\"at_us\":99000}}\n"), "line 5: missing field `data`", FORM),
        (format!("{good}{{\"at_us\":1,\"data\":1}}\n"), "line 5: at_us 1 is earlier", FORM),
        (format!("{good}{{\"at_us\":99000,\"data\":{{}}\n"), "line 5: ", FORM),
        (String::new(), "no messages", ""),
    ] {
        let (_dir, path) = feed(&text);
        let message = refusal(&format!("--replay {}", path.display()));
        for part in [path.to_str().unwrap(), reason, remedy] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}

#[test]
fn a_missing_feed_is_refused_by_name_with_a_remedy() {
    let (dir, _) = feed("");
    for path in [dir.path().join("none.ndjson"), dir.path().to_owned()] {
        let message = refusal(&format!("--replay {}", path.display()));
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert!(message.contains("builtin:market"), "{message}");
    }
}
