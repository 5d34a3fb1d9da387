//! Which load is tried next.

use protocol::results::{Run, Search};

use super::{
    bracket::Bracket,
    goal::Goal,
    grid::Grid,
    trial::{Judged, Made},
    tried::{Hint, Tried},
};

/// So many steps below what another process found a process begins: it is to find a bracket of its own.
const BELOW_HINT: usize = 1;

/// A search, as it was asked. It keeps nothing: what was found is in the runs.
#[derive(Debug, Clone)]
pub struct Seeker {
    goals: Vec<Goal>,
    grid: Grid,
    step: f64,
}

/// What a process is to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// One more trial.
    Try {
        /// At this load, along the axis: updates a second, clients or bytes. Of clients and bytes it is a whole number.
        load: f64,
        /// The trial's number there, [`protocol::results::Trial::number`].
        number: u32,
    },
    /// Nothing: every goal has its bracket, or will not get one.
    Done,
}

impl Seeker {
    /// Refuses goals that cannot be meant, and bounds that leave nothing to search: which, why, and what to give.
    pub fn new(search: &Search) -> Result<Self, String> {
        if search.processes == 0 {
            return Err("0 processes: a load is tried in a server process; give 1, or 3 for an interval".to_owned());
        }
        let goals = Goal::all(&search.goals)?;
        Ok(Self { goals, grid: Grid::new(search)?, step: search.step })
    }

