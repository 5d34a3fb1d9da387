//! Finds what is wrong with a sweep: with the whole of it, then with each of its points.

use std::cmp::Reverse;

use protocol::results::{Manifest, Run};

use super::{
    limits::OTHER_WORK, point::point_warnings, points::points, quick_ack::quickly_acknowledged, warning::Warning,
};
use crate::{
    metrics::other_work,
    points::{Contender, PointName},
    read::Results,
};

/// Everything to know before the numbers are believed: the gravest first, within that the sweep's own, then by point.
pub fn warnings(results: &Results) -> Vec<Warning> {
    let planned = results.manifest.planned_runs;
    let mut found = Vec::new();
    if results.manifest.scenario.search.is_some() {
        // Nobody plans how many trials a search takes, and what is wrong with one is judged where it is.
        found.extend(results.truncated_line.map(|line| Warning::TruncatedResults { line }));
        found.extend(unobserved(results));
        return found;
    }
    if results.runs.len() < planned as usize {
        found.push(Warning::Interrupted { made: results.runs.len(), planned });
    }
    found.extend(results.truncated_line.map(|line| Warning::TruncatedResults { line }));
    found.extend(results.runs.iter().filter_map(|run| failed(run, &results.manifest)));
    found.extend(points(results).into_iter().flat_map(|(point, runs)| point_warnings(&point, &runs)));
    found.extend(unobserved(results));
    found.extend(busy(results));
    found.extend(quickly_acknowledged(results));
    if results.manifest.scenario.repeats == 1 {
        found.push(Warning::SingleRepeat);
    }
    found.sort_by_key(|warning| Reverse(warning.severity()));
    found
}

fn failed(run: &Run, manifest: &Manifest) -> Option<Warning> {
    let failure = run.failure.as_ref()?;
    Some(Warning::RunFailed {
        run: run.index,
        point: PointName::of(Contender::of(run, manifest), &run.point.load, manifest),
        phase: failure.phase.clone(),
        reason: failure.reason.clone(),
    })
}

fn unobserved(results: &Results) -> Option<Warning> {
    let finished = || results.runs.iter().filter(|run| run.failure.is_none());
    let runs = finished().filter(|run| run.server.is_none()).count();
    let why = finished().find_map(|run| run.server_unread.clone());
    (runs > 0).then(|| Warning::ServerUnobserved { runs, of_runs: finished().count(), why })
}

fn busy(results: &Results) -> Option<Warning> {
    let finished = || results.runs.iter().filter(|run| run.failure.is_none());
    let busy: Vec<f64> = finished().filter_map(other_work).filter(|share| *share > OTHER_WORK).collect();
    let share = busy.iter().copied().reduce(f64::max)?;
    Some(Warning::MachineBusy { runs: busy.len(), of_runs: finished().count(), share })
}

#[cfg(test)]
mod tests {
    use protocol::{
        Transport,
        results::{Arrivals, Counts, Disturbance, Polls, Recovery, Stream},
    };

    use super::*;
    use crate::{
        fixture::{Sweep, fail, histogram, receive},
        validity::{AtOnce, Severity, Validity},
    };

    /// What a change to one run of the quick sweep makes the warnings say.
    fn after(change: impl FnOnce(&mut Run)) -> Vec<Warning> {
        let mut results = Sweep::quick().results();
        change(&mut results.runs[0]);
        warnings(&results)
    }

