//! Rooms, topics, clients that speak, and updates that leave together: all arrives where it should, and is counted so.

use protocol::{
    Transport,
    results::{Audience, Run},
};

use crate::{program::loadgen, results::of_success, sweep::SHORT};

const CLIENTS: u64 = 20;

/// Runs over these transports with options; all went well.
fn runs(transports: &str, options: &str) -> Vec<Run> {
    let dir = tempfile::tempdir().unwrap();
    let short = if options.contains("--measure") { SHORT.replace("--measure 500ms", "") } else { SHORT.to_owned() };
    let ended = loadgen(dir.path(), &format!("run {short} --transports {transports} {options}"));
    of_success(&dir.path().join("results"), &ended).runs
}

const ALL: &str = "websocket,long-poll,sse,short-poll --poll-interval 50ms";
/// Who asks by the clock has no part in a conversation.
const SPEAK: &str = "websocket,long-poll,sse --speak";

#[test]
fn an_update_goes_to_those_who_have_its_topic_over_every_transport_by_either_engine() {
    for engine in ["lean", "stock"] {
        for (audience, members) in [("rooms-of-5", 5), ("one", 1)] {
            let runs = runs(ALL, &format!("--rate 60 --engine {engine} --audience {audience}"));
            assert_eq!(runs.len(), Transport::ALL.len());
            for run in runs {
                assert_eq!(Ok(run.point.load.audience), audience.parse());
                assert_eq!(run.counts.expected, members * run.stream.updates, "{run:#?}");
                // Each update had all of its own, and no more, to wait for.
                assert_eq!(run.fan_out.last.len(), run.stream.updates);
            }
        }
    }
}

#[test]
fn topics_that_nobody_or_everybody_follows_are_counted_for_what_they_are() {
    let runs = runs("websocket,long-poll", "--rate 60 --arrivals poisson --audience 8-topics");
    for run in runs {
        // By Zipf's law the first of eight has 7 of 20, and the eighth one: an even share of updates has 20 / 8 receivers in the mean.
        let (updates, expected) = (run.stream.updates as f64, run.counts.expected as f64);
        assert!(expected > updates && expected < 7.0 * updates + 1.0, "{run:#?}");
        assert_eq!(run.point.load.audience, Audience::Topics { number: 8 });
    }
}

#[test]
fn what_each_says_comes_to_all_of_its_room_and_to_itself_which_is_told_apart() {
    for (audience, members) in [("rooms-of-10", 10), ("broadcast", CLIENTS), ("one", 1)] {
        for run in runs(SPEAK, &format!("--rate 10 --arrivals poisson --audience {audience}")) {
            assert!(run.point.load.speak);
            assert_eq!(run.counts.expected, members * run.stream.updates, "{run:#?}");
            assert_eq!(run.latency.len(), (members - 1) * run.stream.updates);
            // Nobody else hears who is alone.
            assert_eq!(run.fan_out.last.len(), if members > 1 { run.stream.updates } else { 0 });
        }
    }
}

#[test]
fn who_loses_the_connection_or_the_server_comes_back_to_its_topic_and_misses_nothing() {
    for (disturbance, speak) in [("drop", false), ("restart", false), ("drop", true)] {
        let transports = if speak { SPEAK } else { "websocket,long-poll,sse" };
        let options = format!("--rate 10 --measure 3s --audience rooms-of-5 --disturb {disturbance}");
        for run in runs(transports, &options) {
            assert_eq!(run.counts.expected, 5 * run.stream.updates);
            let recovery = run.recovery.as_ref().unwrap_or_else(|| panic!("{disturbance}: {run:#?}"));
            assert_eq!((recovery.connected.len(), recovery.current.len()), (CLIENTS, CLIENTS), "{recovery:?}");
        }
    }
}

#[test]
fn updates_that_are_collected_leave_in_fewer_writes_and_later() {
    for transport in ["websocket", "long-poll"] {
        let runs = runs(transport, "--rate 200 --coalesce 0,50ms");
        let [at_once, collected] = [0.0, 50.0].map(|ms| {
            runs.iter()
                .find(|run| run.point.load.coalesce_ms.total_cmp(&ms).is_eq())
                .unwrap_or_else(|| panic!("{ms}: {runs:#?}"))
        });
        // Of every eleven, ten wait for the last, up to fifty milliseconds. The first waits longest.
        let late = |run: &Run| run.latency.max() as f64 / 1e6;
        assert!(late(collected) >= 49.0, "{}", late(collected));
        let writes = |run: &Run| run.traffic.server_writes.unwrap() as f64 / run.counts.delivered as f64;
        assert!(
            writes(collected) < 0.2 && writes(collected) < writes(at_once),
            "{} {}",
            writes(collected),
            writes(at_once)
        );
    }
}
