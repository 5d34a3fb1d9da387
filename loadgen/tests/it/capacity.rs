//! `capacity`: one server process bears one trial after the other, contenders in turn; interrupted, and refused.

use std::path::Path;

use protocol::{
    Transport,
    results::{Run, SearchAxis, Stream, Trial},
};
use reports::{Results, load};
use rustix::process::Signal;

use crate::{
    others::{DIALECT, relay_program},
    program::{Ended, Loadgen, loadgen},
    results::assert_reported,
};

/// Trials of a hundred updates, at two loads, whose goal holds however busy the machine is.
const SHORT: &str = "capacity --clients 5 --from 500 --to 525 --trial 100ms --goal last.p99<=50s --out results";
const LOADS: [f64; 2] = [500.0, 525.0];

/// What holds of trials whatever the machine does: each is accounted for, and those of a process are one stream to the same clients.
fn assert_trials(dir: &Path, ended: &Ended) -> Results {
    let results = load(&dir.join("results")).unwrap();
    assert!(matches!(ended.status, Some(0 | 3)), "{ended:#?}");
    assert_reported(&dir.join("results"), ended);
    assert_eq!(results.runs.len(), results.manifest.planned_runs as usize);
    for (run, index) in results.runs.iter().zip(0..) {
        assert_eq!((run.index, &run.failure), (index, &None));
        let (counts, clients) = (&run.counts, u64::from(run.point.load.clients));
        assert_eq!(counts.expected, clients * run.stream.updates);
        assert_eq!((counts.delivered, counts.missed), (counts.expected, 0), "{run:#?}");
        assert_eq!((counts.duplicated, counts.reordered, counts.errors.len()), (0, 0, 0));
        assert_eq!((counts.clients_ready, counts.clients_held), (clients, Some(clients)));
        assert_eq!(run.latency.len(), counts.delivered);
        assert_eq!(run.stream.lateness.as_ref().map(|lateness| lateness.len()), Some(run.stream.updates));
        assert_eq!(run.fan_out.last.len(), run.stream.updates);
        // How much of its work lies between two readings, no busy machine guarantees.
        assert!(run.server.is_some(), "{:?}", run.server_unread);
    }
    results
}

fn trial(run: &Run) -> Trial {
    run.trial.expect("it is one of a search")
}

/// The processes in the order in which they were searched, each with its trials.
fn processes(results: &Results) -> Vec<((Transport, u32), Vec<&Run>)> {
    let mut processes: Vec<((Transport, u32), Vec<&Run>)> = Vec::new();
    for run in &results.runs {
        let of = (run.point.transport, trial(run).process);
        match processes.last_mut().filter(|(known, _)| *known == of) {
            Some((_, runs)) => runs.push(run),
            None => processes.push((of, vec![run])),
        }
    }
    processes
}

