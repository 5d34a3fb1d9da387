//! `loadgen gate`: two builds measured in turn. Builds here are scripts that hand out made-up results, so that what is
//! worse is known.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use protocol::{Transport, results::Run};
use reports::fixture::{Sweep, save};

use crate::program::{Ended, Loadgen, loadgen};

const REPEATS: u32 = 6;

/// A "build": `run SCENARIO --repeats 1 --out DIR` leaves the results of that repeat there, each run changed so.
fn build(dir: &Path, name: &str, seed: u64, change: impl Fn(u32, &mut Run)) {
    let store = dir.join(format!("{name}-results"));
    for repeat in 1..=REPEATS {
        let sweep = Sweep { clients: vec![1_000], repeats: 1, seed: seed + u64::from(repeat), ..Sweep::quick() };
        let mut results = sweep.results_in(&store.join(format!("{repeat:03}")));
        results.runs.iter_mut().for_each(|run| change(repeat, run));
        fs::create_dir_all(&results.dir).unwrap();
        save(&results).unwrap();
    }
    script(
        dir,
        name,
        // What is asked for beyond the last repeat is the first again.
        &format!(
            "n=$(basename \"$6\"); n=$(( (1$n - 1001) % {REPEATS} + 1 ))\n\
             mkdir -p \"$(dirname \"$6\")\" && cp -r '{}'/00$n \"$6\"",
            store.display()
        ),
    );
}

fn script(dir: &Path, name: &str, text: &str) {
    let file = dir.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn slower(run: &mut Run) {
    if run.point.transport == Transport::LongPoll {
        run.server.as_mut().unwrap().cpu.total_ns *= 2;
    }
}

fn gate(dir: &Path, base: &str, head: &str, options: &str) -> Ended {
    loadgen(dir, &format!("gate --base ./{base} --head ./{head} --repeats {REPEATS} {options}"))
}

#[test]
fn the_same_passes_and_what_is_worse_fails_by_name() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    build(dir.path(), "same", 200, |_, _| ());
    build(dir.path(), "slow", 300, |_, run| slower(run));

    let passed = gate(dir.path(), "base", "same", "--out passed");
    assert_eq!(passed.status, Some(0), "{passed:#?}");
    let text = fs::read_to_string(dir.path().join("passed/gate.md")).unwrap();
    assert!(text.contains("**PASSED: every interval ends under"), "{text}");
    assert!(dir.path().join("passed/head/report.html").exists());

    let failed = gate(dir.path(), "base", "slow", "--out failed");
    assert_eq!(failed.status, Some(4), "{failed:#?}");
    let said = failed.stdout.join("\n");
    assert!(said.contains("REGRESSED") && said.contains("- server CPU per delivery, long polling, 1,000"), "{said}");
    assert!(!said.contains("- server CPU per delivery, WebSocket"), "{said}");
    let junit = fs::read_to_string(dir.path().join("failed/junit.xml")).unwrap();
    assert!(junit.contains("failures=\"1\"") && junit.contains("errors=\"0\""), "{junit}");

    let off = gate(dir.path(), "base", "slow", "--out off --limit server-cpu=off");
    assert_eq!(off.status, Some(0), "{off:#?}");
    let again = gate(dir.path(), "base", "same", "--out passed");
    assert_eq!(again.status, Some(2), "{again:#?}");
    assert!(again.message().contains("holds a gate already"), "{}", again.message());
}

#[test]
fn what_cannot_be_told_is_neither_passed_nor_worse_and_a_budget_measures_six_at_least() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    // Its interval holds the limit, wherever its middle lies.
    build(dir.path(), "fitful", 200, |repeat, run| {
        let cpu = &mut run.server.as_mut().unwrap().cpu.total_ns;
        *cpu = *cpu * if repeat % 2 == 0 { 18 } else { 6 } / 10;
    });
    let fitful = gate(dir.path(), "base", "fitful", "--out out-fitful");
    assert_eq!(fitful.status, Some(3), "{fitful:#?}");
    let said = fitful.stdout.join("\n");
    assert!(said.contains("UNDECIDED after 6 repeats") && said.contains("OPEN +15%"), "{said}");

    build(dir.path(), "slow", 300, |_, run| slower(run));
    let ended = loadgen(dir.path(), "gate --base ./base --head ./slow --budget 1ms --out budget");
    assert_eq!(ended.status, Some(4), "{ended:#?}");
    assert!(ended.message().contains("until it is decided or 1ms are spent, at least 6"), "{}", ended.message());
    assert_eq!(reports::load_pooled(&dir.path().join("budget/head")).unwrap().manifest.scenario.repeats, 6);
}

