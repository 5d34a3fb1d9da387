//! Runs through a link: every client is as far as it was asked to be, nothing is lost that TCP does not bring again, and what cannot be
//! is refused.

use std::path::Path as FilePath;

use protocol::{
    Transport,
    results::{Disturbance, Path, RoundTrip, Run},
};

use crate::{link::tried, peers::folder, program::loadgen, results::of_success, sweep::SHORT};

const CLIENTS: u64 = 20;
const NS_PER_MS: f64 = 1e6;

/// Runs of each transport with options.
fn runs(dir: &FilePath, options: &str) -> Vec<Run> {
    let ended = loadgen(dir, &format!("run {SHORT} --rate 20 {options}"));
    of_success(&dir.join("results"), &ended).runs
}

fn far(path: Option<Path>) -> f64 {
    path.map_or(0.0, |path| path.rtt_ms.from)
}

#[test]
fn every_client_is_a_round_trip_away_and_loopback_is_a_path_of_its_own() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let runs = runs(dir.path(), "--rtt loopback,0,40ms");
    let paths: Vec<_> = [None, Some(0.0), Some(40.0)].into_iter().collect();
    for run in &runs {
        let path = run.point.load.path;
        assert!(paths.contains(&path.map(|path| path.rtt_ms.from)));
        assert_eq!(run.link.is_some(), path.is_some());
        let rtt_ns = (far(path) * NS_PER_MS) as u64;
        // As precisely as histograms record: three digits.
        let at_least = |ns: u64| ns - ns / 1_000;
        assert!(run.latency.min() >= at_least(rtt_ns / 2), "{path:?}: {}", run.latency.min());
        assert!(run.exchange.min() >= at_least(rtt_ns) && run.handshake.min() >= at_least(2 * rtt_ns), "{path:?}");
        if let Some(link) = &run.link {
            assert!(link.packets >= run.counts.delivered / 10, "{link:?}");
            assert_eq!((link.lost, link.cut, link.dropped), (0, 0, 0));
        }
    }
    assert_eq!(runs.len(), paths.len() * Transport::DEFAULT.len());
    let csv = std::fs::read_to_string(dir.path().join("results/runs.csv")).unwrap();
    assert!(csv.lines().next().unwrap().contains(",rtt_ms,jitter_ms,loss_percent,"), "{csv}");
}

#[test]
fn under_tls_too_and_with_a_round_trip_for_each_client() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for run in runs(dir.path(), "--rtt 10ms..60ms --tls on --engine stock") {
        assert_eq!(run.point.load.path.unwrap().rtt_ms, RoundTrip { from: 10.0, to: 60.0 });
        // The handshake of TLS 1.3 is a round trip, the exchange another; clients differ in theirs.
        assert!(run.handshake.max() > run.handshake.min() + 5_000_000, "{:?}", run.handshake);
        assert!(run.handshake.min() >= 29_900_000);
    }
}

#[test]
fn what_is_lost_comes_again_and_an_outage_is_recovered_from() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let options = SHORT.replace("500ms", "4s");
    let ended = loadgen(
        dir.path(),
        &format!("run {options} --rate 20 --rtt 20ms --jitter 5ms --loss 2% --outage 1s --drain 30s"),
    );
    for run in of_success(&dir.path().join("results"), &ended).runs {
        let (recovery, link) = (run.recovery.as_ref().unwrap(), run.link.as_ref().unwrap());
        assert_eq!(recovery.disturbance, Disturbance::Outage);
        // It counts from the outage's end.
        assert!(recovery.at_ms >= 2_000.0, "{recovery:?}");
        assert_eq!(recovery.connected.len(), CLIENTS, "all have kept their connections");
        assert!(link.lost > 0 && link.cut > 0, "{link:?}");
        assert_eq!(link.dropped, 0);
        // An update that was due as the outage began waited for its end.
        assert!(run.latency.max() >= 900_000_000, "{}", run.latency.max());
    }
}

#[test]
fn a_server_of_others_is_started_where_the_link_is() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), "fed", "why = \"\"\n[websocket]\npath = \"/ws\"", "");
    for run in runs(dir.path(), "--transports websocket --rtt 40ms --peer ./fed") {
        assert!(run.latency.min() >= 19_900_000 && run.link.is_some(), "{run:#?}");
    }
}

#[test]
fn what_no_link_can_do_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (options, reason) in [
        ("--rtt -5ms", "`-5ms` must be a time from 0 to 10s, as in 40ms"),
        ("--rtt 11s", "`11s` must be a time from 0 to 10s"),
        ("--rtt 40ms,40ms", "rtt 40 ms: listed twice"),
        ("--loss 60%", "`60%` must be from 0% to 50% of the packets"),
        ("--outage 2s --measure 2s", "outage 2 s: must be more than 0 and at most 1 s, half the measure phase"),
        ("--outage 100ms --rtt loopback,40ms", "outage beside --rtt loopback"),
        ("--outage 100ms --disturb drop", "outage beside --disturb drop"),
        ("--disturb outage", "disturb outage: it does not say how long; add --outage 2s"),
        (
            "--rtt 40ms --server http://127.0.0.1:1",
            "beside --server http://127.0.0.1:1: a server that runs already is outside",
        ),
        ("--link --clients 70000", "clients 70000 through a link"),
    ] {
        let ended = loadgen(dir.path(), &format!("run {options}"));
        assert_eq!((ended.status, &ended.stdout[..]), (Some(2), &[][..]), "{options}: {ended:#?}");
        assert!(ended.message().contains(reason), "{options}: {}", ended.message());
    }
}
