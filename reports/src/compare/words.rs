//! What ratios and verdicts say, in words.

use super::ratio::{Ratio, Verdict};
use crate::{
    metrics::Metric,
    words::{number, times},
};

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

fn from_to((low, high): (f64, f64)) -> String {
    format!("{}–{}", times(low).trim_end_matches('×'), times(high).trim_end_matches('×'))
}

/// `1.96–2.14`
pub(crate) fn interval(ratio: Ratio) -> Option<String> {
    ratio.interval().map(from_to)
}

/// `12%`, `a factor of 3.9`
pub(crate) fn difference(share: f64) -> String {
    let percent = 100.0 * share;
    match share {
        _ if share < 0.1 => format!("{percent:.1}%").replace(".0%", "%"),
        _ if share < 1.0 => format!("{percent:.0}%"),
        _ => format!("a factor of {}", number(1.0 + share)),
    }
}
