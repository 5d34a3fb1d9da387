//! Which repeats a sweep with a goal goes on with.

use protocol::results::{Goal, Load};
use reports::{
    Results,
    compare::{Case, Comparison, more},
    thresholds,
};

/// What a sweep goes on with.
pub(super) struct Further {
    pub(super) loads: Vec<Load>,
    pub(super) repeats: u32,
    /// Because at so many of the loads a threshold is undecided; the others are not as precise as asked.
    pub(super) undecided: usize,
}

/// The loads at which a threshold is undecided, and those that are not yet as precise as asked, of these those first of which it is not known
/// who is better, then the heaviest; and how many repeats more of them to make; none if the goal is reached, or not to be reached in
/// the time that is left.
///
/// `looks`: how often it has been looked before. `repeat_s`: seconds that a repeat of a load takes.
pub(super) fn further(
    results: &Results,
    goal: Goal,
    looks: u32,
    left_s: f64,
    repeat_s: impl Fn(&Load) -> f64,
) -> Option<Further> {
    let comparison = Comparison::of(results);
    let judged = thresholds(results).judged;
    let of_thresholds = |case: &Case<'_>| {
        let open = judged.iter().flat_map(|judged| &judged.open);
        open.filter(|(load, _)| *load == case.load).map(|(_, more)| *more).max()
    };
    let missing = |case: &&Case<'_>| {
        let of_ratios = case.precision().into_iter().filter_map(|precision| precision.missing(goal.precision));
        of_ratios.chain(of_thresholds(case)).max()
    };
    let heaviest = comparison.heaviest_first();
    let mut open: Vec<_> = heaviest.into_iter().filter_map(|case| Some((case, missing(&case)?))).collect();
    open.sort_by_key(|(case, _)| (of_thresholds(case).is_none(), !case.is_undecided()));
    let to_decide = open.iter().filter_map(|(case, _)| of_thresholds(case)).max().unwrap_or(0);
    // Where the time does not suffice for all, the first come first; and no other load takes time from what a threshold needs.
    while let Some(needed) = open.iter().map(|(_, missing)| *missing).max() {
        let round_s: f64 = open.iter().map(|(case, _)| repeat_s(&case.load)).sum();
        let affordable = (left_s / round_s) as usize;
        let is_spare = affordable < to_decide && open.last().is_some_and(|(case, _)| of_thresholds(case).is_none());
        if let Some(repeats) = more(needed, affordable, looks).filter(|_| !is_spare) {
            let undecided = open.iter().filter(|(case, _)| of_thresholds(case).is_some()).count();
            let loads = open.into_iter().map(|(case, _)| case.load.clone()).collect();
            return Some(Further { loads, repeats: repeats as u32, undecided });
        }
        open.pop();
    }
    None
}

impl Further {
    /// Why, and how often, for people.
    pub(super) fn why(&self, Goal { precision, .. }: Goal) -> String {
        let (all, undecided) = (self.loads.len(), self.undecided);
        let of = |loads: usize| {
            format!("{loads} load{} {}", if loads == 1 { "" } else { "s" }, if loads == 1 { "is" } else { "are" })
        };
        let imprecise = format!("{} not within {:.0}% yet", of(all - undecided), 100.0 * precision);
        let leave = format!("a threshold is undecided at {undecided} load{}", if undecided == 1 { "" } else { "s" });
        let why = match undecided {
            0 => imprecise,
            _ if undecided == all => leave,
            _ => format!("{leave}, and {imprecise}"),
        };
        format!("{why}: {} more repeat{}.", self.repeats, if self.repeats == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use reports::{compare::LOOKS_MAX, fixture::Sweep};

    use super::*;

    const GOAL: Goal = Goal { precision: 0.01, budget_s: 120.0 };

    fn after(looks: u32, left_s: f64, precision: f64) -> Option<(Vec<u32>, u32)> {
        with(&[], looks, left_s, precision).map(|(further, clients)| (clients, further.repeats))
    }

    fn with(fail_if: &[&str], looks: u32, left_s: f64, precision: f64) -> Option<(Further, Vec<u32>)> {
        let mut results = Sweep { clients: vec![100, 1_000], repeats: 6, ..Sweep::quick() }.results();
        results.manifest.scenario.fail_if = fail_if.iter().map(|text| (*text).to_owned()).collect();
        let further = further(&results, Goal { precision, ..GOAL }, looks, left_s, |_| 10.0)?;
        let clients = further.loads.iter().map(|load| load.clients).collect();
        Some((further, clients))
    }

    #[test]
    fn a_threshold_that_is_undecided_comes_first_and_one_that_is_decided_is_no_reason() {
        let (further, clients) = with(&["websocket.server-cpu[clients=100] > 9.5us"], 0, 1e6, 1.0).unwrap();
        assert_eq!((&clients[..], further.undecided), (&[100][..], 1));
        assert!(further.why(GOAL).starts_with("a threshold is undecided at 1 load: "), "{}", further.why(GOAL));
        let more = further.repeats;
        let of = |looks, left_s| {
            let (further, clients) = with(&["websocket.server-cpu[clients=100] > 9.5us"], looks, left_s, 0.01).unwrap();
            (further.why(GOAL), clients)
        };
        let (why, clients) = of(1, 1e6);
        assert!(why.starts_with("a threshold is undecided at 1 load, and 1 load is not within 1% yet: "), "{why}");
        assert_eq!(clients, [100, 1_000], "there is time for both");
        let (why, clients) = of(1, 10.0 * f64::from(more));
        let alone = format!("a threshold is undecided at 1 load: {more} more repeats.");
        assert_eq!((clients, why), (vec![100], alone), "and here for the threshold alone");
        for decided in ["server-cpu > 1s", "server-cpu > 1ns", "missed > 0"] {
            assert!(with(&[decided], 0, 1e6, 1.0).is_none(), "{decided}");
        }
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
