//! Whole sweeps that go well: everything published is delivered and accounted for, over each transport.

use std::{collections::BTreeSet, process::Command};

use protocol::{
    Transport,
    results::{Arrivals, Expectation, Run, Stream},
};

use crate::{
    program::{Loadgen, at_once, loadgen},
    results::of_success,
};

/// As short as a sweep can be.
pub(crate) const SHORT: &str =
    "clients --clients 20 --repeats 1 --settle 100ms --warm-up 200ms --measure 500ms --out results";

fn updates(runs: &[Run]) -> BTreeSet<u64> {
    runs.iter().map(|run| run.stream.updates).collect()
}

#[test]
fn every_update_reaches_every_client() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), &format!("run {SHORT} --rate 20"));
    let results = of_success(&dir.path().join("results"), &ended);
    let transports: BTreeSet<Transport> = results.runs.iter().map(|run| run.point.transport).collect();
    assert_eq!(transports, BTreeSet::from(Transport::DEFAULT));
    for run in &results.runs {
        assert_eq!(
            (run.stream.updates, run.stream.source),
            (10, Expectation::Publisher),
            "20 a second for half of one"
        );
        assert_eq!(run.counts.delivered, 200);
        let plateaus = run.server.as_ref().unwrap().plateaus;
        let files = |sample: Option<protocol::results::MemorySample>| sample.unwrap().open_files;
        assert_eq!(files(plateaus.idle) - plateaus.empty.open_files, 20, "a connection for each client");
        assert!(files(plateaus.drained) <= plateaus.empty.open_files, "all of them closed");
    }

    for run in &results.runs {
        let beginning = format!("{:>3}/2  {:9}  20 clients, 20 updates/s", run.index + 1, run.point.transport);
        let lines: Vec<_> = ended.stderr.iter().filter(|line| line.starts_with(&beginning)).collect();
        assert_eq!(lines.len(), 1, "{beginning:?} in {:#?}", ended.stderr);
        assert!(lines[0].contains("200 delivered"), "{lines:?}");
    }
    assert!(ended.stderr.iter().chain(&ended.stdout).all(|line| !line.contains('\x1b')), "{ended:#?}");
}

#[test]
fn events_and_polls_by_the_clock_are_complete_over_each_engine_and_under_tls() {
    const INTERVAL_MS: u64 = 200;
    at_once([("lean", "off"), ("stock", "off"), ("lean", "on"), ("stock", "on")], |(engine, tls)| {
        let dir = tempfile::tempdir().unwrap();
        let options =
            format!("--transports sse,short-poll --poll-interval {INTERVAL_MS}ms --engine {engine} --tls {tls}");
        let ended = loadgen(dir.path(), &format!("run {SHORT} --rate 60 {options}"));
        let results = of_success(&dir.path().join("results"), &ended);
        assert_eq!(results.manifest.scenario.poll_interval_s, Some(0.2));
        assert_eq!(results.runs.len(), 2);
        for run in &results.runs {
            assert_eq!((run.counts.delivered, run.counts.missed), (600, 0), "{engine}, {tls}");
        }
        let short = results.runs.iter().find(|run| run.point.transport == Transport::ShortPoll).unwrap();
        // Clients' times are spread over the interval, so that one in ten waits over nine tenths of it.
        let waited_ns = short.latency.value_at_quantile(0.95);
        assert!(waited_ns > INTERVAL_MS * 1_000_000 / 2, "{waited_ns}");
    });
}

