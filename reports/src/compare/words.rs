//! What ratios and verdicts say, in words.

use super::ratio::{Ratio, Verdict};
use crate::{
    metrics::Metric,
    words::{number, times},
};

/// What lies further from 1 than so many times is not told apart.
const ENDLESS: f64 = 1e3;

impl Verdict {
    /// In words that fit the metric.
    pub fn name(self, metric: Metric) -> &'static str {
        match self {
            Self::More => metric.more_or_less().0,
            Self::Less => metric.more_or_less().1,
            Self::NoDifferenceShown => "no difference shown",
        }
    }
}

impl Ratio {
    /// The resolution in words.
    pub(crate) fn resolution_in_words(self) -> String {
        match self.resolution() {
            Some(least) => format!("differences under {} could not have been shown", difference(least)),
            None => "a single repeat has no interval".to_owned(),
        }
    }
}

/// `2.05× (1.96–2.14)`
pub(crate) fn with_interval(ratio: Ratio) -> String {
    let interval = interval(ratio).map(|interval| format!(" ({interval})")).unwrap_or_default();
    format!("{}{interval}", times(ratio.value()))
}

/// The same with an interval of another confidence.
pub(crate) fn with_interval_at(ratio: Ratio, confidence: f64) -> String {
    let interval = ratio.interval_at(confidence).map(|interval| format!(" ({})", from_to(interval)));
    format!("{}{}", times(ratio.value()), interval.unwrap_or_default())
}

/// Two repeats may leave an interval of twenty digits, which says no more than that it has no end.
fn from_to((low, high): (f64, f64)) -> String {
    format!("{}–{}", bound(low), bound(high))
}

fn bound(ratio: f64) -> String {
    match ratio {
        _ if ratio > ENDLESS => format!("over {}", number(ENDLESS)),
        _ if ratio < 1.0 / ENDLESS => format!("under {}", 1.0 / ENDLESS),
        _ => number(ratio),
    }
}

/// `1.96–2.14`
pub(crate) fn interval(ratio: Ratio) -> Option<String> {
    ratio.interval().map(from_to)
}

/// `12%`, `a factor of 3.9`, `a factor of over 1,000`
pub(crate) fn difference(share: f64) -> String {
    let percent = 100.0 * share;
    match share {
        _ if share < 0.1 => format!("{percent:.1}%").replace(".0%", "%"),
        _ if share < 1.0 => format!("{percent:.0}%"),
        _ => format!("a factor of {}", bound(1.0 + share)),
    }
}

/// A difference that could not have been shown, as short as a cell: `>12%`, `>3.9×`.
pub(crate) fn at_least(share: f64) -> String {
    match share {
        _ if share < 1.0 => format!(">{}", difference(share)),
        _ => format!(">{}×", number((1.0 + share).min(ENDLESS))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_without_an_end_says_so_and_no_digits() {
        assert_eq!(from_to((1.7e-13, 1.4e9)), "under 0.001–over 1,000");
        assert_eq!(from_to((0.0241, 117.2)), "0.0241–117");
        assert_eq!(difference(1e9), "a factor of over 1,000");
        assert_eq!([0.12, 2.9, 1e9].map(at_least), [">12%", ">3.90×", ">1,000×"]);
    }
}
