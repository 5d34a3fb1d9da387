//! Clients that lose their connections come back and miss nothing; those that speak are heard.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use protocol::{
    Transport,
    control::Event,
    results::{Disturbance, Run},
};
use reports::load;

use crate::{
    front::{Reply, answer, before},
    program::{Ended, Loadgen, at_once, loadgen},
    results::of_success,
    sweep::SHORT,
    target::serve,
};

const CLIENTS: u64 = 20;

/// Runs with options over both transports; nothing may be lost or doubled in them.
fn runs(options: &str, measure: &str) -> Vec<Run> {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), &format!("run {} --rate 60 {options}", SHORT.replace("500ms", measure)));
    let runs = of_success(&dir.path().join("results"), &ended).runs;
    assert_eq!(runs.len(), 2);
    for run in &runs {
        let counts = &run.counts;
        assert_eq!((counts.missed, counts.duplicated, counts.reordered), (0, 0, 0), "{run:#?}");
        assert_eq!(counts.delivered, CLIENTS * run.stream.updates, "{run:#?}");
    }
    runs
}

#[test]
fn who_loses_the_connection_or_the_server_comes_back_and_misses_nothing() {
    // Under TLS, who takes another's place shows the same certificate.
    let disturbances = [(Disturbance::Drop, "off"), (Disturbance::Restart, "off"), (Disturbance::Restart, "on")];
    let others = " --transports sse,short-poll --poll-interval 100ms";
    let sweeps = disturbances.into_iter().flat_map(|disturbed| ["", others].map(|more| (disturbed, more)));
    let all = at_once(sweeps, |((disturbance, tls), more)| {
        (disturbance, runs(&format!("--disturb {disturbance} --tls {tls}{more}"), "3s"))
    });
    for (disturbance, run) in
        all.into_iter().flat_map(|(disturbance, runs)| runs.into_iter().map(move |run| (disturbance, run)))
    {
        let recovery = run.recovery.as_ref().unwrap_or_else(|| panic!("{disturbance}: {run:#?}"));
        assert_eq!(recovery.disturbance, disturbance);
        assert!(recovery.at_ms >= 750.0 && recovery.storm_ms > 0.0, "{recovery:?}");
        assert_eq!((recovery.connected.len(), recovery.current.len()), (CLIENTS, CLIENTS));
        assert!(recovery.connected.max() <= recovery.current.max());
        assert!(run.counts.errors.is_empty(), "what was done to them is no error: {:?}", run.counts.errors);
        let lost: u64 = recovery.failed.values().sum();
        match disturbance {
            Disturbance::Drop => assert_eq!(lost, 0, "they left of themselves"),
            Disturbance::Restart | Disturbance::Outage => assert!(lost >= CLIENTS, "{:?}", recovery.failed),
        }
        // The account goes on where the process was replaced.
        let timeline = &run.server.as_ref().unwrap().timeline;
        assert!(timeline.is_sorted_by_key(|moment| moment.cpu_ns), "{timeline:?}");
    }
}

/// Long-polling clients drop their connections, and come back through a door that is told where each of them stands. Also gives
/// how many asked there.
fn back_through(door: impl Fn(SocketAddr, &str) -> Reply + Send + Sync + 'static) -> (Ended, Run, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 20");
    let asked = Arc::new(AtomicU64::new(0));
    let front = before(address, {
        let asked = Arc::clone(&asked);
        move |request| {
            let after = request.strip_prefix("GET /poll?after=").and_then(|rest| rest.split_once("&wait_ms=0 "));
            let Some((after, _)) = after else { return Reply::Pass };
            asked.fetch_add(1, Relaxed);
            door(address, after)
        }
    });
    // Whoever stays away has the drain last to its end.
    let options = format!("{} --transports long-poll --disturb drop --drain 3s", SHORT.replace("500ms", "2s"));
    let ended = loadgen(dir.path(), &format!("run {options} --server http://{front}"));
    drop(server);
    let [run] = &load(&dir.path().join("results")).unwrap().runs[..] else { panic!("{ended:#?}") };
    (ended, run.clone(), asked.load(Relaxed))
}

