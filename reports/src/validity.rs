//! What a sweep's results are good for, as its exit status tells it.

use crate::{Results, warning::warnings};

/// Whether the results may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// Everything planned was measured, and nothing speaks against it.
    Valid,
    /// All was run, but some point is void, not conserved or incomplete.
    Flawed,
    /// A run failed, or the sweep was interrupted.
    Failed,
}

impl Results {
    /// The worst that any warning means for the results.
    pub fn validity(&self) -> Validity {
        warnings(self).iter().map(crate::Warning::validity).max().unwrap_or(Validity::Valid)
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
