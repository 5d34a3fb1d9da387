//! What a contender carries, over its server processes, and one over another.
//!
//! A process is one observation: the next has another pace. So the interval is Student's, over the logarithms of what processes found,
//! and never narrower than what each of them left open: between the largest load that held and the smallest that failed.

use super::found::Found;
use crate::compare::{CONFIDENCE, Ratio, mean_interval};

/// The load up to which a goal holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Carries {
    /// The geometric mean of the largest loads that held, and its interval.
    Is {
        /// Between `low` and `high`.
        value: f64,
        /// Where its interval begins,
        low: f64,
        /// and where it ends.
        high: f64,
    },
    /// At least so much, the least that held in any process: further it was not searched.
    AtLeast(f64, Limit),
    /// Less than the smallest load.
    Under(f64),
    /// It cannot be said, and why.
    Unknown(String),
}

/// Why a search ended before a goal failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The generator was bound.
    Generator,
    /// No larger load was asked for.
    Asked,
}

impl Carries {
    /// Over all processes; those that did not end are left out.
    pub(crate) fn of(found: &[Found]) -> Self {
        let ended: Vec<Found> =
            found.iter().copied().filter(|found| !matches!(found, Found::Unfinished { .. })).collect();
        if ended.is_empty() {
            return Self::Unknown("the search is unfinished".to_owned());
        }
        let failed: Vec<f64> = ended
            .iter()
            .filter_map(|found| if let Found::Fails { first } = found { Some(*first) } else { None })
            .collect();
        match failed[..] {
            [first, ..] if failed.len() == ended.len() => return Self::Under(first),
            [] => {}
            _ => {
                return Self::Unknown(format!(
                    "it fails at the smallest load in {} of {} processes",
                    failed.len(),
                    ended.len()
                ));
            }
        }
        let lasts: Option<Vec<f64>> = ended.iter().map(|found| found.last()).collect();
        let Some(lasts) = lasts else {
            return Self::Unknown("the generator was bound at the smallest load".to_owned());
        };
        let limit = |found: &Found| match found {
            Found::Bound { .. } => Some(Limit::Generator),
            Found::Holds { .. } => Some(Limit::Asked),
            _ => None,
        };
        if let Some(limit) = ended.iter().find_map(limit) {
            return Self::AtLeast(lasts.iter().copied().fold(f64::INFINITY, f64::min), limit);
        }
        let firsts: Vec<f64> = ended
            .iter()
            .filter_map(|found| if let Found::Between { first, .. } = found { Some(*first) } else { None })
            .collect();
        let (value, low, high) = mean_interval(&lasts, CONFIDENCE);
        let (open, ..) = mean_interval(&firsts, CONFIDENCE);
        Self::Is { value, low, high: high.max(open) }
    }

    /// Between which loads it is, as far as that is known.
    fn ends(&self) -> [Option<f64>; 2] {
        match self {
            Self::Is { low, high, .. } => [Some(*low), Some(*high)],
            Self::AtLeast(least, _) => [Some(*least), None],
            Self::Under(most) => [None, Some(*most)],
            Self::Unknown(_) => [None, None],
        }
    }
}

/// What one carries over what another does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Over {
    Is {
        value: f64,
        low: f64,
        high: f64,
    },
    AtLeast(f64),
    AtMost(f64),
    /// Nobody can say.
    Unknown,
}

impl Over {
    /// By what their processes found, process by process, since they were searched in turn.
    pub(crate) fn of(ours: &[Found], theirs: &[Found]) -> Self {
        let both = [ours, theirs].map(Carries::of);
        if let [Carries::Is { value: ours_is, .. }, Carries::Is { value: theirs_is, .. }] = both {
            return Self::between(ours, theirs, ours_is / theirs_is);
        }
        let [[our_low, our_high], [their_low, their_high]] = [both[0].ends(), both[1].ends()];
        let low = our_low.zip(their_high).map(|(ours, theirs)| ours / theirs);
        let high = our_high.zip(their_low).map(|(ours, theirs)| ours / theirs);
        match (low, high) {
            (Some(low), _) => Self::AtLeast(low),
            (None, Some(high)) => Self::AtMost(high),
            (None, None) => Self::Unknown,
        }
    }