fn rate_hz(run: &Run) -> f64 {
    match run.point.load.stream {
        Stream::Synthetic { rate_hz, .. } => rate_hz,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_process_bears_one_trial_after_the_other_and_contenders_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let results = assert_trials(dir.path(), &loadgen(dir.path(), &format!("{SHORT} --processes 2")));
    let search = results.manifest.scenario.search.as_ref().unwrap();
    assert_eq!((search.axis, search.from, search.to, search.processes), (SearchAxis::Rate, LOADS[0], LOADS[1], 2));
    let processes = processes(&results);
    let order: Vec<_> = processes.iter().map(|(of, _)| *of).collect();
    assert_eq!(order.iter().map(|(_, process)| *process).collect::<Vec<_>>(), [0, 0, 1, 1]);
    assert!(order[0].0 != order[1].0 && order[1].0 == order[2].0 && order[0].0 == order[3].0, "{order:?}");
    for (of, runs) in processes {
        assert!(runs.len() > 2, "{of:?}: {}", runs.len());
        let mut next = [0; 2];
        for (run, earlier) in runs.iter().zip([None].into_iter().chain(runs.iter().map(Some))) {
            let place =
                LOADS.iter().position(|load| load.total_cmp(&rate_hz(run)).is_eq()).expect("a load of the grid");
            assert_eq!(trial(run).number, next[place]);
            next[place] += 1;
            // To the rounding of the window's edges.
            assert!((99..=101).contains(&run.stream.updates), "{}", run.stream.updates);
            // Clients came once, and the stream goes on.
            assert_eq!(run.handshake.len(), if earlier.is_none() { 5 } else { 0 });
            let before = |run: &Run| run.stream.before.unwrap();
            assert!(earlier.is_none_or(|earlier| before(run) >= before(earlier) + earlier.stream.updates));
            assert!(run.traffic.server_writes.is_some(), "{:?}", run.traffic);
        }
    }
}

#[test]
fn clients_come_anew_for_each_load_and_large_updates_to_those_who_are_there() {
    for (axis, options, come_anew) in [
        (SearchAxis::Clients, "--axis clients --from 4 --to 5 --rate 500", true),
        (SearchAxis::Payload, "--axis payload --from 100 --to 105 --rate 500 --clients 5", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = format!(
            "capacity {options} --transports websocket --processes 1 --trial 100ms --goal last.p99<=50s --out results"
        );
        let results = assert_trials(dir.path(), &loadgen(dir.path(), &options));
        assert_eq!(results.manifest.scenario.search.as_ref().unwrap().axis, axis);
        let mut loads = Vec::new();
        for run in &results.runs {
            let came = run.handshake.len();
            let is_first = loads.is_empty();
            let is_new = loads.last() != Some(&run.point.load);
            assert_eq!(came > 0, is_first || (come_anew && is_new), "{axis}: {came}");
            assert!(came == 0 || came == u64::from(run.point.load.clients));
            loads.push(run.point.load.clone());
        }
        // Whatever the machine was busy with, the smallest was tried.
        assert!(loads.len() > 2, "{axis}: {}", loads.len());
    }
}

#[test]
fn a_server_of_others_is_searched_whichever_way_updates_get_in() {
    for (publish, transport) in [("feed", "websocket"), ("http", "long-poll"), ("client", "long-poll")] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine.toml"), DIALECT).unwrap();
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_loadgen"));
        program.args(SHORT.split_whitespace());
        program.args(["--dialect", "mine.toml", "--processes", "1", "--publish", publish]);
        program.args(["--transports", transport, "--server-command"]);
        program.arg(format!("{} {{host}} {{port}}", relay_program().display()));
        let results = assert_trials(dir.path(), &Loadgen::spawn(dir.path(), program).ended());
        assert_eq!(processes(&results).len(), 1, "{publish}");
        for run in &results.runs {
            assert!(run.generator.publisher_cpu_ns.is_some(), "{publish}: {:?}", run.generator);
        }
    }
}

#[test]
fn a_load_that_no_goal_allows_is_tried_and_no_larger_one() {
    let dir = tempfile::tempdir().unwrap();
    let options = SHORT.replace("50s", "1ns");
    let results = assert_trials(dir.path(), &loadgen(dir.path(), &format!("{options} --processes 1")));
    assert!(results.runs.iter().all(|run| rate_hz(run) < LOADS[1]));
}

#[test]
fn an_interrupted_search_keeps_its_trials_and_leaves_no_process() {
    let dir = tempfile::tempdir().unwrap();
    let search = Loadgen::start(dir.path(), SHORT);
    search.stderr_line("   2  ");
    let server = search.any_server();
    search.signal(Signal::INT);
    let ended = search.ended();
    server.gone();
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    assert!(ended.message().contains("Interrupted: what was finished is kept."), "{ended:#?}");
    let results = load(&dir.path().join("results")).unwrap();
    assert!(results.runs.len() > 1 && results.runs.iter().all(|run| run.trial.is_some()));
    assert_reported(&dir.path().join("results"), &ended);
}

#[test]
fn what_cannot_be_searched_is_refused_with_the_reason_and_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    for (options, parts) in [
        ("--goal last.p99", &["goal `last.p99`", "it has no limit"][..]),
        ("--goal last.p99<=50ms,last-p99<=0.05s", &["are the same; leave one of them out"]),
        ("--goal p99<=50ms", &["`p99`", "last.p50, last.p90"]),
        ("--goal last.p99<=0ms", &["no load meets it"]),
        ("--from 10 --to 10", &["from 10 to 10", "no load between", "--to"]),
        ("--from 100 --to 10", &["from 100 to 10", "larger than --from"]),
        ("--from 100 --to 101", &["rate from 100 to 101", "nothing to search", "105"]),
        ("--from -1", &["rate from -1", "above 0"]),
        ("--from 1 --to 1000000", &["rate 1000000", "100000"]),
        ("--axis clients --clients 5", &["clients beside --axis clients", "--from and --to"]),
        ("--rate 5", &["rate beside --axis rate", "leave --rate out"]),
        ("--axis payload --from 10 --to 100", &["payload-bytes 10", "between 64"]),
        ("--axis clients --from 1.5 --to 9", &["clients from 1.5", "whole numbers"]),
        ("--axis clients --to 2000000", &["clients 2000000", "between 1 and 1000000"]),
        ("--axis speed", &["speed", "rate, clients, payload"]),
        ("--transports short-poll", &["short-poll delivers when its interval is over"]),
        ("--trial 1ms", &["trial 0.001 s", "between 0.1 s"]),
        ("--processes 0", &["0", "--processes"]),
        ("--dialect ws --server-command x{port} --publish none", &["publish none", "no load to try"]),
    ] {
        let ended = loadgen(dir.path(), &format!("capacity {options}"));
        let message = ended.message();
        assert_eq!(ended.status, Some(2), "{options}: {ended:#?}");
        for part in parts {
            assert!(message.contains(part), "{options}: {part:?} is not in: {message}");
        }
        assert!(!message.contains("panicked"), "{options}: {message}");
    }
    let few = Loadgen::with_open_files(dir.path(), 64, "capacity --axis clients --from 10 --to 5000").ended();
    assert_eq!(few.status, Some(2), "{few:#?}");
    assert!(few.message().contains("this machine cannot run that"), "{few:#?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
}
