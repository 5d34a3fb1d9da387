//! Whether a plan can decide the thresholds that are asked of it.

use anyhow::Error;
use protocol::results::Scenario;
use reports::{Asked, Plan, Threshold};
use server::stream::replay::Feed;

use crate::{
    machine::usage::Observed,
    measure::target::Target,
    scenario::{
        plan::{Planned, estimate_s},
        updates_due,
    },
};

/// Refuses a threshold of no point, and one that these runs could not decide, with what would.
pub(super) fn check(
    scenario: &Scenario,
    plan: &[Planned],
    feed: Option<&Feed>,
    target: Option<&Target>,
) -> anyhow::Result<()> {
    if scenario.fail_if.is_empty() {
        return Ok(());
    }
    let mut points: Vec<Asked> = Vec::new();
    for Planned { point, .. } in plan {
        let repeat_s = estimate_s(&point.load, scenario) / f64::from(scenario.repeats);
        // Once a run: where a transport is compared with itself, a repeat has two of a point.
        match points.iter_mut().find(|asked| asked.point == *point) {
            Some(asked) => asked.repeat_s += repeat_s,
            None => {
                let updates = updates_due(&point.load, scenario, feed);
                points.push(Asked { point: point.clone(), updates, repeat_s });
            }
        }
    }
    let observed = target.is_none_or(|target| Observed::listening(target.address).is_ok());
    let plan = Plan { scenario, points, observed };
    let decidable = |text: &String| text.parse::<Threshold>().and_then(|threshold| threshold.decidable(&plan));
    scenario.fail_if.iter().try_for_each(decidable).map_err(Error::msg)
}
