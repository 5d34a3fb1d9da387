//! How the trials at a load stand, for one goal.

use super::trial::Judged;

/// So many that agree decide: the majority of five.
const MAJORITY: u32 = 3;

/// Judged trials at a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    good: u32,
    bad: u32,
    void: u32,
}

/// What a load's trials come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// No more than half are bad.
    Holds,
    /// More than half are.
    Fails,
    /// The generator, or the machine, was bound.
    Bound,
}

impl Tally {
    pub(super) fn add(&mut self, judged: &Judged) {
        match judged {
            Judged::Good => self.good += 1,
            Judged::Bad(_) => self.bad += 1,
            Judged::Void(_) => self.void += 1,
        }
    }

    /// What it comes to for good; none while trials are to come.
    pub(super) fn decided(self) -> Option<Standing> {
        match self {
            Self { good, bad, .. } if bad >= MAJORITY && bad > good => Some(Standing::Fails),
            Self { good, .. } if good >= MAJORITY => Some(Standing::Holds),
            Self { void, .. } if void >= MAJORITY => Some(Standing::Bound),
            _ => None,
        }
    }

    /// What it comes to so far; none while there is no telling.
    pub(super) fn leaning(self) -> Option<Standing> {
        let leading = match self.good.cmp(&self.bad) {
            std::cmp::Ordering::Greater => Some(Standing::Holds),
            std::cmp::Ordering::Less => Some(Standing::Fails),
            std::cmp::Ordering::Equal => None,
        };
        self.decided().or(leading)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(good: u32, bad: u32, void: u32) -> Tally {
        Tally { good, bad, void }
    }

    #[test]
    fn three_that_agree_decide() {
        for (of, leaning, decided) in [
            (tally(0, 0, 0), None, None),
            (tally(1, 0, 0), Some(Standing::Holds), None),
            (tally(1, 1, 0), None, None),
            (tally(2, 1, 2), Some(Standing::Holds), None),
            (tally(2, 2, 2), None, None),
            (tally(2, 3, 0), Some(Standing::Fails), Some(Standing::Fails)),
            (tally(3, 2, 2), Some(Standing::Holds), Some(Standing::Holds)),
            (tally(0, 1, 3), Some(Standing::Bound), Some(Standing::Bound)),
            (tally(3, 3, 0), Some(Standing::Holds), Some(Standing::Holds)),
            (tally(3, 4, 0), Some(Standing::Fails), Some(Standing::Fails)),
        ] {
            assert_eq!((of.leaning(), of.decided()), (leaning, decided), "{of:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_decided_after_seven_at_the_latest(trials in proptest::collection::vec(0..3, 7)) {
            let mut tally = Tally::default();
            for trial in trials {
                tally.add(&match trial { 0 => Judged::Good, 1 => Judged::Bad(super::super::trial::Fault::Backlog), _ => Judged::Void("x") });
            }
            prop_assert!(tally.decided().is_some());
        }
    }
}
