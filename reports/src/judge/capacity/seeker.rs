//! Which load is tried next.

use protocol::results::{Run, Search};

use super::{
    bracket::Bracket,
    goal::Goal,
    grid::Grid,
    trial::Judged,
    tried::{Hint, Tried},
};

/// So many steps beyond what another process found a process begins: it is to find a bracket of its own.
const BEYOND_HINT: usize = 1;

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
        let before = process.checked_sub(1).map(|before| self.tried(runs, before));
        self.next_of(&self.tried(runs, process), before.as_ref())
    }

    /// What one process of a contender tried.
    pub(super) fn tried(&self, runs: &[&Run], process: u32) -> Tried {
        let mut tried = Tried::nothing(self.grid.len(), self.goals.len());
        for run in runs {
            let Some(trial) = run.trial.filter(|trial| trial.process == process) else { continue };
            let Some(place) = self.grid.place(&run.point.load) else { continue };
            tried.add(place, (trial.number > 0).then(|| self.judged(run)).as_deref());
        }
        tried
    }

    fn next_of(&self, tried: &Tried, before: Option<&Tried>) -> Next {
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
            let (mut tried, mut trials) = (Tried::nothing(seeker.grid.len(), GOALS), 0);
            while let Next::Try { load, number } = seeker.next_of(&tried, before.as_ref()) {
                let run = of.trial(&contender, load, Trial { process, number }, pace, &mut noise);
                let place = seeker.grid.place(&run.point.load).unwrap();
                tried.add(place, (number > 0).then(|| seeker.judged(&run)).as_deref());
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

    #[test]
    fn simulate() {
        for (name, of) in
            [("plain", Searched { us_per_write: 0.0, ..Searched::rates() }), ("coalescing", Searched::rates())]
        {
            let mut within = 0;
            let mut all = 0;
            let mut trials = vec![];
            let mut later = vec![];
            for seed in 0..40 {
                let of = Searched { seed, ..of.clone() };
                let made = made(&of, Transport::WebSocket);
                trials.push(made[0].trials);
                later.extend(made[1..].iter().map(|made| made.trials));
                for made in &made {
                    let c = of.capacity_per_s(Transport::WebSocket, made.pace) / f64::from(of.clients);
                    for [low, high] in &made.brackets {
                        all += 1;
                        within +=
                            u32::from(low.unwrap() / 1.05_f64.powi(2) <= c && c <= high.unwrap() * 1.05_f64.powi(2));
                    }
                }
            }
            for mut trials in [trials, later] {
                trials.sort();
                println!(
                    "{name}: {within} of {all}; trials {:?} mean {}",
                    (trials[0], trials[trials.len() / 2], trials[trials.len() - 1]),
                    trials.iter().sum::<u32>() as f64 / trials.len() as f64
                );
            }
        }
    }
}
