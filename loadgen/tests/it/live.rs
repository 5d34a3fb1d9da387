//! The sliders of `loadgen live`: who may move them, how far, and what comes of it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use protocol::clock::now_ns;
use rustix::process::Signal;
use serde_json::Value;

use crate::{
    link::tried,
    others::relay_program,
    program::{Loadgen, loadgen},
};

/// A running race on loopback, its address and its token.
fn race(options: &str) -> (Loadgen, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let race = Loadgen::start(dir.path(), &format!("live --listen 127.0.0.1:0 {options}"));
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

#[test]
fn by_a_link_the_round_trip_is_a_networks_and_its_device_goes_with_the_race() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(relay_program().with_file_name("race_reader"));
    command.args([env!("CARGO_BIN_EXE_loadgen"), "s3cret"]);
    let ended = Loadgen::spawn(dir.path(), command).ended();
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let [first, near, far, near_again, state, interrupted, killed] = &ended.stdout[..] else { panic!("{ended:#?}") };
    let (address, shown) = first.split_once(' ').unwrap();
    assert!(address.starts_with("10.99.0.2:") && shown.ends_with("&token=s3cret"), "{first}");
    let read = |line: &str| line.split(' ').map(|word| word.parse().unwrap()).collect::<Vec<u64>>();
    let (far_ns, near_ns) = (read(far), [near, near_again].map(|line| read(line)));
    assert!(far_ns[1] >= 50_000_000 && far_ns[2] >= 100_000_000, "{far_ns:?}");
    assert!(near_ns.iter().all(|near_ns| near_ns[1] < 50_000_000), "{near_ns:?} {far_ns:?}");
    let state: Value = serde_json::from_str(state).unwrap();
    assert_eq!([&state["round_trip"], &state["why"], &state["past"]], [&"network".into(), &Value::Null, &true.into()]);
    assert_eq!([interrupted, killed], ["Some(0) []", "None []"]);
    let told = ended.message();
    assert!(told.contains("The round trip is a network's: the kernel's TCP through a link."), "{told}");
}

#[test]
fn where_there_may_be_no_link_the_round_trip_is_held_and_it_is_said_why() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", "mount -t tmpfs none /dev/net; exec \"$0\" live", env!("CARGO_BIN_EXE_loadgen")]);
    let race = Loadgen::spawn(dir.path(), command);
    let told = race.stderr_line("The round trip is a hold, not a network: ");
    assert!(told.contains("/dev/net/tun cannot be opened"), "{told}");
    let line = race.stderr_line("    http://127.0.0.1:");
    let address = line.trim().strip_prefix("http://").unwrap().split_once('/').unwrap().0;
    let state: Value = serde_json::from_str(&ask(address, "GET", "/page/state", "").1).unwrap();
    assert_eq!((&state["round_trip"], &state["past"]), (&"hold".into(), &false.into()));
    assert!(told.contains(state["why"].as_str().unwrap()), "{state}");
    race.signal(Signal::INT);
    assert_eq!(race.ended().status, Some(0));
}
