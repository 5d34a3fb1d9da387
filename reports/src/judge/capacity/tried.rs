//! What one server process tried, and where that leaves each goal.

use super::{bracket::Bracket, tally::Tally, trial::Judged};

/// Trials, place by place on the grid.
pub(crate) struct Tried {
    /// How many at each load, with the first, which is not judged.
    trials: Vec<u32>,
    /// Of each goal, at each load.
    tallies: Vec<Vec<Tally>>,
}

/// Where a goal's bracket may be.
#[derive(Clone, Copy)]
pub(super) struct Hint {
    pub(super) low: usize,
    pub(super) high: usize,
}

impl Tried {
    pub(super) fn nothing(loads: usize, goals: usize) -> Self {
        Self { trials: vec![0; loads], tallies: vec![vec![Tally::default(); loads]; goals] }
    }

    /// A trial that is judged, by what it says of each goal; none of the first at its load.
    pub(super) fn add(&mut self, place: usize, judged: Option<&[Judged]>) {
        self.trials[place] += 1;
        let judged = judged.unwrap_or_default();
        self.tallies.iter_mut().zip(judged).for_each(|(tallies, judged)| tallies[place].add(judged));
    }

    /// Trials at a load.
    pub(super) fn trials(&self, place: usize) -> u32 {
        self.trials[place]
    }

    /// By what the trials come to so far.
    pub(super) fn leaning(&self, goal: usize) -> Bracket {
        Bracket::of(self.tallies[goal].iter().map(|tally| tally.leaning()))
    }

    /// By what is decided.
    pub(super) fn decided(&self, goal: usize) -> Bracket {
        Bracket::of(self.tallies[goal].iter().map(|tally| tally.decided()))
    }

    /// Whether it is decided of a load if a goal holds.
    pub(super) fn is_decided(&self, goal: usize, place: usize) -> bool {
        self.tallies[goal][place].decided().is_some()
    }

    /// Where the next process may look; none where nothing was decided.
    pub(super) fn hint(&self, goal: usize) -> Option<Hint> {
        let top = self.trials.len() - 1;
        let Bracket { lower, upper } = self.decided(goal);
        let hint = Hint { low: lower.unwrap_or(0), high: upper.map_or(top, |(upper, _)| upper) };
        (lower.is_some() || upper.is_some()).then_some(hint)
    }
}
