//! Whether server or generator was kept from running by a quota.

use protocol::results::Run;

use super::warning::Warning;
use crate::points::PointName;

/// The run in which it was worst.
pub(super) fn of_runs(point: &PointName, runs: &[&Run]) -> Option<Warning> {
    let throttled: Vec<f64> = runs.iter().map(|run| share(run)).filter(|share| *share > 0.0).collect();
    let share = throttled.iter().copied().reduce(f64::max)?;
    Some(Warning::Throttled { point: point.clone(), runs: throttled.len(), of_runs: runs.len(), share })
}

/// Of the measure phase; several processors that stand still at once count as often.
fn share(run: &Run) -> f64 {
    let server = run.server.as_ref().and_then(|server| server.throttled_ns);
    let most_ns = server.max(run.generator.throttled_ns).unwrap_or(0);
    if run.phases.measure_s > 0.0 { most_ns as f64 / (run.phases.measure_s * 1e9) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture::Sweep, validity::warnings};

    #[test]
    fn a_quota_that_was_used_up_cautions_then_voids_whosever_it_is() {
        let after = |change: fn(&mut Run, Option<u64>), share: f64| {
            let mut results = Sweep::quick().results();
            let run = &mut results.runs[0];
            let ns = (share * run.phases.measure_s * 1e9) as u64;
            change(run, Some(ns));
            warnings(&results)
                .into_iter()
                .map(|warning| (warning.voids_point(), warning.to_string()))
                .collect::<Vec<_>>()
        };
        let changes: [fn(&mut Run, Option<u64>); 2] =
            [|run, ns| run.generator.throttled_ns = ns, |run, ns| run.server.as_mut().unwrap().throttled_ns = ns];
        for change in changes {
            assert_eq!(after(change, 0.0), []);
            assert!(matches!(&after(change, 0.009)[..], [(false, _)]));
            let found = after(change, 0.02);
            let [(true, said)] = &found[..] else { panic!("{found:?}") };
            assert!(said.contains("for 2.00% of the measure phase (1 of 3 runs)"), "{said}");
        }
    }
}
