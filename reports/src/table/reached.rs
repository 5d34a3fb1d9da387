//! How precise a sweep with a goal has become, and what it would take to reach the goal where it has not.

use protocol::results::Goal;

use crate::{
    compare::{Case, Comparison, Precision, difference},
    words,
};

/// A sentence a load.
pub(crate) fn reached(comparison: &Comparison<'_>, goal: Goal) -> Vec<String> {
    let of = |case: &&Case<'_>| {
        let all = case.precision();
        let said: Vec<String> = all.iter().map(|precision| one(*precision, case, goal)).collect();
        (!said.is_empty()).then(|| format!("{}: {}.", words::load(&case.load), said.join("; ")))
    };
    comparison.heaviest_first().iter().filter_map(of).collect()
}

/// `p50 latency ±12% (10% would take 9 repeats, about 3 min)`
fn one(precision: Precision, case: &Case<'_>, goal: Goal) -> String {
    let reached =
        format!("{} ±{}", precision.metric.name(), difference(precision.reached).trim_start_matches("a factor of "));
    if precision.reached <= goal.precision {
        return reached;
    }
    let repeats = precision.repeats_for(goal.precision);
    let takes_s = repeats as f64 * case.repeat_s();
    let takes = if takes_s < 90.0 { format!("{takes_s:.0} s") } else { format!("{:.0} min", takes_s / 60.0) };
    format!("{reached} ({} would take {repeats} repeats, about {takes})", difference(goal.precision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn what_was_reached_and_what_it_would_take() {
        let results = Sweep { clients: vec![100], repeats: 6, ..Sweep::quick() }.results();
        let comparison = Comparison::of(&results);
        let of = |precision| reached(&comparison, Goal { precision, budget_s: 120.0 }).join("\n");
        let (near, far) = (of(1.0), of(0.01));
        assert!(near.starts_with("100 clients, 10 updates/s of 128 B: p50 latency ±"), "{near}");
        assert!(!near.contains("would take"), "{near}");
        assert!(far.contains("(1% would take ") && far.contains("server memory per client ±"), "{far}");
    }
}
