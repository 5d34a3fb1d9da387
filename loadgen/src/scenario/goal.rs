//! How long a sweep goes on: until its figures are precise, or its time is up.

use std::time::Duration;

use anyhow::ensure;
use protocol::results::{Goal, Scenario};

use super::{
    plan::{Planner, estimate_s, loads},
    settings::{Percent, Settings},
};

/// Fewer repeats than this are no basis for an interval, nor for a guess at how many more it takes.
pub const REPEATS_MIN: u32 = 6;
/// Repeats where neither their number nor a goal is given.
const REPEATS: u32 = 3;
const PRECISION: Percent = Percent(10.0);
const BUDGET: Duration = Duration::from_mins(2);

/// The goal, if one is asked for; a fixed number of repeats on the command line goes before a goal in the file.
pub(super) fn goal(file: &Settings, options: &Settings) -> Option<Goal> {
    if options.repeats.is_some() {
        return None;
    }
    let precision = options.precision.or(file.precision);
    let budget = options.budget.or(file.budget);
    if precision.is_none() && budget.is_none() {
        return None;
    }
    let Percent(percent) = precision.unwrap_or(PRECISION);
    Some(Goal { precision: percent / 100.0, budget_s: budget.unwrap_or(BUDGET).as_secs_f64() })
}

/// How many repeats: the fewest, if there is a goal.
pub(super) fn repeats(asked: Option<u32>, goal: Option<Goal>) -> u32 {
    match goal {
        Some(_) => asked.unwrap_or(REPEATS_MIN).max(REPEATS_MIN),
        None => asked.unwrap_or(REPEATS),
    }
}

/// Seconds that the fewest repeats take.
fn least_s(scenario: &Scenario) -> f64 {
    let planner = Planner::new(scenario);
    let all_s = |load| f64::from(planner.per_repeat(load)) * estimate_s(load, scenario);
    loads(scenario).iter().map(all_s).sum::<f64>() * f64::from(scenario.repeats)
}

/// Refuses a goal that cannot be reached, and a time that was `asked` for in which nothing could be said. Another time is
/// made as long as the fewest repeats of these loads take, which options may have changed. The loads must be valid.
pub(super) fn settle(scenario: &mut Scenario, asked: Option<Duration>) -> anyhow::Result<()> {
    let Some(Goal { precision, budget_s }) = scenario.goal else { return Ok(()) };
    ensure!(
        (0.01..=1.0).contains(&precision),
        "precision {}%: must be between 1% and 100%; differences under 5% are not claimed in any case",
        100.0 * precision
    );
    let least_s = least_s(scenario);
    let budget_s = if asked.is_some() { budget_s } else { budget_s.max(least_s.ceil()) };
    ensure!(
        least_s <= budget_s,
        "budget {budget_s} s: {} repeats, the least from which an interval can be had, take about {least_s:.0} s here; \
         give --budget {:.0}s, measure fewer loads, or say how many repeats with --repeats",
        scenario.repeats,
        least_s.ceil()
    );
    scenario.goal = Some(Goal { precision, budget_s });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{check, load};

    fn of(options: Settings) -> Scenario {
        load("clients".as_ref(), options).unwrap()
    }

    #[test]
    fn a_goal_is_asked_for_by_either_option_and_needs_six_repeats() {
        assert_eq!((of(Settings::default()).goal, of(Settings::default()).repeats), (None, 5));
        let budget = of(Settings { budget: Some(Duration::from_hours(1)), ..Settings::default() });
        assert_eq!((budget.goal, budget.repeats), (Some(Goal { precision: 0.1, budget_s: 3_600.0 }), 6));
        let clients = Some(vec![10]);
        let precision = of(Settings { precision: Some(Percent(5.0)), clients, ..Settings::default() });
        assert_eq!(precision.goal, Some(Goal { precision: 0.05, budget_s: 120.0 }));
    }

    #[test]
    fn a_number_of_repeats_goes_before_the_goal_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        std::fs::write(&file, "why = \"\"\nclients = [10]\nprecision = \"20%\"\nbudget = \"3m\"\n").unwrap();
        let mine = |options| load(&file, options).unwrap();
        assert_eq!(mine(Settings::default()).goal, Some(Goal { precision: 0.2, budget_s: 180.0 }));
        let fixed = mine(Settings { repeats: Some(2), ..Settings::default() });
        assert_eq!((fixed.goal, fixed.repeats), (None, 2));
    }

    #[test]
    fn a_time_that_was_asked_for_is_kept_to_and_another_fits_the_loads() {
        let many = Settings { clients: Some(vec![10, 20, 30, 40, 50, 60, 70]), ..Settings::default() };
        let fits = load("quick".as_ref(), many.clone()).unwrap();
        assert!(fits.goal.unwrap().budget_s > 120.0, "{:?}", fits.goal);
        let asked = load("quick".as_ref(), Settings { budget: Some(Duration::from_secs(1)), ..many });
        let error = format!("{:#}", asked.unwrap_err());
        assert!(
            error.contains("budget 1 s: 6 repeats, the least from which an interval can be had, take about"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_reached_is_refused() {
        for (toml, reason) in [
            ("precision = \"0%\"", "precision 0%: must be between 1% and 100%"),
            ("precision = \"5\"", "`5` must be from 0% to less than 100%, as in 5%"),
        ] {
            let error = format!("{:#}", check("test", toml).expect_err(toml));
            assert!(error.contains(reason), "{toml}: {error}");
        }
    }
}