    fn only(mut found: Vec<Warning>) -> Warning {
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    #[test]
    fn a_clean_sweep_warns_of_nothing() {
        for sweep in [Sweep::quick(), Sweep::transports()] {
            assert_eq!(warnings(&sweep.results()), []);
        }
    }

    #[test]
    fn a_saturated_generator_voids_the_point_and_says_how_busy() {
        let warning = only(after(|run| run.generator.workers_cpu_ns[1] = (0.97 * run.phases.measure_s * 1e9) as u64));
        assert!(warning.voids_point());
        assert_eq!(warning.severity(), Severity::Invalid);
        assert!(warning.to_string().contains("used 97.0% of a core (1 of 3 runs)"), "{warning}");
        let less = only(after(|run| run.generator.workers_cpu_ns[1] = (0.89 * run.phases.measure_s * 1e9) as u64));
        assert!(matches!(less, Warning::BusyInFanOuts { .. }) && !less.voids_point(), "{less}");
    }

    #[test]
    fn the_own_server_is_named_beside_others() {
        let mut results = Sweep { peers: vec!["ws", "own"], clients: vec![100], ..Sweep::quick() }.results();
        for run in &mut results.runs {
            run.generator.workers_cpu_ns[1] = (0.97 * run.phases.measure_s * 1e9) as u64;
        }
        let said: Vec<_> = warnings(&results).iter().map(ToString::to_string).collect();
        let of = |server: &str| said.iter().filter(|said| said.contains(&format!("128 B, {server}: "))).count();
        assert_eq!((of("ws"), of("own"), said.len()), (1, 2, 3), "{said:?}");
    }

    #[test]
    fn a_generator_that_is_busy_in_fan_outs_only_is_doubted() {
        let with = |share: f64| {
            after(|run| {
                let under_way_ns = run.fan_out.last.mean() * run.fan_out.last.len() as f64;
                run.generator.workers_cpu_ns[1] = (share * under_way_ns) as u64;
            })
        };
        let doubted = only(with(0.95));
        assert_eq!(doubted.severity(), Severity::Caution);
        assert!(
            doubted.to_string().contains("busy for up to 95.0% of the time in which updates were under way"),
            "{doubted}"
        );
        assert_eq!(with(0.85), []);
    }

    #[test]
    fn a_generator_that_waits_for_a_processor_is_doubted_then_void() {
        let with = |share: f64| {
            after(|run| run.generator.workers_waited_ns = vec![0, (share * run.phases.measure_s * 1e9) as u64])
        };
        assert_eq!((with(0.0), with(0.04)), (vec![], vec![]));
        let doubted = only(with(0.06));
        assert_eq!((doubted.severity(), doubted.voids_point()), (Severity::Caution, false));
        assert_eq!(only(with(0.19)).severity(), Severity::Caution);
        let void = only(with(0.21));
        assert_eq!((void.severity(), void.validity()), (Severity::Invalid, Validity::Flawed));
        let said = "waited for a processor for 21.0% of the measure phase (1 of 3 runs). What was measured is its wait";
        assert!(void.to_string().contains(said), "{void}");
        assert_eq!(after(|run| run.generator.workers_waited_ns = vec![]), [], "older results do not tell");
        // The thread that reads the counters is one, too: they are then those of another time.
        let late = |share: f64| after(|run| run.generator.edge_late_ns = (share * run.phases.measure_s * 1e9) as u64);
        assert_eq!((late(0.04), only(late(0.21)).validity()), (vec![], Validity::Flawed));
    }

    #[test]
    fn lateness_cautions_then_voids_by_its_share_of_the_latency() {
        let with = |late_ms: u64, latency_ms: u64| {
            after(|run| {
                run.stream.lateness = Some(histogram([late_ms * 1_000_000; 50]));
                run.latency = histogram(vec![latency_ms * 1_000_000; 5_000]);
            })
        };
        assert_eq!(with(0, 2), [], "little is little, whatever its share");
        assert_eq!(with(4, 100), [], "a small share of a long latency");
        assert_eq!(only(with(2, 5)).severity(), Severity::Caution);
        assert_eq!(only(with(40, 100)).severity(), Severity::Caution);
        assert_eq!(only(with(60, 100)).severity(), Severity::Invalid);
    }

    #[test]
    fn a_generator_that_lags_cautions_then_voids() {
        let with = |lag_us: u64| {
            after(|run| {
                run.generator.loop_lag = Some(histogram([lag_us * 1_000; 50]));
                run.latency = histogram(vec![2_000_000; 5_000]);
            })
        };
        assert_eq!(with(190), []);
        assert_eq!(only(with(600)).severity(), Severity::Caution);
        let void = only(with(1_200));
        let mut results = Sweep::quick().results();
        for (run, lag_us, latency_us) in [(0, 400, 500), (6, 1_200, 2_000)] {
            results.runs[run].generator.loop_lag = Some(histogram([lag_us * 1_000; 50]));
            results.runs[run].latency = histogram(vec![latency_us * 1_000; 5_000]);
        }
        assert!(only(warnings(&results)).voids_point(), "the run that voids outweighs the larger share");
        assert!(void.voids_point() && void.to_string().contains("read 1.20 ms later in the mean"), "{void}");
    }

    #[test]
    fn a_generator_that_lags_in_the_tail_only_is_judged_by_the_tail_where_one_is_stated() {
        let with = |updates: u64, lag_us: u64| {
            let mut results = Sweep { clients: vec![100], ..Sweep::quick() }.results();
            for run in results.runs.iter_mut().filter(|run| run.point.transport == Transport::WebSocket) {
                run.stream.updates = updates;
                run.generator.loop_lag = Some(histogram([[10_000; 97].as_slice(), &[lag_us * 1_000; 3]].concat()));
                receive(run, [vec![2_000_000; 9_500], vec![4_000_000; 500]].concat());
            }
            warnings(&results)
        };
        assert_eq!(with(500, 900), [], "0.9 ms of 4 ms");
        assert_eq!(only(with(500, 1_500)).severity(), Severity::Caution);
        let void = only(with(500, 3_000));
        assert!(void.voids_point() && void.to_string().contains("read over 3.00 ms later, of a p99"), "{void}");
        assert_eq!(with(300, 3_000), [], "no p99 is stated of 900 updates");
    }

    #[test]
    fn stolen_time_cautions_then_voids() {
        let with = |share: f64| {
            after(|run| run.machine.stolen_ns = (share * 2.0 * run.phases.measure_s * 1e9) as u64)
                .into_iter()
                .find(|warning| matches!(warning, Warning::TimeStolen { .. }))
                .map(|warning| warning.severity())
        };
        assert_eq!([0.04, 0.06, 0.3].map(with), [None, Some(Severity::Caution), Some(Severity::Invalid)]);
    }

    #[test]
    fn the_kernel_is_asked_too() {
        assert!(matches!(only(after(|run| run.machine.listen_overflows = 3)), Warning::ListenOverflows { .. }));
        assert!(matches!(only(after(|run| run.machine.memory_pressures = 1)), Warning::MemoryPressure { .. }));
    }

    #[test]
    fn a_warm_up_that_was_not_over_is_seen() {
        let halves = |first_us: u64, second_us: u64| {
            after(|run| {
                let half = run.slices.len() / 2;
                for (index, slice) in run.slices.iter_mut().enumerate() {
                    slice.latency = histogram([1_000 * if index < half { first_us } else { second_us }; 9]);
                }
            })
        };
        assert!(matches!(only(halves(2_000, 1_500)), Warning::HalvesDiffer { .. }));
        assert!(matches!(only(halves(1_500, 2_000)), Warning::HalvesDiffer { .. }));
        assert_eq!(halves(2_000, 1_700), [], "0.3 ms, but only a sixth");
        assert_eq!(halves(400, 250), [], "much, but only 0.15 ms");
    }

    #[test]
    fn people_count_runs_from_one() {
        let warning = only(after(|run| fail(run, "connect", "refused")));
        assert!(warning.to_string().starts_with("Run 1 ("), "{warning}");
    }

    #[test]
    fn one_late_update_cautions_and_does_not_void() {
        let warning = only(after(|run| {
            run.stream.lateness = Some(histogram([100_000; 29].into_iter().chain([8_000_000])));
            run.latency = histogram([vec![1_000_000; 2_900], vec![9_000_000; 100]].concat());
        }));
        assert!(matches!(warning, Warning::PublisherLate { .. }), "{warning}");
    }

    #[test]
    fn a_growing_queue_is_named() {
        let slices = |first_ms: u64, last_ms: u64| {
            after(|run| {
                let last = run.slices.len() - 1;
                run.slices[0].latency = histogram([first_ms * 1_000_000; 9]);
                run.slices[last].latency = histogram([last_ms * 1_000_000; 9]);
            })
        };
        assert!(matches!(only(slices(20, 200)), Warning::ServerFellBehind { .. }));
        assert_eq!(slices(5, 45), [], "nine times, but only 40 ms");
        assert_eq!(slices(100, 200), [], "100 ms, but only twice");
    }

    #[test]
    fn what_a_short_poll_is_late_by_design_is_no_queue_and_what_it_is_beyond_is() {
        let slices = |first_ms: u64, last_ms: u64| {
            let mut results = Sweep { transports: vec![Transport::ShortPoll], ..Sweep::quick() }.results();
            for (index, slice) in results.runs[0].slices.iter_mut().enumerate() {
                slice.latency = histogram([1_000_000 * if index < 5 { first_ms } else { last_ms }; 9]);
            }
            warnings(&results)
        };
        assert_eq!(slices(10, 990), [], "asked every second");
        assert!(matches!(only(slices(10, 1_100)), Warning::ServerFellBehind { .. }));
        assert!(matches!(only(slices(2_300, 900)), Warning::HalvesDiffer { .. }));
    }

    #[test]
    fn what_is_counted_is_never_hidden() {
        assert!(matches!(only(after(|run| run.counts.delivered -= 1)), Warning::NotConserved { .. }));
        assert!(matches!(only(after(|run| run.counts.duplicated = 1)), Warning::Duplicated { .. }));
        assert!(matches!(only(after(|run| run.counts.reordered = 1)), Warning::Reordered { .. }));
        assert!(matches!(only(after(|run| run.counts.out_of_range = 1)), Warning::OutOfRange { .. }));
        let missed = only(after(|run| {
            run.counts.delivered -= 7;
            run.counts.missed = 7;
        }));
        assert!(missed.to_string().contains(": 7 of 150,000 updates (0.0047%) never arrived."), "{missed}");
    }

    #[test]
    fn errors_are_added_up_by_kind() {
        let mut results = Sweep::quick().results();
        let point = results.runs[0].point.clone();
        for run in results.runs.iter_mut().filter(|run| run.point == point) {
            run.counts.errors.insert("reset".to_owned(), 2);
            run.counts.first_errors.insert("reset".to_owned(), "reset by peer".to_owned());
        }
        let contender = Contender { transport: point.transport, arm: None };
        let side = PointName { contender, load: point.load };
        let (kind, first) = ("reset".to_owned(), Some("reset by peer".to_owned()));
        assert_eq!(warnings(&results), [Warning::ClientErrors { point: side, kind, errors: 6, first }]);
    }

    /// Of 90 clients.
    fn recovery() -> Recovery {
        Recovery {
            disturbance: Disturbance::Restart,
            at_ms: 0.0,
            connected: histogram([1; 90]),
            current: histogram([1; 90]),
            failed: [].into(),
            storm_ms: 1.0,
            server_cpu: None,
        }
    }

    #[test]
    fn who_never_came_back_is_counted_with_the_reason() {
        let warning = only(after(|run| {
            let failed = [("InvalidData".to_owned(), 40)].into();
            run.recovery = Some(Recovery { failed, ..recovery() });
            run.counts.first_errors.insert("InvalidData".to_owned(), "not trusted".to_owned());
        }));
        let told = "up to 10 of 100 clients never connected again; the first error: not trusted.";
        assert!(warning.to_string().contains(told), "{warning}");
    }

    #[test]
    fn who_stayed_away_voids_the_point() {
        let warning = only(after(|run| run.counts.clients_ready -= 3));
        assert!(warning.voids_point());
        assert!(warning.to_string().contains("up to 3 of 100 clients stayed away (1 of 3 runs)"), "{warning}");
    }

    #[test]
    fn who_was_not_there_in_the_end_voids_the_point_unless_a_disturbance_is_why() {
        let held = |held| move |run: &mut Run| run.counts.clients_held = Some(held);
        assert_eq!(after(held(100)), []);
        let warning = only(after(held(97)));
        assert_eq!((warning.severity(), warning.validity()), (Severity::Invalid, Validity::Flawed));
        let told = "up to 3 of 100 clients got neither the last update nor anything after it (1 of 3 runs). They were not held";
        assert!(warning.to_string().contains(told), "{warning}");
        let disturbed = after(|run| {
            held(97)(run);
            run.recovery = Some(Recovery { connected: histogram([1; 97]), ..recovery() });
        });
        assert!(matches!(only(disturbed), Warning::NotBack { away: 3, .. }));
    }

    #[test]
    fn a_failed_run_says_why_and_is_judged_no_further() {
        let warning = only(after(|run| {
            fail(run, "connect", "connection refused");
            run.counts.missed = 3;
        }));
        assert!(warning.to_string().contains("connection refused"), "{warning}");
        assert_eq!(warning.severity(), Severity::Invalid);
    }

    #[test]
    fn the_sweep_as_a_whole() {
        let mut results = Sweep { repeats: 1, ..Sweep::quick() }.results();
        results.runs[2].machine.busy_ns += (0.5 * results.runs[2].phases.measure_s * 1e9) as u64;
        results.truncated_line = Some(6);
        results.runs.truncate(5);
        let names: Vec<_> = warnings(&results).iter().map(|warning| format!("{warning:?}")).collect();
        let prefixes = ["Interrupted", "TruncatedResults", "MachineBusy", "SingleRepeat"];
        for (name, prefix) in names.iter().zip(prefixes) {
            assert!(name.starts_with(prefix), "{names:?}");
        }
        assert_eq!(names.len(), 4, "{names:?}");
    }

    #[test]
    fn a_server_out_of_sight_is_noted_once() {
        let mut results = Sweep::quick().results();
        for run in results.runs.iter_mut().filter(|run| run.point.transport == Transport::LongPoll) {
            (run.server, run.server_unread) = (None, Some("no socket".to_owned()));
        }
        let noted = Warning::ServerUnobserved { runs: 9, of_runs: 18, why: Some("no socket".to_owned()) };
        assert!(noted.to_string().starts_with("The server's process could not be read in 9 of 18 runs: no socket. "));
        assert_eq!(warnings(&results), [noted]);
    }

    #[test]
    fn what_linux_acknowledges_at_once_is_noted_and_why() {
        let all = |polls, change: fn(&mut Run)| {
            let mut results = Sweep::quick().results();
            results.manifest.scenario.polls = polls;
            results.runs.iter_mut().for_each(change);
            warnings(&results)
        };
        let of = |change| all(Polls::AtOnce, change);
        let noted = |why: &[AtOnce]| {
            let (whose, why) = (vec![Transport::WebSocket], why.to_vec());
            Warning::QuicklyAcknowledged { whose, points: 3, of_points: 3, why }
        };
        let late = of(|run| run.stream.before = Some(23));
        assert_eq!(late, [noted(&[AtOnce::Early(23)])]);
        assert_eq!(late[0].severity(), Severity::Note);
        assert_eq!(of(|run| run.stream.before = Some(24)), []);
        // Of a server that runs already, and of older results, the rate tells: 10 a second.
        assert_eq!(of(|run| run.phases.warm_up_s = 1.0), [noted(&[AtOnce::Early(10)])]);
        let apart = |run: &mut Run| (run.stream.updates, run.stream.before) = (333, Some(100));
        assert_eq!(of(apart), [noted(&[AtOnce::Apart])], "150.2 ms apart");
        assert_eq!(all(Polls::Deferred, apart), [], "the generator holds acknowledgements back");
        let polls = of(|run| {
            if run.point.transport == Transport::LongPoll {
                run.stream.before = Some(2);
            }
        });
        assert_eq!(polls, []);
        let mut events = Sweep { transports: Transport::ALL.to_vec(), ..Sweep::quick() }.results();
        events.manifest.scenario.polls = Polls::AtOnce;
        events.runs.iter_mut().for_each(|run| run.stream.before = Some(2));
        let said = only(warnings(&events)).to_string();
        assert!(said.starts_with("At 6 of 6 points of WebSocket and server-sent events CPU was measured"), "{said}");

        // At 38.5 a second one gap in 320 is as long, and 16 updates follow it: a twentieth.
        let poisson =
            |rate_hz, payload_bytes| Stream::Synthetic { arrivals: Arrivals::Poisson, rate_hz, payload_bytes };
        let streams = [poisson(38.0, 128), poisson(39.0, 128), Stream::Replay { feed: "feed".to_owned(), speed: 1.0 }];
        let found = streams.map(|stream| {
            let mut results = Sweep { streams: vec![stream], ..Sweep::quick() }.results();
            results.manifest.scenario.polls = Polls::AtOnce;
            warnings(&results)
        });
        assert_eq!(found, [vec![noted(&[AtOnce::Bursts])], vec![], vec![noted(&[AtOnce::Bursts])]]);
        let disturbed = of(|run| {
            run.stream.before = Some(7);
            let back = || histogram(vec![1; run.point.load.clients as usize]);
            run.recovery = Some(Recovery { connected: back(), current: back(), ..recovery() });
        });
        assert_eq!(disturbed, [noted(&[AtOnce::Disturbed, AtOnce::Early(7)])]);
    }

    #[test]
    fn every_threshold_needs_deliveries() {
        let found = after(|run| {
            run.latency = histogram([]);
            run.stream.lateness = Some(histogram([9_000_000_000; 50]));
            run.generator.loop_lag = Some(histogram([9_000_000_000; 50]));
        });
        assert_eq!(found, [], "no share of nothing, nor a latency of 0 ms");
    }

    #[test]
    fn a_run_that_measured_nothing_voids_its_point() {
        for (updates, said) in
            [(0, "no update was due in the measure phase"), (7, "none of 7 updates arrived anywhere")]
        {
            let found = after(|run| {
                let expected = u64::from(run.point.load.clients) * updates;
                run.stream.updates = updates;
                run.counts = Counts { expected, missed: expected, ..run.counts.clone() };
                run.counts.delivered = 0;
                run.latency = histogram([]);
            });
            assert!(found[0].voids_point(), "{found:?}");
            assert!(found[0].to_string().contains(&format!("{said} (1 of 3 runs)")), "{}", found[0]);
            let missed = found.iter().filter(|warning| matches!(warning, Warning::Missed { .. })).count();
            assert_eq!((found.len(), missed), (1 + usize::from(updates > 0), usize::from(updates > 0)), "{found:?}");
        }
    }

    #[test]
    fn an_arm_is_named() {
        let mut results = Sweep { clients: vec![100], ..Sweep::aa(3) }.results();
        results.runs[1].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert!(only(warnings(&results)).to_string().starts_with("WebSocket B at 100 clients"));
    }
}