#[test]
fn updates_in_the_first_answer_after_coming_back_count() {
    // Held back until there is something after the cursor, so that nobody is answered 204 first.
    let (ended, run, asked) = back_through(|server, after| {
        let mut poll = TcpStream::connect(server).unwrap();
        write!(poll, "GET /poll?after={after} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        let mut status = [0; 12];
        poll.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        Reply::Pass
    });
    assert_eq!(asked, CLIENTS, "they ask once not to be held, then to be");
    assert_eq!((run.counts.missed, run.counts.duplicated, run.counts.reordered), (0, 0, 0), "{ended:#?}");
    assert_eq!(run.counts.delivered, CLIENTS * run.stream.updates);
    let recovery = run.recovery.unwrap();
    assert_eq!((recovery.connected.len(), recovery.current.len()), (CLIENTS, CLIENTS));
    assert!(recovery.failed.is_empty() && run.counts.errors.is_empty(), "{recovery:?}");
}

#[test]
fn who_comes_back_too_late_is_told_once_and_stays_away() {
    let gone = r#"{"error":"cursor_expired","oldest":900,"newest":901}"#;
    let told = AtomicBool::new(false);
    let door = move |_, _: &str| if told.swap(true, Relaxed) { Reply::Pass } else { answer(410, "", gone) };
    let (ended, run, asked) = back_through(door);
    assert_eq!(asked, CLIENTS, "{ended:#?}");
    let recovery = run.recovery.unwrap_or_else(|| panic!("{ended:#?}"));
    assert_eq!((recovery.connected.len(), recovery.failed), (CLIENTS - 1, [("Status410".to_owned(), 1)].into()));
    // It lost what was due after it had left, three quarters of the phase; the others nothing.
    let counts = run.counts;
    assert_eq!((counts.delivered + counts.missed, counts.duplicated), (CLIENTS * run.stream.updates, 0));
    assert!(counts.missed > 0 && counts.missed <= run.stream.updates, "{counts:?}");
    assert_eq!(ended.status, Some(3), "{ended:#?}");
}

#[test]
fn only_what_keeps_clients_from_coming_back_is_the_disturbances_doing() {
    const REFUSED: u64 = 5;
    // A second or more of updates: whoever is cut off has long been back.
    const CUT_AFTER: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 100");
    // Of those who come back some are refused, and each is cut off once.
    let come = Mutex::new(BTreeMap::<String, u64>::new());
    let front = before(address, move |request| {
        let Some((path, _)) = request.split_once('?').filter(|(_, query)| query.contains("after=")) else {
            return Reply::Pass;
        };
        let mut come = come.lock().unwrap();
        let number = come.entry(path.to_owned()).or_default();
        *number += 1;
        match *number {
            ..=REFUSED => answer(503, "retry-after: 0\r\n", "full"),
            number if number <= REFUSED + CLIENTS => Reply::Cut(CUT_AFTER),
            _ => Reply::Pass,
        }
    });
    let measure = SHORT.replace("500ms", "5s");
    let ended = loadgen(dir.path(), &format!("run {measure} --disturb drop --server http://{front}"));
    let runs = load(&dir.path().join("results")).unwrap_or_else(|error| panic!("{error}: {ended:#?}")).runs;
    assert_eq!(runs.len(), Transport::DEFAULT.len());
    for run in runs {
        let recovery = run.recovery.unwrap();
        assert_eq!(recovery.failed, [("Status503".to_owned(), REFUSED)].into());
        // A poll's connection that is cut between two answers has ended as HTTP allows.
        let cut = run.counts.errors.values().sum::<u64>() + run.traffic.connections;
        assert_eq!((cut, run.counts.missed), (CLIENTS, 0), "{:?}", run.counts);
        assert!(!run.counts.errors.is_empty() && !run.counts.errors.contains_key("Status503"), "{:?}", run.counts);
    }
    drop(server);
}

#[test]
fn every_signal_is_acknowledged_while_updates_flow() {
    let others = "--signal-rate 20 --transports sse,short-poll --poll-interval 100ms";
    // One after the other: what is due at the end of a run is cut off with it if that comes late.
    for run in [runs("--signal-rate 20", "1s"), runs(others, "1s")].concat() {
        let signals = run.signals.unwrap();
        // A timer's lateness may carry one signal of each client over either edge of the measured second.
        let each = 19 * CLIENTS..=21 * CLIENTS;
        assert!(each.contains(&signals.sent), "20 a second from each of 20: {}", signals.sent);
        assert_eq!((signals.round_trip.len(), signals.way_up.len()), (signals.sent, signals.sent));
        assert!(signals.way_up.max() <= signals.round_trip.max());
    }
}

#[test]
fn a_server_that_asks_for_a_token_is_shown_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Loadgen::start(dir.path(), "serve --listen 127.0.0.1:0 --rate 100 --token a&b=c");
    let Event::Ready { listen, .. } = serde_json::from_str(&server.stdout_line()).unwrap() else { panic!("not ready") };
    let measure = format!("run {SHORT} --signal-rate 10 --server http://{listen} --token");
    let ended = loadgen(dir.path(), &format!("{measure} a&b=c"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert!(results.runs.iter().all(|run| !run.signals.as_ref().unwrap().round_trip.is_empty()));

    let ended = loadgen(dir.path(), &format!("{} wrong", measure.replace("results", "refused")));
    assert_eq!(ended.status, Some(1));
    let told = "clients could not connect: status 401: ";
    assert!(ended.message().contains(told), "{}", ended.message());
    let ended = loadgen(dir.path(), &format!("{} a&b=c --disturb restart", measure.replace("results", "never")));
    assert_eq!(ended.status, Some(2));
    assert!(ended.message().contains("not ours to restart"), "{}", ended.message());
}

#[test]
fn tls_is_an_axis_and_its_handshake_is_measured_apart() {
    let dir = tempfile::tempdir().unwrap();
    let ended = loadgen(dir.path(), &format!("run {SHORT} --rate 60 --tls off,on --signal-rate 10"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(results.runs.len(), 4);
    for run in &results.runs {
        let took = run.tls.as_ref().map(|tls| (tls.took.len(), tls.agreed.starts_with("TLSv1_3 TLS13_")));
        assert_eq!(took, run.point.load.tls.then_some((CLIENTS, true)), "{run:#?}");
        assert!(run.tls.as_ref().is_none_or(|tls| tls.took.max() < run.handshake.max()));
    }
}

#[test]
fn a_server_under_tls_must_be_trusted() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["mine", "other"] {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(dir.path().join(format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(dir.path().join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    }
    let serve = "serve --listen 127.0.0.1:0 --rate 100 --tls-cert mine.pem --tls-key mine.key";
    let server = Loadgen::start(dir.path(), serve);
    let Event::Ready { listen, .. } = serde_json::from_str(&server.stdout_line()).unwrap() else { panic!("not ready") };
    let measure = format!("run {SHORT} --server https://{listen}");
    let ended = loadgen(dir.path(), &format!("{measure} --tls-ca mine.pem"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert!(results.runs.iter().all(|run| run.point.load.tls && run.tls.is_some()));

    for (options, reason) in [
        ("--tls-ca other.pem", "--tls-ca"),
        ("--tls-ca missing.pem", "missing.pem: cannot be read"),
        ("--tls-ca mine.pem --tls on", "leave --tls out here"),
    ] {
        let ended = loadgen(dir.path(), &format!("{} {options}", measure.replace("results", "never")));
        assert_eq!(ended.status, Some(2), "{options}: {}", ended.message());
        assert!(ended.message().contains(reason), "{options}: {}", ended.message());
    }
}
