//! A value, or a ratio, as a cell of any table shows it.

use std::fmt;

use crate::{
    compare::{Measure, PointStatus, Ratio, Side, Verdict, at_least, interval},
    metrics::{Metric, Stated},
    words::{count, number, times},
};

/// Where more was lost than lies beyond a quantile.
pub(crate) const NOT_REACHED: &str = "not reached";

/// Marks an interval within a single run, which says nothing of another.
pub(crate) const WITHIN_RUN: char = '†';

/// Where kernel memory is noise.
const NOISE: &str = "under 4 MiB";

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The value, or why there is none.
    pub(crate) text: String,
    /// Least and greatest over the repeats, or a ratio’s interval, or with [`WITHIN_RUN`] that within a single run; empty if
    /// there is none to state.
    pub(crate) spread: String,
    /// What a ratio says; empty for a value.
    pub(crate) verdict: &'static str,
    /// What could have been shown, if no difference was; short.
    pub(crate) unshown: String,
    /// Whether that is a difference.
    pub(crate) is_claim: bool,
    /// What stands under a value even where spreads do not: `max of 60`, if that is what it is for want of updates, or an
    /// interval within a single run; short.
    pub(crate) under: String,
}

impl Cell {
    /// A point's value, or the word that stands for it.
    pub(crate) fn of_side(side: &Side<'_>, metric: Metric) -> Self {
        match side.status() {
            PointStatus::Valid if side.is_noise(metric) => Self::word(NOISE),
            PointStatus::Valid => match side.stated(metric) {
                Some(Stated::NotReached) => Self::word(NOT_REACHED),
                Some(Stated::Slowest { ms, of }) => Self {
                    spread: format!("slowest of {} fan-outs", count(of)),
                    under: format!("max of {}", count(of)),
                    ..Self::word(&number(ms))
                },
                _ => match side.within_run(metric) {
                    Some((low, high)) => {
                        let within = format!("{}–{}{WITHIN_RUN}", number(low), number(high));
                        Self { spread: within.clone(), under: within, ..Self::of(side.measure(metric)) }
                    }
                    None => Self::of(side.measure(metric)),
                },
            },
            PointStatus::Void(_) => Self::word("void"),
            PointStatus::Unfinished => Self::word("failed"),
        }
    }

    pub(crate) fn word(text: &str) -> Self {
        let empty = String::new;
        Self { text: text.to_owned(), spread: empty(), verdict: "", unshown: empty(), is_claim: false, under: empty() }
    }

    /// A value with its spread.
    fn of(measure: Option<Measure>) -> Self {
        let Some(Measure { value, min, max, repeats }) = measure else { return Self::word("–") };
        let spread = if repeats > 1 { format!("{}–{}", number(min), number(max)) } else { String::new() };
        Self { spread, ..Self::word(&number(value)) }
    }

    pub(crate) fn ratio(ratio: Option<Ratio>, metric: Metric) -> Self {
        let Some(ratio) = ratio else { return Self::word("–") };
        let is_claim = ratio.verdict() != Verdict::NoDifferenceShown;
        let (verdict, unshown) = match ratio.resolution() {
            None => ("no interval", String::new()),
            Some(least) if !is_claim => (ratio.verdict().name(metric), at_least(least)),
            Some(_) => (ratio.verdict().name(metric), String::new()),
        };
        let spread = interval(ratio).unwrap_or_default();
        Self { spread, verdict, unshown, is_claim, ..Self::word(&times(ratio.value())) }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if !self.spread.is_empty() {
            write!(f, " ({})", self.spread)?;
        }
        match (self.verdict, self.unshown.as_str()) {
            ("", _) => Ok(()),
            (verdict, "") => write!(f, ", {verdict}"),
            (verdict, unshown) => write!(f, ", {verdict} (none {unshown})"),
        }
    }
}