    /// The goals, as they were asked.
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }

    /// What a trial says of each goal.
    pub fn judged(&self, run: &Run) -> Vec<Judged> {
        Judged::of(run, &self.goals, self.step)
    }

    /// What that server process of one contender is to do next, by all runs of that contender so far, in any order. Those of the
    /// process before it say where to begin. The same runs have the same answer.
    pub fn next(&self, runs: &[&Run], process: u32) -> Next {
        let before = process.checked_sub(1);
        let of_either =
            |run: &&&Run| run.trial.is_some_and(|trial| trial.process == process || Some(trial.process) == before);
        let made: Vec<Made<'_>> = runs.iter().filter(of_either).map(|run| self.made(run)).collect();
        self.next_after(&made, process)
    }

    /// The same by trials that were judged already.
    pub(super) fn next_after(&self, made: &[Made<'_>], process: u32) -> Next {
        let before = process.checked_sub(1).map(|before| self.tried(made, before));
        self.next_of(&self.tried(made, process), before.as_ref())
    }

    /// A trial and what it says.
    pub(super) fn made<'r>(&self, run: &'r Run) -> Made<'r> {
        let is_judged = run.trial.is_some_and(|trial| trial.number > 0);
        Made { run, judged: is_judged.then(|| self.judged(run)) }
    }

    /// What one process of a contender tried.
    pub(super) fn tried(&self, made: &[Made<'_>], process: u32) -> Tried {
        let mut tried = self.nothing_tried();
        for Made { run, judged } in made {
            if let Some(place) =
                self.grid.place(&run.point.load).filter(|_| run.trial.is_some_and(|trial| trial.process == process))
            {
                tried.add(place, judged.as_deref());
            }
        }
        tried
    }

    /// Before the first trial.
    pub(crate) fn nothing_tried(&self) -> Tried {
        Tried::nothing(self.grid.len(), self.goals.len())
    }

    /// Adds a trial, so that none before it has to be judged again.
    pub(crate) fn add(&self, tried: &mut Tried, run: &Run) {
        if let Some(place) = self.grid.place(&run.point.load) {
            tried.add(place, self.made(run).judged.as_deref());
        }
    }

    /// The load at a place of the grid.
    pub(super) fn load(&self, place: usize) -> f64 {
        self.grid.load(place)
    }

    /// Whether nothing is left to find.
    pub(super) fn is_closed(&self, bracket: Bracket) -> bool {
        bracket.is_closed(self.grid.len())
    }

    /// What comes after what a process tried, and the one before it.
    pub(crate) fn next_of(&self, tried: &Tried, before: Option<&Tried>) -> Next {
        let hint = |goal: usize| before.and_then(|before| before.hint(goal));
        // Smaller loads first: what is too much may leave something behind.
        let wanted = (0..self.goals.len()).filter_map(|goal| self.wanted(tried, goal, hint(goal))).min();
        wanted.map_or(Next::Done, |place| Next::Try { load: self.grid.load(place), number: tried.trials(place) })
    }

    /// The load of which a goal wants to know more; none once its bracket is found.
    fn wanted(&self, tried: &Tried, goal: usize, hint: Option<Hint>) -> Option<usize> {
        let bracket = tried.leaning(goal);
        if !bracket.is_closed(self.grid.len()) {
            return Some(self.towards(bracket, hint));
        }
        let bounds = [bracket.lower, bracket.upper.map(|(upper, _)| upper)];
        bounds.into_iter().flatten().find(|place| !tried.is_decided(goal, *place))
    }

    /// Doubles until something fails, then halves what is between; from a hint on, distances double.
    fn towards(&self, bracket: Bracket, hint: Option<Hint>) -> usize {
        let low = hint.map_or(0, |hint| hint.low.saturating_sub(BELOW_HINT));
        let high = hint.map_or(0, |hint| hint.high);
        match (bracket.lower, bracket.upper.map(|(upper, _)| upper)) {
            (None, None) => low,
            (Some(lower), None) if lower < high => high,
            (Some(lower), None) if hint.is_none() => self.grid.doubled(lower),
            (Some(lower), None) => (lower + (lower - low).max(1)).min(self.grid.doubled(lower)),
            (None, Some(upper)) if low < upper => low,
            (None, Some(upper)) => upper.saturating_sub(high.saturating_sub(upper).max(1)),
            (Some(lower), Some(upper)) => lower.midpoint(upper),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::{Transport, results::Trial};

    use super::*;
    use crate::{
        fixture::Searched,
        judge::capacity::{tally::Standing, trial::Fault},
        noise::Noise,
    };

    const GOALS: usize = 3;

    /// What one process found, as loads, for each goal, with how many trials, and how fast the server was.
    struct Made {
        brackets: Vec<[Option<f64>; 2]>,
        trials: u32,
        pace: f64,
    }

    /// A search by one contender, process by process.
    fn made(of: &Searched, transport: Transport) -> Vec<Made> {
        let contender = of.contenders().into_iter().find(|run| run.point.transport == transport).unwrap();
        let (seeker, mut noise, mut before) = (Seeker::new(&of.search).unwrap(), Noise::new(of.seed), None);
        let process = |process| {
            let pace = noise.about(of.processes_differ);
            let (mut tried, mut trials) = (seeker.nothing_tried(), 0);
            while let Next::Try { load, number } = seeker.next_of(&tried, before.as_ref()) {
                seeker.add(&mut tried, &of.trial(&contender, load, Trial { process, number }, pace, &mut noise));
                trials += 1;
            }
            let brackets = (0..GOALS).map(|goal| loads(&seeker, tried.decided(goal))).collect();
            before = Some(tried);
            Made { brackets, trials, pace }
        };
        (0..of.search.processes).map(process).collect()
    }

    fn loads(seeker: &Seeker, Bracket { lower, upper }: Bracket) -> [Option<f64>; 2] {
        [lower, upper.map(|(upper, _)| upper)].map(|place| place.map(|place| seeker.grid.load(place)))
    }

    /// Loads are rounded to four digits, so that steps are not exact.
    fn is_within_two_steps(value: f64, of: f64) -> bool {
        (value / of).ln().abs() <= 2.0 * 1.05_f64.ln() + 1e-3
    }

    #[test]
    fn a_planted_capacity_is_found_within_two_steps_in_nine_of_ten() {
        // What is written costs nothing, so that a server bears what it can deliver and no more, whatever the goal.
        let of = |seed| Searched { us_per_write: 0.0, seed, ..Searched::rates() };
        let found: Vec<bool> = (0..10)
            .flat_map(|seed| made(&of(seed), Transport::WebSocket).into_iter().map(move |made| (seed, made)))
            .flat_map(|(seed, made)| {
                let planted = of(seed).capacity_per_s(Transport::WebSocket, made.pace) / f64::from(of(seed).clients);
                made.brackets.into_iter().map(move |bracket| {
                    let [last, first] = bracket.map(|load| load.expect("it is within the bounds of the search"));
                    (last..=first).contains(&planted)
                        || [last, first].iter().any(|end| is_within_two_steps(*end, planted))
                })
            })
            .collect();
        let right = found.iter().filter(|right| **right).count();
        println!("{right} of {} brackets hold what was planted, or end within two steps of it", found.len());
        assert!(right * 10 >= found.len() * 9, "{right} of {}", found.len());
    }

    #[test]
    fn ten_searches_agree_and_both_transports_take_ten_minutes() {
        let (mut of_goals, mut seconds) = (vec![Vec::new(); GOALS], Vec::new());
        for seed in 0..10 {
            let of = Searched { seed, ..Searched::rates() };
            let made = made(&of, Transport::WebSocket);
            for (goal, found) in of_goals.iter_mut().enumerate() {
                let logs: Vec<f64> = made.iter().map(|made| made.brackets[goal][0].unwrap().ln()).collect();
                found.push((logs.iter().sum::<f64>() / logs.len() as f64).exp());
            }
            // The other transport is searched alike.
            let trials: u32 = 2 * made.iter().map(|made| made.trials).sum::<u32>();
            seconds.push(of.search.trial_s * f64::from(trials));
        }
        for found in &mut of_goals {
            found.sort_by(f64::total_cmp);
            println!("ten searches found {found:.1?}");
            let median = f64::midpoint(found[4], found[5]);
            let near = found.iter().filter(|value| is_within_two_steps(**value, median)).count();
            assert!(near >= 9, "{near} of ten lie within two steps of {median}: {found:?}");
        }
        let mean_s = seconds.iter().sum::<f64>() / seconds.len() as f64;
        println!("trials take {mean_s} s in the mean: {seconds:?}");
        assert!(mean_s <= 600.0, "{seconds:?}");
    }

    /// What a search comes to whose trials are made up, each by its goal, load and number.
    fn made_up(of: impl Fn(usize, usize, u32) -> Judged) -> (Vec<Bracket>, u32) {
        let seeker = Seeker::new(&Searched { ..Searched::rates() }.search).unwrap();
        let (mut tried, mut trials) = (seeker.nothing_tried(), 0);
        while let Next::Try { load, number } = seeker.next_of(&tried, None) {
            let place = (0..seeker.grid.len()).find(|place| seeker.grid.load(*place).total_cmp(&load).is_eq()).unwrap();
            assert_eq!(number, tried.trials(place), "trials at a load are numbered one by one");
            let judged: Vec<Judged> = (0..GOALS).map(|goal| of(goal, place, number)).collect();
            tried.add(place, (number > 0).then_some(&judged));
            trials += 1;
        }
        ((0..GOALS).map(|goal| tried.decided(goal)).collect(), trials)
    }

    #[test]
    fn a_search_ends_where_a_goal_ceases_to_hold_or_nobody_can_tell() {
        let late = || Judged::Bad(Fault::Late { late: 9, of: 100 });
        let (brackets, trials) = made_up(|goal, place, _| if place > 50 + goal { late() } else { Judged::Good });
        let expected = |goal| Bracket { lower: Some(50 + goal), upper: Some((51 + goal, Standing::Fails)) };
        assert_eq!(brackets, (0..GOALS).map(expected).collect::<Vec<_>>());
        assert!(trials <= 45, "{trials}");

        let (brackets, trials) = made_up(|_, _, _| late());
        assert_eq!((brackets[0], trials), (Bracket { lower: None, upper: Some((0, Standing::Fails)) }, 4));

        let (brackets, _) = made_up(|_, place, _| if place > 60 { Judged::Void("x") } else { Judged::Good });
        assert_eq!(brackets[2], Bracket { lower: Some(60), upper: Some((61, Standing::Bound)) });

        let (brackets, _) = made_up(|_, _, _| Judged::Good);
        let top = Seeker::new(&Searched::rates().search).unwrap().grid.len() - 1;
        assert_eq!(brackets[1], Bracket { lower: Some(top), upper: None });
    }

    #[test]
    fn the_first_trial_at_a_load_is_not_judged_and_a_minority_decides_nothing() {
        let bad = Judged::Bad(Fault::Backlog);
        let (brackets, _) = made_up(
            |_, place, number| if place > 50 || number == 0 || number == 2 { bad.clone() } else { Judged::Good },
        );
        assert_eq!(brackets[0].lower, Some(50));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_trials_say_a_search_ends_with_a_bracket(seed: u64, good in 0.0..1.0_f64, void in 0.0..0.5_f64) {
            let judged = |goal: usize, place: usize, number: u32| {
                let mut noise = Noise::new(seed ^ ((goal as u64) << 40 | (place as u64) << 20 | u64::from(number)));
                match noise.unit() {
                    low if low < void => Judged::Void("x"),
                    _ if noise.unit() < good => Judged::Good,
                    _ => Judged::Bad(Fault::Backlog),
                }
            };
            let (brackets, trials) = made_up(judged);
            let loads = Seeker::new(&Searched::rates().search).unwrap().grid.len();
            prop_assert!(brackets.iter().all(|bracket| bracket.is_closed(loads)), "{brackets:?}");
            prop_assert!(trials as usize <= 8 * loads);
        }
    }

    #[test]
    fn the_runs_are_all_that_it_goes_by_in_whatever_order() {
        let of = Searched {
            search: Search { goals: vec!["last.p99<=50ms".to_owned()], processes: 2, ..Searched::rates().search },
            transports: vec![Transport::WebSocket],
            ..Searched::rates()
        };
        let results = of.results();
        let seeker = Seeker::new(&of.search).unwrap();
        let all: Vec<&Run> = results.runs.iter().collect();
        assert_eq!([0, 1].map(|process| seeker.next(&all, process)), [Next::Done; 2]);
        for made in (1..all.len()).step_by(3) {
            let Trial { process, number } = all[made].trial.unwrap();
            let mut before = all[..made].to_vec();
            before.reverse();
            let Next::Try { load, number: next } = seeker.next(&before, process) else { panic!("a trial was made") };
            assert_eq!(
                (seeker.grid.place(&all[made].point.load).map(|place| seeker.grid.load(place)), number),
                (Some(load), next)
            );
        }
    }
}
