//! The sliders of `loadgen live`: who may move them, how far, and what comes of it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use protocol::clock::now_ns;
use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Loadgen, loadgen};

/// A running race, its address and its token.
fn race(options: &str) -> (Loadgen, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let race = Loadgen::start(dir.path(), &format!("live {options}"));
    let line = race.stderr_line("    http://");
    let (address, token) = line.trim().strip_prefix("http://").unwrap().split_once("/#control=").unwrap();
    let (address, token) = (address.to_owned(), token.to_owned());
    (race, address, token)
}

/// Status and body of a request.
fn ask(address: &str, method: &str, target: &str, token: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head =
        format!("{method} {target} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[test]
fn sliders_are_for_who_has_the_token_and_within_their_bounds() {
    let (race, address, token) = race("");
    let set = |query: &str, token: &str| ask(&address, "POST", &format!("/live/stream?{query}"), token);
    assert_eq!(set("rate_hz=20", "wrong").0, 401);
    let state = || serde_json::from_str::<Value>(&ask(&address, "GET", "/page/state", "").1).unwrap();
    let bounds = state()["bounds"].clone();
    for key in ["rate_hz", "payload_bytes", "burst", "rtt_ms"] {
        let (least, most) = (bounds[key]["start"].as_i64().unwrap(), bounds[key]["end"].as_i64().unwrap());
        for value in [least - 1, most + 1] {
            let (status, said) = set(&format!("{key}={value}&burst=2"), &token);
            let reason = format!("{key}={value}: must be a whole number from {least} to {most}");
            assert!(status == 400 && said.contains(&reason), "{status} {said}");
        }
    }
    let (status, said) = set("speed=1", &token);
    assert!(status == 400 && said.contains("unknown key `speed`"), "{status} {said}");
    assert_eq!(state()["settings"]["burst"], 1, "all of it or nothing");
    assert_eq!(set("rate_hz=20&burst=2&rtt_ms=1", &token).0, 200);
    let now = state();
    assert_eq!(
        (&now["settings"]["rate_hz"], &now["settings"]["burst"], &now["rtt_ms"]),
        (&20.0.into(), &2.into(), &1.into())
    );
    race.signal(Signal::INT);
    assert_eq!(race.ended().status, Some(0));
}

#[test]
fn the_stream_follows_the_sliders_and_a_round_trip_is_held() {
    let (_race, address, token) = race("--rate 1");
    let poll = |query: &str| ask(&address, "GET", &format!("/poll?{query}"), "");
    assert_eq!(ask(&address, "POST", "/live/stream?rate_hz=500&payload_bytes=256&burst=5", &token).0, 200);
    let mut after = 0;
    let due = loop {
        let (status, body) = poll(&format!("after={after}"));
        assert_eq!(status, 200, "{body}");
        let lines: Vec<&str> = body.lines().collect();
        let update = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        after = update(lines.last().unwrap())["seq"].as_u64().unwrap();
        let new: Vec<u64> = lines
            .iter()
            .filter(|line| line.len() == 256)
            .map(|line| update(line)["due_ns"].as_u64().unwrap())
            .collect();
        if new.len() >= 5 {
            break new;
        }
    };
    assert!(due.windows(5).any(|five| five[0] == five[4]), "five at once: {due:?}");
    assert_eq!(ask(&address, "POST", "/live/stream?rtt_ms=300", &token).0, 200);
    for (path, held) in [("/poll?wait_ms=0", true), ("/page/state", false), ("/healthz", false)] {
        let asked_ns = now_ns();
        ask(&address, "GET", path, "");
        assert!(!held || now_ns() - asked_ns >= 300_000_000, "{path}");
    }
    // What is pushed is half of it late, and no sooner.
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /sse HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let lines = BufReader::new(stream)
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| Some(line.strip_prefix("data: ")?.to_owned()));
    // Those that were published before the answer began come together with it.
    for line in lines.take(50) {
        let due_ns = serde_json::from_str::<Value>(&line).unwrap()["due_ns"].as_u64().unwrap();
        assert!(now_ns() >= due_ns + 150_000_000, "{line}");
    }
}

#[test]
fn a_round_trip_that_cannot_be_held_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for rtt in ["2s", "x", "1.5ms"] {
        let ended = loadgen(dir.path(), &format!("live --rtt {rtt}"));
        assert_eq!(ended.status, Some(2), "{ended:?}");
        assert!(ended.stderr.iter().any(|line| line.contains("whole milliseconds, at most 1000ms")), "{ended:?}");
    }
}
