//! What one server process comes to for one goal.

use super::{
    bracket::Bracket,
    seeker::{Next, Seeker},
    tally::Standing,
    trial::Made,
};

/// Loads along the axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found {
    /// The largest that held, and the smallest that failed, one step further.
    Between { last: f64, first: f64 },
    /// The smallest load fails.
    Fails { first: f64 },
    /// One step beyond the largest that held the generator was bound; at the smallest load, if none did.
    Bound { last: Option<f64>, at: f64 },
    /// The largest load that was asked for holds.
    Holds { last: f64 },
    /// The search did not come to its end.
    Unfinished { last: Option<f64>, first: Option<f64> },
}

impl Seeker {
    /// What each process found for a goal, by the trials of one contender; a process without a trial found nothing.
    pub(super) fn found(&self, made: &[Made<'_>], processes: u32) -> Vec<Vec<Found>> {
        let mut found = vec![Vec::new(); self.goals().len()];
        for process in 0..processes {
            let tried = self.tried(made, process);
            let is_done = self.next_after(made, process) == Next::Done;
            for (goal, found) in found.iter_mut().enumerate() {
                let Bracket { lower, upper } = tried.decided(goal);
                let [last, first] =
                    [lower, upper.map(|(upper, _)| upper)].map(|place| place.map(|place| self.load(place)));
                found.push(match (last, first, upper) {
                    _ if !is_done && !self.is_closed(tried.decided(goal)) => Found::Unfinished { last, first },
                    (last, Some(at), Some((_, Standing::Bound))) => Found::Bound { last, at },
                    (Some(last), Some(first), _) => Found::Between { last, first },
                    (None, Some(first), _) => Found::Fails { first },
                    (Some(last), None, _) => Found::Holds { last },
                    (None, None, _) => Found::Unfinished { last, first },
                });
            }
        }
        found
    }
}

impl Found {
    /// The largest load that held.
    pub(crate) fn last(self) -> Option<f64> {
        match self {
            Self::Between { last, .. } | Self::Holds { last } => Some(last),
            Self::Bound { last, .. } | Self::Unfinished { last, .. } => last,
            Self::Fails { .. } => None,
        }
    }
}
