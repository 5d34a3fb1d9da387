//! Servers side by side: each started by its own folder, measured over what it speaks, refused in words where it is not whole.

use std::{fs, os::unix::fs::symlink, path::Path};

use protocol::{
    Engine, Transport,
    results::{Peer, Publish},
};

use crate::{
    others::{DIALECT, relay_program},
    program::{Ended, loadgen},
    results::of_success,
    sweep::SHORT,
};

/// A folder of a peer, in which `./relay` is the server of others that comes with the tests.
pub(crate) fn folder(dir: &Path, name: &str, dialect: &str, server: &str) {
    let folder = dir.join(name);
    fs::create_dir_all(&folder).unwrap();
    let command = "command = \"./relay {host} {port}\"";
    fs::write(folder.join("dialect.toml"), format!("{dialect}\n[server]\n{command}\n{server}\n")).unwrap();
    symlink(relay_program(), folder.join("relay")).unwrap();
}

fn run(dir: &Path, options: &str) -> Ended {
    loadgen(dir, &format!("run {SHORT} --rate 20 {options}"))
}

#[test]
fn each_server_is_measured_over_what_it_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let pushed = "why = \"\"\n[websocket]\npath = \"/ws\"";
    folder(dir.path(), "peers/fed", pushed, "needs = [{ file = \"relay\", install = \"ln\" }]");
    folder(dir.path(), "elsewhere/posted", DIALECT, "");
    let ended = run(dir.path(), "--engine stock --peer ./elsewhere/posted,fed,own");
    let results = of_success(&dir.path().join("results"), &ended);

    let peers: Vec<_> = results.manifest.scenario.peer.iter().map(|peer| (&*peer.name, peer.publish)).collect();
    assert_eq!(peers, [("posted", Some(Publish::Http)), ("fed", Some(Publish::Feed)), (Peer::OWN, None)]);
    let mut points: Vec<_> = results
        .runs
        .iter()
        .map(|run| (run.point.load.peer.as_deref(), run.point.load.engine, run.point.transport))
        .collect();
    points.sort_unstable();
    let both = |peer, engine| Transport::DEFAULT.map(|transport| (peer, engine, transport));
    let fed = [(Some("fed"), None, Transport::WebSocket)];
    assert_eq!(points, [&both(None, Some(Engine::Stock))[..], &fed, &both(Some("posted"), None)].concat());
    for run in &results.runs {
        let peer = run.point.load.peer.as_deref();
        assert_eq!((run.counts.delivered, run.counts.missed), (200, 0), "{peer:?}");
        assert_eq!(run.stream.acknowledged.is_some(), peer == Some("posted"));
        let listed = run.server.as_ref().unwrap().processes.len();
        assert_eq!(listed, usize::from(peer.is_some()), "the own server is the process that was started");
    }

    let unspoken = "fed does not speak long-poll: it has no such points.";
    assert!(ended.stderr.iter().any(|line| line == unspoken), "{ended:#?}");
    let summary = fs::read_to_string(dir.path().join("results/summary.md")).unwrap();
    assert!(summary.contains("| fed | WebSocket |"), "{summary}");
    let rows = fs::read_to_string(dir.path().join("results/runs.csv")).unwrap();
    let column = rows.lines().next().unwrap().split(',').position(|name| name == "peer").unwrap();
    let mut named: Vec<_> = rows.lines().skip(1).map(|row| row.split(',').nth(column).unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, ["fed", "own", "own", "posted", "posted"]);
}

