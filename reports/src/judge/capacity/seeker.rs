//! Which load is tried next.

use protocol::results::{Run, Search};

use super::{
    bracket::Bracket,
    goal::Goal,
    grid::Grid,
    tally::{Standing, Tally},
    trial::Judged,
};

/// From so many steps beyond what another process found a process begins: it is to find a bracket of its own.
const BEYOND_HINT: usize = 2;

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

/// Where a goal's bracket is looked for first.
#[derive(Clone, Copy)]
struct Hint {
    low: usize,
    high: usize,
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
        let tried = Tried::of(self, runs, process);
        let before = process.checked_sub(1).map(|before| Tried::of(self, runs, before));
        let hint = |goal: usize| before.as_ref().and_then(|before| before.hint(goal));
        // Smaller loads first: what is too much may leave something behind.
        let wanted = (0..self.goals.len()).filter_map(|goal| self.wanted(&tried, goal, hint(goal))).min();
        wanted.map_or(Next::Done, |place| Next::Try { load: self.grid.load(place), number: tried.trials[place] })
    }

    /// The load of which a goal wants to know more; none once its bracket is found.
    fn wanted(&self, tried: &Tried, goal: usize, hint: Option<Hint>) -> Option<usize> {
        let bracket = tried.leaning(goal);
        if !bracket.is_closed(self.grid.len()) {
            return Some(self.towards(bracket, hint));
        }
        let bounds = [bracket.lower, bracket.upper.map(|(upper, _)| upper)];
        bounds.into_iter().flatten().find(|place| tried.tallies[goal][*place].decided().is_none())
    }

    /// Doubles until something fails, then halves what is between; from a hint on, distances double.
    fn towards(&self, bracket: Bracket, hint: Option<Hint>) -> usize {
        let top = self.grid.len() - 1;
        let low = hint.map_or(0, |hint| hint.low.saturating_sub(BEYOND_HINT));
        let high = hint.map_or(0, |hint| (hint.high + BEYOND_HINT).min(top));
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

/// What one process tried.
pub(super) struct Tried {
    /// Trials at each load, with the first, which is not judged.
    trials: Vec<u32>,
    /// Of each goal, at each load.
    tallies: Vec<Vec<Tally>>,
}

impl Tried {
    pub(super) fn of(seeker: &Seeker, runs: &[&Run], process: u32) -> Self {
        let loads = seeker.grid.len();
        let mut tried =
            Self { trials: vec![0; loads], tallies: vec![vec![Tally::default(); loads]; seeker.goals.len()] };
        for run in runs {
            let Some(trial) = run.trial.filter(|trial| trial.process == process) else { continue };
            let Some(place) = seeker.grid.place(&run.point.load) else { continue };
            tried.trials[place] += 1;
            if trial.number == 0 {
                continue;
            }
            for (tallies, judged) in tried.tallies.iter_mut().zip(seeker.judged(run)) {
                tallies[place].add(&judged);
            }
        }
        tried
    }

    fn leaning(&self, goal: usize) -> Bracket {
        Bracket::of(self.tallies[goal].iter().map(|tally| tally.leaning()))
    }

    /// What is decided.
    pub(super) fn decided(&self, goal: usize) -> Bracket {
        Bracket::of(self.tallies[goal].iter().map(|tally| tally.decided()))
    }

    fn hint(&self, goal: usize) -> Option<Hint> {
        let top = self.trials.len() - 1;
        let Bracket { lower, upper } = self.decided(goal);
        (lower.is_some() || upper.is_some())
            .then(|| Hint { low: lower.unwrap_or(0), high: upper.map_or(top, |(upper, _): (usize, Standing)| upper) })
    }
}
