//! Through a proxy: everything arrives, what the proxy costs is told apart, nothing of it is left, and its mistakes show.

use std::{fs, path::Path};

use protocol::Transport;
use reports::Validity;
use rustix::process::Signal;

use crate::{
    program::{Ended, Loadgen, Server, eventually, loadgen},
    results::of_success,
    sweep::SHORT,
};

/// What is on every machine that builds this, where one of them is.
fn there() -> Vec<&'static str> {
    let in_sbin = |name: &str| Path::new("/usr/sbin").join(name).exists() || Path::new("/usr/bin").join(name).exists();
    ["nginx", "haproxy", "caddy"].into_iter().filter(|name| in_sbin(name)).collect()
}

fn run(dir: &Path, options: &str) -> Ended {
    loadgen(dir, &format!("run {SHORT} --rate 20 {options}"))
}

#[test]
fn everything_arrives_through_each_that_is_installed_and_its_part_is_told_apart() {
    for name in there() {
        let dir = tempfile::tempdir().unwrap();
        let ended = run(dir.path(), &format!("--through {name}"));
        let results = of_success(&dir.path().join("results"), &ended);
        assert_eq!(results.manifest.scenario.through.as_deref(), Some(name));
        assert_eq!(results.runs.len(), Transport::ALL.len());
        for run in &results.runs {
            assert_eq!((run.counts.delivered, run.counts.missed), (200, 0), "{name}");
            let server = run.server.as_ref().unwrap();
            let (proxy, whole) = (server.proxy_cpu.unwrap().total_ns, server.cpu.total_ns);
            assert!(0 < proxy && proxy < whole, "{name}: {proxy} of {whole}");
            let idle = server.plateaus.idle.unwrap();
            assert!((1..idle.pss).contains(&idle.proxy_pss.unwrap()), "{name}: {idle:?}");
        }
        let summary = fs::read_to_string(dir.path().join("results/summary.md")).unwrap();
        // Of a void point nothing is shown.
        assert!(summary.contains("The proxy’s part: ") || results.validity() == Validity::Flawed, "{summary}");
    }
}

#[test]
fn nothing_is_left_of_it_however_the_generator_ends() {
    for name in there() {
        for signal in [Signal::KILL, Signal::INT] {
            let dir = tempfile::tempdir().unwrap();
            let loadgen =
                Loadgen::start(dir.path(), &format!("run clients --clients 20 --measure 60s --through {name}"));
            let proxy: Server = eventually(name, || loadgen.descendant(name));
            loadgen.signal(signal);
            proxy.gone();
        }
    }
}

#[test]
fn a_time_out_that_is_shorter_than_the_quiet_shows() {
    if !there().contains(&"nginx") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let streams = include_str!("../../src/measure/through/nginx.conf");
    let mistaken = streams.replace("proxy_read_timeout 1h", "proxy_read_timeout 1s");
    assert_ne!(streams, mistaken);
    fs::write(dir.path().join("my-nginx.conf"), mistaken).unwrap();
    // An update each two seconds: every poll is quiet for longer than a second.
    let quiet = "run clients --transports long-poll --clients 10 --rate 0.5 --warm-up 100ms --settle 100ms --measure 4s --repeats 1";
    let ended = loadgen(dir.path(), &format!("{quiet} --out mistaken --through ./my-nginx.conf"));
    let results = reports::load(&dir.path().join("mistaken")).unwrap();
    let run = &results.runs[0];
    assert_eq!(results.manifest.scenario.through.as_deref(), Some("./my-nginx.conf"));
    assert!(!run.counts.first_errors.is_empty(), "{:?} {:?} {ended:#?}", run.counts, run.failure);
}

#[test]
fn what_cannot_go_through_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    for (options, reason) in [
        ("--through squid", "through squid: there are nginx, haproxy, caddy"),
        (
            "--through nginx --server http://127.0.0.1:1",
            "through nginx beside --server http://127.0.0.1:1: a proxy is put before",
        ),
        ("--through nginx --tls on", "tls beside --through nginx: the proxy has no keys here"),
        ("--through nginx --disturb restart", "disturb restart beside --through nginx"),
        ("--through nginx --clients 100000", "ask for fewer"),
    ] {
        let ended = loadgen(dir.path(), &format!("run {options}"));
        assert!(ended.status == Some(2) && ended.message().contains(reason), "{options}: {ended:#?}");
    }
}