#[test]
fn a_server_that_cannot_be_started_costs_only_its_own_runs() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), "peers/whole", DIALECT, "");
    folder(dir.path(), "peers/broken", DIALECT, "");
    let script = "#!/bin/sh\necho no room >&2\nexit 7\n";
    fs::remove_file(dir.path().join("peers/broken/relay")).unwrap();
    fs::write(dir.path().join("peers/broken/relay"), script).unwrap();
    std::process::Command::new("chmod").arg("+x").arg(dir.path().join("peers/broken/relay")).status().unwrap();
    let ended = run(dir.path(), "--peer broken,whole");
    let results = reports::load(&dir.path().join("results")).unwrap();
    let of =
        |name: &str| results.runs.iter().filter(|run| run.point.load.peer.as_deref() == Some(name)).collect::<Vec<_>>();
    assert_eq!(of("whole").len(), Transport::DEFAULT.len());
    assert!(of("whole").iter().all(|run| run.failure.is_none()), "{ended:#?}");
    let failed = of("broken");
    assert_eq!(failed.len(), 1, "it is not tried again");
    assert!(failed[0].failure.as_ref().unwrap().reason.contains("its last lines: no room"), "{ended:#?}");
    assert!(ended.message().contains("what else is planned of broken is left out"), "{ended:#?}");
    assert_eq!(ended.status, Some(1), "{ended:#?}");
}

#[test]
fn what_is_missing_or_contradicts_is_refused_before_anything_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), "peers/whole", DIALECT, "");
    folder(dir.path(), "peers/lacking", DIALECT, "needs = [{ file = \"modules\", install = \"get them\" }]");
    folder(dir.path(), "peers/bare", DIALECT, "needs = [{ program = \"no-such-program\", install = \"get it\" }]");
    folder(dir.path(), "other/whole", DIALECT, "");
    folder(dir.path(), "other/own", DIALECT, "");
    folder(dir.path(), "peers/pushed", "why = \"\"\n[websocket]\npath = \"/ws\"", "");
    folder(dir.path(), "peers/unready", DIALECT, "ready = \"healthz\"");
    fs::create_dir(dir.path().join("peers/client")).unwrap();
    fs::write(dir.path().join("peers/client/dialect.toml"), DIALECT).unwrap();
    for (options, reasons) in [
        (
            "--peer lacking,whole,bare",
            &["peer lacking: `modules` is not there; install it: (cd ", "&& get them)", "bare: `no-such-program` is"][..],
        ),
        ("--peer nope,own", &["peer nope: no such folder", "there are own, bare, ", "whole", "as in ./nope"]),
        ("--peer ./nope", &["peer ./nope: no such folder"]),
        ("--peer client", &["peer client: ", "has no [server], which says what starts it"]),
        ("--peer whole,whole", &["peer whole: listed twice"]),
        ("--peer whole,./other/whole", &["peer whole: listed twice"]),
        ("--peer own,own", &["peer own: listed twice"]),
        ("--peer ./other/own", &["`own` is the name of the own server"]),
        ("--peer pushed --transports long-poll", &["peer pushed: it speaks websocket and nothing of --transports"]),
        (
            "--peer whole --server http://127.0.0.1:1",
            &["peer beside --server http://127.0.0.1:1", "leave one of them out"],
        ),
        (
            "--peer whole --server-command x{port}",
            &["peer beside server-command: each peer's own dialect.toml says that"],
        ),
        ("--peer unready", &["peer unready: ready `healthz`: must be a path"]),
        ("--peer whole --server-ready /x", &["peer beside server-ready"]),
        ("--peer whole --dialect ws", &["peer beside dialect"]),
        ("--peer whole --publish feed", &["peer beside publish"]),
        ("--peer whole --engine lean", &["engine beside --peer", "as in --peer whole,own"]),
        ("--peer whole,own --tls on", &["tls beside --peer"]),
        ("--peer whole,own --signal-rate 1", &["signal-rate beside --peer"]),
        ("--peer whole,own --disturb restart", &["disturb restart beside --peer"]),
    ] {
        let ended = run(dir.path(), options);
        let said = ended.message();
        assert_eq!(ended.status, Some(2), "{options}: {ended:#?}");
        assert!(reasons.iter().all(|reason| said.contains(reason)), "{options}: {said}");
    }
    assert!(!dir.path().join("results").exists());
}
