//! The commands that measure nothing: doctor, scenarios, help.

use loadgen::scenario::BUILT_IN;

use crate::{
    program::{Loadgen, loadgen},
    target::ready,
};

#[test]
fn the_doctor_lists_every_check() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), "doctor --clients 10");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    for check in [
        "file descriptors",
        "ports",
        "backlog",
        "memory",
        "TCP memory",
        "processors",
        "other work",
        "clock",
        "interrupt time",
        "link",
    ] {
        let lines = ended.stdout.iter().filter(|line| line.get(6..).is_some_and(|rest| rest.starts_with(check)));
        assert_eq!(lines.count(), 1, "{check}: {:#?}", ended.stdout);
    }
    assert!(ended.stdout.iter().all(|line| !line.contains('\x1b')), "{:#?}", ended.stdout);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "it writes nothing");
}

#[test]
fn the_doctor_fails_a_plan_that_cannot_be_run() {
    let dir = tempfile::tempdir().unwrap();
    let ended = Loadgen::with_open_files(dir.path(), 300, "doctor --clients 500").ended();
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let failed: Vec<_> = ended.stdout.iter().filter(|line| line.starts_with("fail")).collect();
    assert_eq!(failed.len(), 1, "{:#?}", ended.stdout);
    assert!(failed[0].contains("file descriptors") && failed[0].contains("hard limit is 300"), "{failed:?}");
}

#[test]
fn the_doctor_looks_at_a_server_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let server = Loadgen::with_open_files(dir.path(), 64, "serve --listen 127.0.0.1:0");
    let ended = loadgen(dir.path(), &format!("doctor --clients 100 --server http://{}", ready(&server)));
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let found: Vec<_> = ended.stdout.iter().filter(|line| line.contains("of 64 file descriptors open")).collect();
    assert!(found.len() == 1 && found[0].starts_with("warn  server"), "{:#?}", ended.stdout);
}

#[test]
fn more_clients_than_one_source_address_has_ports_are_refused_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    for (listen, refused) in [("[::1]", true), ("127.0.0.5", false)] {
        let server = Loadgen::start(dir.path(), &format!("serve --listen {listen}:0"));
        // More than there are ports at all.
        let ended = loadgen(dir.path(), &format!("doctor --clients 65537 --server http://{}", ready(&server)));
        let ports: Vec<_> = ended.stdout.iter().filter(|line| line.contains("needed by each source")).collect();
        assert_eq!(ports.len(), 1, "{listen}: {:#?}", ended.stdout);
        assert_eq!(ports[0].starts_with("fail  ports"), refused, "{listen}: {ports:?}");
        assert_eq!(ports[0].contains("65,537 of"), refused, "{listen}: {ports:?}");
    }
}

#[test]
fn every_scenario_is_listed_with_its_question() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), "scenarios");
    assert_eq!(ended.status, Some(0));
    for (name, _) in BUILT_IN {
        let place = ended.stdout.iter().position(|line| line == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(ended.stdout[place + 1].starts_with("  "), "{name} says why");
    }
}

#[test]
fn help_has_examples_and_every_exit_status() {
    let dir = tempfile::tempdir().unwrap();
    let help = loadgen(dir.path(), "--help").stdout.join("\n");
    for part in
        ["Examples:", "loadgen run --clients", "Exit status: 0 done and valid; 1 ", "2 ", "3 ", "doctor", "report"]
    {
        assert!(help.contains(part), "{part:?} is not in: {help}");
    }
    let help = loadgen(dir.path(), "run --help").stdout.join("\n");
    for part in ["Examples:", "--clients <N,..>", "--server <URL>", "--out <DIR>", "500ms"] {
        assert!(help.contains(part), "{part:?} is not in: {help}");
    }
}
