//! What a results folder must hold, whatever was measured.

use std::path::Path;

use protocol::results::{Disturbance, Expectation, Run};
use reports::{Results, Validity, Warning, load, warnings};

use crate::program::Ended;

/// Files for people.
pub(crate) const REPORTS: [&str; 3] = ["report.html", "summary.md", "runs.csv"];

/// The results of a sweep that went well: judged as its status says, all of it there, nothing missed.
pub(crate) fn of_success(dir: &Path, ended: &Ended) -> Results {
    let results = load(dir).unwrap();
    let status = match results.validity() {
        Validity::Valid => 0,
        Validity::Flawed => 3,
        Validity::Failed => 1,
    };
    assert_eq!(ended.status, Some(status), "{ended:#?}");
    // A machine that is busy with other tests may void a point. It must not do anything else.
    for warning in warnings(&results) {
        let busy = matches!(
            warning,
            Warning::PublisherOverrun { .. }
                | Warning::GeneratorSaturated { .. }
                | Warning::GeneratorStarved { .. }
                | Warning::GeneratorLagged { .. }
                | Warning::TimeStolen { .. }
                | Warning::LinkSlow { .. }
        );
        assert!(warning.validity() == Validity::Valid || busy, "{warning}");
    }
    assert_eq!(results.runs.len(), results.manifest.planned_runs as usize);
    for (run, index) in results.runs.iter().zip(0..) {
        assert_eq!(run.index, index);
        assert_accounted(run);
    }
    assert_reported(dir, ended);
    results
}

/// The reports are there, and the last word on stdout is where.
pub(crate) fn assert_reported(dir: &Path, ended: &Ended) {
    for name in REPORTS {
        assert!(std::fs::metadata(dir.join(name)).unwrap().len() > 100, "{name}");
    }
    let last = ended.stdout.last().unwrap();
    assert!(last.ends_with("results/report.html"), "{last}");
}

fn assert_accounted(run: &Run) {
    let clients = u64::from(run.point.load.clients);
    let (counts, updates) = (&run.counts, run.stream.updates);
    assert_eq!(run.failure, None);
    assert!(updates > 0, "{run:#?}");
    let load = &run.point.load;
    if load.audience.is_broadcast() {
        assert_eq!(counts.expected, clients * updates);
    }
    assert_eq!((counts.delivered, counts.missed), (counts.expected, 0));
    assert_eq!((counts.duplicated, counts.reordered, counts.out_of_range), (0, 0, 0));
    assert_eq!((counts.clients_ready, counts.clients_held), (clients, Some(clients)));
    assert_eq!(counts.errors.len(), 0, "{:?}", counts.errors);
    // Who says an update has it, too.
    let own = run.own.as_ref().map_or(0, |own| own.len());
    assert_eq!(own, if load.speak { updates } else { 0 });
    assert_eq!(run.latency.len(), counts.delivered - own);
    assert_eq!(run.slices.iter().map(|slice| slice.latency.len()).sum::<u64>(), counts.delivered - own);
    assert_eq!(run.handshake.len(), clients);
    let server = run.server.as_ref().unwrap_or_else(|| panic!("it could not be read: {:?}", run.server_unread));
    // Beside other tests counters may be read long after an edge, and updates arrive after the phase. So a fifth of all deliveries lies
    // between the readings at least: half came in time, of which 15 % of all may have been due before the first reading, and as many so
    // late that they came after the last.
    let in_time = |ns: u64| (ns as f64) < 0.15 * run.phases.measure_s * 1e9;
    if in_time(run.generator.edge_late_ns) && in_time(run.latency.value_at_quantile(0.5)) {
        // Read one after another while workers go on, so that neither bounds the other.
        assert!(run.traffic.payloads > 0 && run.traffic.updates > 0, "{:?}", run.traffic);
        // Of processes that were found by what they hold, threads that have ended are counted in ticks of 10 ms.
        assert!(server.cpu.total_ns > 0 || !server.processes.is_empty(), "{server:?}");
        assert!(run.traffic.server_writes.is_none_or(|writes| writes > 0), "{:?}", run.traffic);
    }
    assert!(server.peak_rss_bytes >= server.plateaus.empty.rss, "{server:?}");
    assert!(server.plateaus.drained.is_some(), "{server:?}");
    match run.stream.source {
        // Who took another's place cannot tell what became of the stream before.
        Expectation::Publisher if restarted(run) => assert_eq!(run.stream.lateness, None),
        Expectation::Publisher => {
            assert_eq!(run.stream.lateness.as_ref().expect("the publisher told").len(), updates);
            // How often it wrote, a server of others does not say, nor its engine; and where clients speak the publisher is none of its own.
            let is_ours = run.point.load.engine.is_some() && !run.point.load.speak;
            assert_eq!(run.traffic.server_writes.is_some(), is_ours);
        }
        Expectation::Arrivals => panic!("{run:#?}"),
        Expectation::Bracketed => assert_eq!((&run.stream.lateness, run.traffic.server_writes), (&None, None)),
    }
}

fn restarted(run: &Run) -> bool {
    run.recovery.as_ref().is_some_and(|recovery| recovery.disturbance == Disturbance::Restart)
}
