//! How a process stands, while it searches.

use protocol::results::Run;

use super::{bracket::Bracket, seeker::Seeker, trial::Made};

impl Seeker {
    /// For each goal the largest load that holds below the smallest that does not, and that, as far as one process' trials tell; they are a
    /// step apart once it is done. By all runs of its contender.
    pub fn brackets(&self, runs: &[&Run], process: u32) -> Vec<[Option<f64>; 2]> {
        let made: Vec<Made<'_>> = runs.iter().map(|run| self.made(run)).collect();
        let tried = self.tried(&made, process);
        let bracket = |goal| {
            let Bracket { lower, upper } = tried.leaning(goal);
            [lower, upper.map(|(upper, _)| upper)].map(|place| place.map(|place| self.load(place)))
        };
        (0..self.goals().len()).map(bracket).collect()
    }
}
