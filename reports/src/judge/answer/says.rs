//! What a ratio says, as plain as a sentence may be.

use crate::{
    compare::{Ratio, Verdict, difference},
    metrics::Metric,
    words::significant,
};

/// An interval that reaches no further than this says that two are alike, to within so much.
const ALIKE: f64 = 0.25;

/// What is known of one value and another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Says {
    /// So many times the other.
    Times(f64),
    /// As much as the other, to within this share.
    Alike(f64),
    /// Neither that they differ nor that they are alike.
    NotShown,
    /// So many times the other in a single repeat, which claims nothing.
    Once(f64),
}

impl Says {
    pub(super) fn of(ratio: Ratio) -> Self {
        let Some((low, high)) = ratio.interval() else { return Self::Once(ratio.value()) };
        let reach = (high - 1.0).max(1.0 / low - 1.0);
        match ratio.verdict() {
            Verdict::NoDifferenceShown if reach <= ALIKE => Self::Alike(reach),
            Verdict::NoDifferenceShown => Self::NotShown,
            Verdict::More | Verdict::Less => Self::Times(ratio.value()),
        }
    }

    /// Whether it says anything.
    pub(super) fn is_known(self) -> bool {
        matches!(self, Self::Times(_) | Self::Alike(_))
    }

    /// Whether one is more, less or alike, and the other something else of these.
    pub(super) fn differs_from(self, other: Self) -> bool {
        let kind = |says| match says {
            Self::Times(times) | Self::Once(times) => (0, times > 1.0),
            Self::Alike(_) => (1, false),
            Self::NotShown => (2, false),
        };
        kind(self) != kind(other)
    }
}

/// What a card says of a ratio beside it: `more CPU`, or how little is known.
pub(crate) fn verdict(ratio: Ratio, metric: Metric) -> String {
    match Says::of(ratio) {
        Says::Once(_) => "one repeat claims nothing".to_owned(),
        Says::Times(_) => ratio.verdict().name(metric).to_owned(),
        Says::Alike(share) => format!("no difference shown: alike to within {}", within(share)),
        Says::NotShown => "no difference shown: undecided".to_owned(),
    }
}

/// `twice`, `half`, `2.1 times`
pub(super) fn times(ratio: f64) -> String {
    match short(ratio).as_str() {
        "2" => "twice".to_owned(),
        "0.50" => "half".to_owned(),
        number => format!("{number} times"),
    }
}

/// `1.4 to 2 times`, or one of them if they are alike when written.
pub(super) fn times_between(least: f64, most: f64) -> String {
    let (low, high) = (short(least), short(most));
    if low == high { times(most) } else { format!("{low} to {high} times") }
}

fn short(ratio: f64) -> String {
    let number = significant(ratio, 2);
    number.strip_suffix(".0").map(str::to_owned).unwrap_or(number)
}

/// `8%`
pub(super) fn within(share: f64) -> String {
    // To the whole percent above, for it is a bound.
    difference((100.0 * share).ceil().max(1.0) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(pairs: &[(f64, f64)]) -> Says {
        Says::of(Ratio::paired(pairs).unwrap())
    }

    #[test]
    fn no_difference_is_alike_only_where_the_interval_is_narrow() {
        assert!(matches!(says(&[(2.0, 1.0), (2.1, 1.0), (2.05, 1.0)]), Says::Times(_)));
        let alike = says(&[(1.0, 1.0), (1.01, 1.0), (0.99, 1.0)]);
        assert!(matches!(alike, Says::Alike(share) if (0.05..0.07).contains(&share)), "{alike:?}");
        assert_eq!(says(&[(1.0, 1.0), (2.0, 1.0), (0.5, 1.0)]), Says::NotShown);
        assert!(matches!(says(&[(3.0, 1.0)]), Says::Once(_)));
    }

    #[test]
    fn more_less_and_alike_differ_and_two_of_a_kind_do_not() {
        assert!(Says::Times(2.0).differs_from(Says::Times(0.5)) && Says::Alike(0.1).differs_from(Says::Times(2.0)));
        assert!(!Says::Times(2.0).differs_from(Says::Times(3.0)) && !Says::Alike(0.1).differs_from(Says::Alike(0.2)));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [2.04, 0.5, 2.13, 3.0, 12.3, 0.811].map(times),
            ["twice", "half", "2.1 times", "3 times", "12 times", "0.81 times"]
        );
        assert_eq!([times_between(1.91, 2.04), times_between(1.91, 1.93)], ["1.9 to 2 times", "1.9 times"]);
        assert_eq!([0.0523, 0.001].map(within), ["6%", "1%"]);
    }
}
