//! `loadgen gate` of servers of others: each repeat has a fresh process of the command; refused in words before anything is measured.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use crate::{
    others::{DIALECT, relay_program},
    program::{Ended, Loadgen},
};

const LIMITS_OFF: &str =
    "--limit server-cpu=off --limit last-p90=off --limit p99=off --limit memory=off --limit generator-cpu=off";

fn gate(dir: &Path, base: &str, head: &str, options: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["gate", "--base", base, "--head", head]).args(options.split_whitespace());
    Loadgen::spawn(dir, command).ended()
}

#[test]
fn every_repeat_has_a_fresh_process_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/mine.toml"), DIALECT).unwrap();
    let times = "settle = \"50ms\"\nwarm_up = \"100ms\"\nmeasure = \"200ms\"";
    // The path goes from where the scenario stands, though what is measured is a copy of it.
    let scenario =
        format!("transports = [\"websocket\"]\nclients = [20]\nrate_hz = [50]\n{times}\ndialect = \"mine.toml\"\n");
    fs::write(dir.path().join("sub/tiny.toml"), scenario).unwrap();
    std::os::unix::fs::symlink(relay_program(), dir.path().join("base")).unwrap();
    std::os::unix::fs::symlink(relay_program(), dir.path().join("head")).unwrap();
    let options = format!("sub/tiny.toml --publish feed --repeats 3 {LIMITS_OFF} --out out");
    let ended = gate(dir.path(), "./base {host} {port}", "./head {host} {port}", &options);
    assert!(matches!(ended.status, Some(0 | 3)), "{ended:#?}");
    assert!(!ended.message().contains("not started afresh"), "{ended:#?}");
    let mut processes = BTreeSet::new();
    for arm in ["base", "head", "again"] {
        let pooled = reports::load_pooled(&dir.path().join("out").join(arm)).unwrap();
        let program = if arm == "head" { "head" } else { "base" };
        assert_eq!(pooled.manifest.scenario.server_command, Some(format!("./{program} {{host}} {{port}}")));
        let named = pooled.runs.iter().map(|run| run.server.as_ref().unwrap().processes.join(" "));
        assert!(named.clone().all(|name| name.starts_with(&format!("{program} "))), "{arm}");
        processes.extend(named);
    }
    assert_eq!(processes.len(), 3 * 3, "{processes:?}");
}

#[test]
fn what_cannot_be_asked_of_a_server_of_others_is_refused_before_anything_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.toml"), DIALECT).unwrap();
    let this = env!("CARGO_BIN_EXE_loadgen");
    for (base, options, reason) in [
        (
            "server {port}",
            "",
            "--base: server-command: that is for a server of others; name how it is talked to by --dialect",
        ),
        ("'server {port}", "--dialect ws", "--base: server-command `'server {port}`: cannot be split into words"),
        ("server --listen", "", "or the command of a server with {port} in it"),
        (
            this,
            "--dialect ws",
            "--base: --dialect and --publish are for servers of others, and a program brings its own",
        ),
        (
            "http://127.0.0.1:1",
            "--dialect ws --publish feed",
            "--base: publish feed: a server that runs already has no stdin",
        ),
        ("server {port}", "--dialect nope", "--base: no dialect `nope`"),
        ("server {port}", "--dialect mine.toml --publish x", "invalid value 'x' for '--publish <HOW>'"),
    ] {
        let ended = gate(dir.path(), base, "http://127.0.0.1:1", &format!("{options} --out out"));
        assert!(ended.status == Some(2) && ended.message().contains(reason), "{base} {options}: {ended:#?}");
    }
}
