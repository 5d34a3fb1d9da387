//! What must be found of a server whose deliveries cost more on purpose.

use protocol::results::{Run, Search, SearchAxis, Stream};
use reports::{Seeker, compare::Metric};

use super::{
    check::Check,
    evidence::Evidence,
    planted::{SPUN_CLIENTS, SPUN_FROM_HZ, SPUN_TO_HZ, SPUN_US},
};

/// How far apart the loads are that are tried.
const STEP: f64 = 0.05;
/// So many of these what is found may be off.
const STEPS: i32 = 2;

pub(super) fn search() -> Search {
    Search {
        axis: SearchAxis::Rate,
        goals: vec!["last.p99<=50ms".to_owned()],
        from: SPUN_FROM_HZ as f64,
        to: SPUN_TO_HZ as f64,
        step: STEP,
        processes: 1,
        trial_s: 2.0,
        trial_updates: 100,
    }
}

/// A processor that does nothing but deliver has so many updates a second: one over what each takes, for all clients. What that is beside
/// the planted part, the trials say whose load held.
pub(super) fn found(evidence: &Evidence) -> Vec<Check> {
    let seeker = Seeker::new(&search()).expect("the cases are tested");
    let runs: Vec<&Run> = evidence.arms[0].iter().collect();
    let [held, failed] = seeker.brackets(&runs, 0)[0];
    let (Some(held), Some(failed)) = (held, failed) else {
        let end = |end: Option<f64>| end.map_or_else(|| "none".to_owned(), |load| load.to_string());
        let said = format!("{} and {}", end(held), end(failed));
        return vec![Check::is("the last load that holds, the first that does not", "both", said, false)];
    };
    let mut each_us: Vec<f64> = runs
        .iter()
        .filter(|run| matches!(run.point.load.stream, Stream::Synthetic { rate_hz, .. } if rate_hz.total_cmp(&held).is_eq()))
        .filter_map(|run| Metric::CpuUsPerDelivery.of_run(run))
        .collect();
    each_us.sort_by(f64::total_cmp);
    let each_us = each_us.get(each_us.len() / 2).copied().unwrap_or(f64::NAN);
    let beside_us = each_us - SPUN_US as f64;
    let expected = 1e6 / (f64::from(SPUN_CLIENTS) * (SPUN_US as f64 + beside_us));
    let off = (1.0 + STEP).powi(STEPS);
    vec![Check {
        what: format!("updates a second, a delivery taking {beside_us:.1} µs beside"),
        expected: format!("{expected:.1}"),
        measured: format!("{held:.1} to {failed:.1}"),
        allowed: format!("{STEPS} steps of {:.0}%", 100.0 * STEP),
        holds: expected / off <= held && held <= expected * off,
    }]
}
