//! What results are good for: every warning there is reason for, which points are void, and whether the sweep is valid.

mod detect;
mod keeping_up;
mod limits;
mod link;
mod point;
mod points;
mod quick_ack;
mod severity;
mod steady;
mod throttled;
mod warning;
mod words;

pub use detect::warnings;
pub(crate) use keeping_up::publisher_is_bound;
pub use limits::{IDLE_GAP_S, UPDATES_BEFORE};
pub(crate) use point::point_warnings;
pub(crate) use quick_ack::quickly_acknowledged;
pub use severity::{Severity, Validity};
pub(crate) use steady::grown_ms;
pub use warning::{AtOnce, LagAt, LinkAt, Warning};

use crate::read::Results;

impl Results {
    /// The worst that any warning means for the results.
    pub fn validity(&self) -> Validity {
        warnings(self).iter().map(Warning::validity).max().unwrap_or(Validity::Valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Sweep, fail};

    #[test]
    fn a_clean_sweep_is_valid() {
        assert_eq!(Sweep::quick().results().validity(), Validity::Valid);
    }

    #[test]
    fn anything_missed_is_a_flaw() {
        let mut results = Sweep::quick().results();
        results.runs[3].counts.delivered -= 1;
        results.runs[3].counts.missed += 1;
        assert_eq!(results.validity(), Validity::Flawed);
    }

    #[test]
    fn a_failed_run_outweighs_a_flaw() {
        let mut results = Sweep::quick().results();
        results.runs[3].counts.delivered -= 1;
        fail(&mut results.runs[4], "connect", "refused");
        assert_eq!(results.validity(), Validity::Failed);
    }

    #[test]
    fn an_interrupted_sweep_has_failed() {
        let mut results = Sweep::quick().results();
        results.runs.pop();
        assert_eq!(results.validity(), Validity::Failed);
    }
}