#[test]
fn the_manifest_repeats_what_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(format!("run {SHORT} --rate 20 --transports long-poll --seed 7 --workers 2").split_whitespace());
    // The second is for a server of --server, and none that is started here asks for it.
    command.env("NO_COLOR", "1").env("PUSHBENCH_TOKEN", "S3CRET");
    let ended = Loadgen::spawn(dir.path(), command).ended();
    let results = of_success(&dir.path().join("results"), &ended);
    // Longer than asked for: until 24 updates have gone out.
    assert_eq!(results.runs[0].stream.before, Some(25));
    let (manifest, run) = (results.manifest, &results.runs[0]);
    assert!(run.phases.warm_up_s >= 24.5 / 20.0 && run.tcp.unwrap().segments >= run.traffic.payloads, "{:?}", run.tcp);
    assert!(ended.stderr.iter().chain(&ended.stdout).all(|line| !line.contains('\x1b')), "{ended:#?}");
    let scenario = &manifest.scenario;
    assert_eq!((scenario.name.as_str(), scenario.transports.as_slice()), ("clients", &[Transport::LongPoll][..]));
    assert_eq!((&scenario.clients[..], &scenario.rate_hz[..], scenario.repeats), (&[20][..], &[20.0][..], 1));
    assert_eq!((scenario.settle_s, scenario.warm_up_s, scenario.measure_s), (0.1, 0.2, 0.5));
    assert_eq!((scenario.seed, scenario.workers, &scenario.server), (7, 2, &None));
    assert!(manifest.command.join(" ").ends_with("--seed 7 --workers 2"), "{:?}", manifest.command);
    assert!(manifest.limits.open_files > 0 && manifest.machine.cores > 0);
}

#[test]
fn a_scenario_file_is_run_and_options_replace_its_keys() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "why = \"Why not?\"\nclients = [3]\nrate_hz = [20]\nmeasure = \"500ms\"\nrepeats = 2\n\
                transports = [\"websocket\"]\nsettle = \"100ms\"\nwarm_up = \"200ms\"\n";
    std::fs::write(dir.path().join("mine.toml"), toml).unwrap();
    let ended = loadgen(dir.path(), "run mine.toml --clients 5 --out results");
    let results = of_success(&dir.path().join("results"), &ended);
    let (name, why) = (results.manifest.scenario.name.as_str(), results.manifest.scenario.why.as_str());
    assert!(name == "mine" && why.contains("as the scenario mine"), "{name}: {why}");
    assert!(results.runs.iter().all(|run| run.point.load.clients == 5 && run.stream.updates == 10));
    assert_eq!(results.runs.iter().map(|run| run.repeat).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn poisson_gaps_and_payloads_are_the_same_for_every_transport() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), &format!("run {SHORT} --rate 60 --arrivals poisson --payload-bytes 64,65536"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(updates(&results.runs).len(), 1, "one seed, one schedule");
    for payload_bytes in [64, 65_536] {
        let stream = Stream::Synthetic { arrivals: Arrivals::Poisson, rate_hz: 60.0, payload_bytes };
        let runs: Vec<_> = results.runs.iter().filter(|run| run.point.load.stream == stream).collect();
        assert_eq!(runs.len(), 2, "{payload_bytes}");
        for run in runs {
            let payload_bytes_in = run.traffic.updates * u64::from(payload_bytes);
            // What goes on while counters are read belongs to some of them: as little as that takes of the phase.
            if run.generator.edge_late_ns as f64 > 0.15 * run.phases.measure_s * 1e9 {
                continue;
            }
            // The edges of the measure phase may cut through a payload.
            assert!(run.traffic.bytes_in + (1 << 20) > payload_bytes_in, "{:?}", run.traffic);
            assert!(run.traffic.bytes_in < 8 * payload_bytes_in, "{:?}", run.traffic);
        }
    }
}

#[test]
fn a_feed_is_replayed_over_every_transport() {
    let dir = tempfile::tempdir().unwrap();
    // Ten milliseconds apart, also where it begins again.
    let feed = [0, 10_000, 20_000, 30_000, 40_000].map(|at| format!("{{\"at_us\":{at},\"data\":[{at}]}}\n")).concat();
    std::fs::write(dir.path().join("feed.ndjson"), feed).unwrap();
    let ended = loadgen(dir.path(), &format!("run {SHORT} --replay feed.ndjson --speed 1,2"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(results.runs.len(), 4);
    for run in &results.runs {
        let Stream::Replay { feed, speed } = &run.point.load.stream else { panic!("{:?}", run.point) };
        assert_eq!(feed, "feed.ndjson");
        assert_eq!(run.stream.updates, (50.0 * speed) as u64, "{run:#?}");
    }
}