    /// Of what was found on both sides. Never narrower than the brackets of each pair of processes leave it.
    fn between(ours: &[Found], theirs: &[Found], value: f64) -> Self {
        let pair = |(ours, theirs): (&Found, &Found)| match (*ours, *theirs) {
            (Found::Between { last: a, first: b }, Found::Between { last: c, first: d }) => {
                Some([(a, c), (a, d), (b, c)])
            }
            _ => None,
        };
        let pairs: Vec<[(f64, f64); 3]> = ours.iter().zip(theirs).filter_map(pair).collect();
        let of = |place: usize| Ratio::paired(&pairs.iter().map(|pair| pair[place]).collect::<Vec<_>>());
        let (Some(ratio), Some(least), Some(most)) = (of(0), of(1), of(2)) else { return Self::Unknown };
        let (low, high) = ratio.interval_at(CONFIDENCE).unwrap_or((ratio.value(), ratio.value()));
        // Where a process of one side alone came to its end, the value is of that as well.
        let (low, high) = (low.min(least.value()).min(value), high.max(most.value()).max(value));
        Self::Is { value, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(last: f64) -> Found {
        Found::Between { last, first: 1.05 * last }
    }

    fn is_near(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-3
    }

    #[test]
    fn processes_that_agree_leave_the_bracket_and_no_less() {
        let Carries::Is { value, low, high } = Carries::of(&[between(100.0); 3]) else { panic!("it is known") };
        assert!(is_near(value, 100.0) && is_near(low, 100.0) && is_near(high, 105.0), "{value} {low} {high}");
        let Carries::Is { low, high, .. } = Carries::of(&[between(100.0)]) else { panic!("it is known") };
        assert!(is_near(low, 100.0) && is_near(high, 105.0), "one process has its bracket");
    }

    #[test]
    fn processes_that_differ_have_students_interval_on_logarithms() {
        let Carries::Is { value, low, high } = Carries::of(&[80.0, 100.0, 125.0].map(between)) else {
            panic!("it is known")
        };
        // ln 1.25 = 0.2231 apart each: error 0.2231/√3, t(0.975, 2) = 4.303.
        let reach = 1.25_f64.ln() / 3.0_f64.sqrt() * 4.3027;
        assert!(
            is_near(value, 100.0) && is_near(low, 100.0 * (-reach).exp()) && is_near(high, 100.0 * reach.exp()),
            "{low} {high}"
        );
    }

    #[test]
    fn what_is_censored_has_one_side() {
        let bound = |last| Found::Bound { last: Some(last), at: 1.05 * last };
        assert_eq!(
            Carries::of(&[bound(300.0), bound(312.0), between(310.0)]),
            Carries::AtLeast(300.0, Limit::Generator)
        );
        assert_eq!(Carries::of(&[Found::Holds { last: 986.0 }; 3]), Carries::AtLeast(986.0, Limit::Asked));
        assert_eq!(Carries::of(&[Found::Fails { first: 10.0 }; 3]), Carries::Under(10.0));
        for (found, why) in [
            (
                vec![Found::Fails { first: 10.0 }, between(10.0), between(10.0)],
                "fails at the smallest load in 1 of 3 processes",
            ),
            (vec![Found::Bound { last: None, at: 10.0 }], "bound at the smallest load"),
            (vec![Found::Unfinished { last: Some(10.0), first: None }], "unfinished"),
            (vec![], "unfinished"),
        ] {
            let carries = Carries::of(&found);
            assert!(matches!(&carries, Carries::Unknown(said) if said.contains(why)), "{carries:?}");
        }
        let unfinished = Found::Unfinished { last: None, first: None };
        assert!(
            matches!(Carries::of(&[between(100.0), unfinished]), Carries::Is { .. }),
            "the processes that ended count"
        );
    }

    #[test]
    fn a_ratio_is_as_open_as_its_sides() {
        let Over::Is { value, low, high } = Over::of(&[between(200.0); 3], &[between(100.0); 3]) else {
            panic!("it is known")
        };
        assert!(is_near(value, 2.0) && is_near(low, 2.0 / 1.05) && is_near(high, 2.1), "{value} {low} {high}");
        let bound = [Found::Bound { last: Some(300.0), at: 315.0 }; 3];
        let (known, fails) = ([between(100.0); 3], [Found::Fails { first: 10.0 }; 3]);
        for (ours, theirs, expected) in [
            (&bound, &known, Over::AtLeast(300.0 / 105.0)),
            (&known, &bound, Over::AtMost(105.0 / 300.0)),
            (&known, &fails, Over::AtLeast(10.0)),
            (&fails, &bound, Over::AtMost(10.0 / 300.0)),
            (&bound, &bound, Over::Unknown),
            (&fails, &fails, Over::Unknown),
        ] {
            let near = match (Over::of(ours, theirs), expected) {
                (Over::AtLeast(a), Over::AtLeast(b)) | (Over::AtMost(a), Over::AtMost(b)) => is_near(a, b),
                (a, b) => a == b,
            };
            assert!(near, "{expected:?}");
        }
    }
}
