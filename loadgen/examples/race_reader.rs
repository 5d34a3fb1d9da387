//! For tests: `race_reader LOADGEN TOKEN`. In a network namespace of its own it starts `loadgen live`, whose stream asks for that token, and is
//! its only client: reads events through the link at three round trips, on one connection, and says a line of what it saw for each.
//! Then it ends the race by Ctrl-C and another by a kill, and says which devices each left.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use loadgen::{
    link::enter_namespace,
    output::{print, say},
};
use protocol::clock::now_ns;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// As many updates are looked at, of each round trip.
const LOOKED_AT: usize = 20;
/// Sooner than any update over the far round trip: without a round trip one comes so soon sooner or later, whatever else the machine does.
const NEARER_NS: u64 = 50_000_000;
/// The round trips in turn, milliseconds.
const TRIPS_MS: [u64; 3] = [0, 100, 0];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [loadgen, token] = &words[..] else { panic!("LOADGEN TOKEN") };
    enter_namespace().unwrap();
    let (race, address, shown) = start(loadgen, token);
    print(&format!("{address} {shown}")).unwrap();
    read(&address, &shown, token);
    print(&ask(&address.replace("10.99.0.2", "10.99.0.1"), "GET", "/page/state", token)).unwrap();
    end(race, Signal::INT);
    end(start(loadgen, token).0, Signal::KILL);
}

/// A race, its address, and what stands behind the #.
fn start(loadgen: &str, token: &str) -> (Child, String, String) {
    let mut command = Command::new(loadgen);
    command.args(["live", "--rate", "50"]).env("PUSHBENCH_TOKEN", token).stderr(Stdio::piped());
    let mut race = command.spawn().unwrap();
    let lines = BufReader::new(race.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = lines.inspect(|line| say(line));
    let line = lines.find_map(|line| Some(line.strip_prefix("    http://")?.to_owned())).unwrap();
    let (address, shown) = line.split_once("/#").unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    (race, address.to_owned(), shown.to_owned())
}

/// Reads events, at each round trip so many that were due while it held; for each a line: how many, and the least lateness, nanoseconds.
fn read(address: &str, shown: &str, token: &str) {
    let control = shown.split('&').find_map(|pair| pair.strip_prefix("control=")).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /sse?token={token} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut updates = BufReader::new(stream).lines().map(Result::unwrap).filter_map(|line| {
        let update: Value = serde_json::from_str(line.strip_prefix("data: ")?).unwrap();
        let (seq, due_ns) = (update["seq"].as_u64().unwrap(), update["due_ns"].as_u64().unwrap());
        Some((seq, due_ns, now_ns().saturating_sub(due_ns)))
    });
    let mut last = updates.next().unwrap().0;
    for rtt_ms in TRIPS_MS {
        let set = ask(address, "POST", &format!("/live/stream?token={token}&rtt_ms={rtt_ms}"), control);
        assert!(set.contains(&format!("\"rtt_ms\":{rtt_ms},")), "{set}");
        let (set_ns, mut late) = (now_ns(), Vec::new());
        let is_near = |late: &[u64]| late.iter().any(|late_ns| *late_ns < NEARER_NS);
        while late.len() < LOOKED_AT || rtt_ms == 0 && !is_near(&late) {
            let (seq, due_ns, late_ns) = updates.next().unwrap();
            assert_eq!(seq, last + 1, "nothing is lost and nothing overtakes");
            last = seq;
            late.extend((due_ns >= set_ns).then_some(late_ns));
        }
        let begun_ns = now_ns();
        TcpStream::connect(address).unwrap();
        let connected_ns = now_ns() - begun_ns;
        print(&format!("{rtt_ms} {} {connected_ns}", late.iter().min().unwrap())).unwrap();
    }
}

/// The body of an answer.
fn ask(address: &str, method: &str, target: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "host: a\r\nconnection: close\r\nauthorization: Bearer";
    write!(stream, "{method} {target} HTTP/1.1\r\n{head} {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.trim().to_owned()
}

/// Ends it by that signal; says its status and what devices are left beside loopback.
fn end(mut race: Child, signal: Signal) {
    kill_process(Pid::from_child(&race), signal).unwrap();
    let status = race.wait().unwrap();
    let mut left: Vec<_> = procfs::net::dev_status().unwrap().into_keys().collect();
    left.retain(|name| name != "lo");
    print(&format!("{:?} {left:?}", status.code())).unwrap();
}