#[test]
fn what_is_void_is_not_equal_and_what_is_lost_is_worse() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    build(dir.path(), "starved", 200, |_, run| run.generator.workers_cpu_ns[0] = 49_500_000_000);
    build(dir.path(), "lossy", 300, |repeat, run| run.counts.missed = u64::from(repeat == 3));
    let void = gate(dir.path(), "base", "starved", "--out void");
    assert_eq!(void.status, Some(3), "{void:#?}");
    assert!(void.stdout.join("\n").contains("head void"), "{void:#?}");
    let lossy = gate(dir.path(), "base", "lossy", "--out lost");
    assert_eq!(lossy.status, Some(4), "{lossy:#?}");
    assert!(lossy.stdout.join("\n").contains("2 updates of head never arrived, 0 of base"), "{lossy:#?}");
}

#[test]
fn one_void_measurement_is_set_aside_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    build(dir.path(), "head", 200, |_, _| ());
    // The second repeat is flawed the first time.
    let text = fs::read_to_string(dir.path().join("head")).unwrap();
    let flawed = "\n[ \"$(basename \"$6\")\" != 002 ] || [ -e flawed ] || { touch flawed; exit 3; }";
    script(dir.path(), "head", &(text + flawed));
    let ended = gate(dir.path(), "base", "head", "--out out");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    assert!(ended.message().contains("repeat 2 of head is void, and is measured again"), "{}", ended.message());
    assert_eq!(fs::read_dir(dir.path().join("out/set-aside")).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_gated_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    script(dir.path(), "broken", "echo 'error: no scenario of that kind' >&2; exit 2");
    script(
        dir.path(),
        "newer",
        "mkdir -p \"$6\" && echo '{\"schema\":99,\"version\":\"7.0.0\"}' >\"$6/manifest.json\"",
    );
    build(dir.path(), "cut", 300, |_, _| ());
    let runs = dir.path().join("cut-results/001/runs.jsonl");
    let text = fs::read_to_string(&runs).unwrap();
    fs::write(&runs, text.replacen("\"index\"", "\"inde", 1)).unwrap();
    for (head, options, status, said) in [
        ("none", "", 2, &["--head ./none: no such program", "http://"][..]),
        ("base", "--limit p50=3%", 2, &["no figure `p50`: there are server-cpu, last-p90, p99"]),
        ("base", "--repeats 2", 2, &["3..=1000"]),
        ("base", "--budget soon --limit p99=off", 2, &["invalid value 'soon' for '--budget <TIME>'"]),
        (
            "base",
            "--budget 1m --repeats 6 --limit p99=off",
            2,
            &["--repeats beside --budget", "until it is decided; leave one of them out"],
        ),
        ("base", "no-such-scenario", 2, &["built in are quick"]),
        ("broken", "", 1, &["head, repeat 1: ./broken could not measure it", "no scenario of that kind"]),
        ("newer", "", 1, &["head's results cannot be read here", "schema version 99"]),
        ("cut", "", 1, &["runs.jsonl, line 1: not a run", "Delete that line"]),
    ] {
        let options = if options.contains("--repeats") || options.contains("--budget") {
            options.to_owned()
        } else {
            format!("{options} --repeats 6")
        };
        let out = format!("--out out-{head}-{}", options.len());
        let ended = loadgen(dir.path(), &format!("gate --base ./base --head ./{head} {options} {out}"));
        assert_eq!(ended.status, Some(status), "{head} {options}: {ended:#?}");
        said.iter().for_each(|said| assert!(ended.message().contains(said), "{head} {options}: {}", ended.message()));
        // What clap refuses has come to no folder.
        let page = dir.path().join(out.trim_start_matches("--out "));
        if !ended.message().contains("--help") {
            let (text, junit) = (read(&page, "gate.md"), read(&page, "junit.xml").replace("&apos;", "'"));
            assert!(text.starts_with("## Gate: not measured") && junit.contains("errors=\"1\""), "{text}\n{junit}");
            said.iter()
                .for_each(|said| assert!(text.contains(said) && junit.contains(said), "{said}: {text}\n{junit}"));
        }
    }
}

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap_or_else(|error| panic!("{}/{name}: {error}", dir.display()))
}

