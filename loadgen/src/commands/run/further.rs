//! Which repeats a sweep with a goal goes on with.

use protocol::results::{Goal, Load};
use reports::{
    Results,
    compare::{Case, Comparison, more},
};

/// The loads that are not yet as precise as asked, heaviest first, and how many repeats more of them to make; none if
/// the goal is reached, or not to be reached in the time that is left.
///
/// `looks`: how often it has been looked before. `repeat_s`: seconds that a repeat of a load takes.
pub(super) fn further(
    results: &Results,
    goal: Goal,
    looks: u32,
    left_s: f64,
    repeat_s: impl Fn(&Load) -> f64,
) -> Option<(Vec<Load>, u32)> {
    let comparison = Comparison::of(results);
    let missing =
        |case: &&Case<'_>| case.precision().iter().filter_map(|precision| precision.missing(goal.precision)).max();
    let heaviest = comparison.heaviest_first();
    let mut open: Vec<(Load, usize)> =
        heaviest.iter().filter_map(|case| Some((case.load.clone(), missing(case)?))).collect();
    // Where the time does not suffice for all, the heaviest come first.
    while let Some(needed) = open.iter().map(|(_, missing)| *missing).max() {
        let round_s: f64 = open.iter().map(|(load, _)| repeat_s(load)).sum();
        if let Some(repeats) = more(needed, (left_s / round_s) as usize, looks) {
            return Some((open.into_iter().map(|(load, _)| load).collect(), repeats as u32));
        }
        open.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use reports::{compare::LOOKS_MAX, fixture::Sweep};

    use super::*;

    const GOAL: Goal = Goal { precision: 0.01, budget_s: 120.0 };

    fn after(looks: u32, left_s: f64, precision: f64) -> Option<(Vec<u32>, u32)> {
        let results = Sweep { clients: vec![100, 1_000], repeats: 6, ..Sweep::quick() }.results();
        let (loads, repeats) = further(&results, Goal { precision, ..GOAL }, looks, left_s, |_| 10.0)?;
        Some((loads.iter().map(|load| load.clients).collect(), repeats))
    }

    #[test]
    fn what_is_precise_enough_is_not_measured_again() {
        assert_eq!(after(0, 1e6, 1.0), None);
        assert!(after(0, 1e6, 0.01).is_some());
    }

    #[test]
    fn the_heaviest_load_comes_first_where_time_is_short() {
        assert_eq!(after(0, 60.0, 0.01), Some((vec![1_000, 100], 2)), "half of what can be had before the last look");
        assert_eq!(after(1, 60.0, 0.01), Some((vec![1_000, 100], 3)));
        assert_eq!(after(1, 15.0, 0.01), Some((vec![1_000], 1)));
        assert_eq!(after(1, 5.0, 0.01), None);
        assert_eq!(after(1, -5.0, 0.01), None);
    }

    #[test]
    fn it_is_looked_so_often_and_no_more() {
        assert!(after(LOOKS_MAX - 2, 1e6, 0.01).is_some());
        assert_eq!(after(LOOKS_MAX - 1, 1e6, 0.01), None);
    }
}
