//! Through a proxy: everything arrives, what the proxy costs is told apart, nothing of it is left, and its mistakes show.

use std::{env, ffi::OsString, fs, io::Write, os::unix::fs::symlink, path::Path, process::Command};

use protocol::Transport;
use reports::Validity;
use rustix::process::Signal;

use crate::{
    others::relay_program,
    program::{Loadgen, Server, at_once, eventually, loadgen},
    results::of_success,
    sweep::SHORT,
};

/// What `--through` is given to have the stand-in of the tests take nginx's place.
const STAND_IN: &str = "./nginx-passes.conf";

/// Whether that proxy is installed; where it is not, that is said, though the test passes.
fn is_there(name: &str) -> bool {
    let there = ["/usr/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(name).exists());
    if !there {
        // Not by a macro, whose output is kept from who looks.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: through::* with {name}, which is not installed: apt-get install {name}"
        );
    }
    there
}

/// A proxy to try: what `--through` is given, and how its program is called.
fn tried() -> impl Iterator<Item = (&'static str, &'static str)> {
    let real = ["nginx", "haproxy", "caddy"].into_iter().filter(|name| is_there(name));
    std::iter::once((STAND_IN, "nginx")).chain(real.map(|name| (name, name)))
}

fn start(dir: &Path, options: &str, through: &str) -> Loadgen {
    let mut program = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    program.arg("run").args(options.split(' ')).args(["--through", through]);
    if through == STAND_IN {
        symlink(relay_program().with_file_name("passes"), dir.join("nginx")).unwrap();
        fs::write(dir.join(STAND_IN), "{listen} {upstream}").unwrap();
        let mut path = OsString::from(format!("{}:", dir.display()));
        path.push(env::var_os("PATH").unwrap_or_default());
        program.env("PATH", path);
    }
    Loadgen::spawn(dir, program)
}

#[test]
fn everything_arrives_through_each_and_its_part_is_told_apart() {
    at_once(tried(), |(through, _)| {
        let dir = tempfile::tempdir().unwrap();
        let ended =
            start(dir.path(), &format!("{SHORT} --rate 60 --transports websocket,long-poll,sse"), through).ended();
        let results = of_success(&dir.path().join("results"), &ended);
        assert_eq!(results.manifest.scenario.through.as_deref(), Some(through));
        assert_eq!(results.runs.len(), Transport::SERVED.len());
        for run in &results.runs {
            assert_eq!((run.counts.delivered, run.counts.missed), (600, 0), "{through}");
            let server = run.server.as_ref().unwrap();
            let (proxy, whole) = (server.proxy_cpu.unwrap().total_ns, server.cpu.total_ns);
            assert!(0 < proxy && proxy < whole, "{through}: {proxy} of {whole}");
            let idle = server.plateaus.idle.unwrap();
            assert!((1..idle.pss).contains(&idle.proxy_pss.unwrap()), "{through}: {idle:?}");
        }
        let summary = fs::read_to_string(dir.path().join("results/summary.md")).unwrap();
        // Of a void point nothing is shown.
        assert!(summary.contains("The proxy’s part: ") || results.validity() == Validity::Flawed, "{summary}");
    });
}

#[test]
fn nothing_is_left_of_it_however_the_generator_ends() {
    for (through, program) in tried() {
        for signal in [Signal::KILL, Signal::INT] {
            let dir = tempfile::tempdir().unwrap();
            let loadgen = start(dir.path(), "clients --clients 20 --measure 60s", through);
            let proxy: Server = eventually(through, || loadgen.descendant(program));
            loadgen.signal(signal);
            proxy.gone();
        }
    }
}

#[test]
fn a_time_out_that_is_shorter_than_the_quiet_shows() {
    if !is_there("nginx") {
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