#[test]
fn an_earlier_gate_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("out/head")).unwrap();
    fs::write(dir.path().join("out/gate.md"), "of before").unwrap();
    let refused = gate(dir.path(), "none", "none", "--out out");
    assert_eq!(refused.status, Some(2), "{refused:#?}");
    assert_eq!(read(&dir.path().join("out"), "gate.md"), "of before");
}

#[test]
fn a_program_is_looked_up_once_and_that_is_the_one_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    for (name, seed) in [("base", 100), ("candidate", 200)] {
        build(dir.path(), name, seed, |_, _| ());
    }
    script(dir.path(), "broken", "exit 1");
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap().replace("#!/bin/sh\n", "");
    fs::create_dir(dir.path().join("bin")).unwrap();
    script(&dir.path().join("bin"), "candidate", &text("candidate"));
    // Here a program of that name lies which a shell would not start.
    let unknown = loadgen(dir.path(), "gate --base ./base --head candidate --out out-unknown");
    assert_eq!(unknown.status, Some(2), "{unknown:#?}");
    assert!(
        unknown.message().contains("--head candidate: no such program that can be started; write ./candidate"),
        "{unknown:#?}"
    );
    script(dir.path(), "candidate", "exit 1");
    // A link that points elsewhere by the time of the second repeat.
    script(dir.path(), "base", &format!("ln -sfn broken '{}'\n{}", dir.path().join("current").display(), text("base")));
    std::os::unix::fs::symlink("base", dir.path().join("current")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args("gate --base ./current --head candidate --repeats 6 --out out".split(' '));
    command.env("PATH", format!("{}:{}", dir.path().join("bin").display(), std::env::var("PATH").unwrap()));
    let found = Loadgen::spawn(dir.path(), command).ended();
    assert_eq!(found.status, Some(0), "{found:#?}");
}

#[test]
fn a_program_that_is_built_anew_meanwhile_is_not_gated_as_if_it_were_one() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), "base", 100, |_, _| ());
    build(dir.path(), "head", 200, |_, _| ());
    let text = fs::read_to_string(dir.path().join("head")).unwrap().replace("#!/bin/sh\n", "");
    script(dir.path(), "head", &format!("cp head newer && mv newer head\n{text}"));
    let ended = gate(dir.path(), "base", "head", "--out out");
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let said = "head, repeat 2: ./head is not the program any more that it was at the beginning";
    assert!(ended.message().contains(said), "{}", ended.message());
    assert!(read(&dir.path().join("out"), "gate.md").contains(said));
}

#[test]
fn real_builds_are_measured_in_turn() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = "clients = [20]\nrate_hz = [50]\nsettle = \"50ms\"\nwarm_up = \"100ms\"\nmeasure = \"200ms\"\n";
    fs::write(dir.path().join("tiny.toml"), scenario).unwrap();
    let this = env!("CARGO_BIN_EXE_loadgen");
    // What a busy machine makes of the figures is no matter here.
    let limits = ["server-cpu", "last-p90", "p99", "memory", "generator-cpu"]
        .map(|name| format!("--limit {name}=off"))
        .join(" ");
    let ended =
        loadgen(dir.path(), &format!("gate tiny.toml --base {this} --head {this} --repeats 3 {limits} --out out"));
    assert!(matches!(ended.status, Some(0 | 3)), "{ended:#?}");
    for arm in ["base", "head", "again"] {
        let pooled = reports::load_pooled(&dir.path().join("out").join(arm)).unwrap();
        assert_eq!((pooled.runs.len(), pooled.manifest.scenario.repeats), (6, 3));
    }
    let index = loadgen(dir.path(), "report --index .");
    assert_eq!(index.status, Some(0), "{index:#?}");
    let page = fs::read_to_string(dir.path().join("index.html")).unwrap();
    assert!(page.contains("href=\"out/head/report.html\""), "{page}");
}
