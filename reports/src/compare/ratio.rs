//! One transport's value over another's, and whether the repeats let one call that a difference.

use protocol::results::Run;

use super::{Metric, Side};

/// Differences smaller than this are called none, however well they repeat.
const EQUAL_WITHIN: f64 = 0.05;

/// A transport's value over the baseline's under the same load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio of the two values.
    pub value: f64,
    /// The least over pairs of repeats of equal index.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How many pairs.
    pub pairs: usize,
}

/// What a ratio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// More than the baseline in every pair of repeats.
    More,
    /// Less than the baseline in every pair.
    Less,
    /// The repeats disagree on the direction, or it is within 5%.
    Unclear,
}

impl Ratio {
    pub(super) fn of(side: &Side<'_>, baseline: &Side<'_>, metric: Metric) -> Option<Self> {
        let (ours, theirs) = (side.measure(metric)?, baseline.measure(metric)?);
        let value = (theirs.value > 0.0).then(|| ours.value / theirs.value)?;
        let pairs: Vec<f64> = side.runs().iter().filter_map(|run| of_pair(run, baseline, metric)).collect();
        let least = pairs.iter().copied().fold(value, f64::min);
        let greatest = pairs.iter().copied().fold(value, f64::max);
        Some(Self { value, min: least, max: greatest, pairs: pairs.len() })
    }

    /// Whether the two are the same within 5%.
    pub fn is_equal(self) -> bool {
        (self.value - 1.0).abs() < EQUAL_WITHIN
    }

    /// Whether it is a difference.
    pub fn verdict(self) -> Verdict {
        if self.is_equal() {
            Verdict::Unclear
        } else if self.min > 1.0 {
            Verdict::More
        } else if self.max < 1.0 {
            Verdict::Less
        } else {
            Verdict::Unclear
        }
    }
}

fn of_pair(run: &Run, baseline: &Side<'_>, metric: Metric) -> Option<f64> {
    let other = baseline.runs().iter().find(|other| other.repeat == run.repeat)?;
    let (ours, theirs) = (metric.of_run(run)?, metric.of_run(other)?);
    (theirs > 0.0).then(|| ours / theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(min: f64, value: f64, max: f64) -> Verdict {
        Ratio { value, min, max, pairs: 3 }.verdict()
    }

    #[test]
    fn a_difference_needs_every_pair_to_agree() {
        assert_eq!(verdict(1.8, 2.0, 2.2), Verdict::More);
        assert_eq!(verdict(0.4, 0.5, 0.6), Verdict::Less);
        assert_eq!(verdict(0.9, 1.4, 2.2), Verdict::Unclear);
        assert_eq!(verdict(1.01, 1.02, 1.03), Verdict::Unclear, "too small to matter");
    }
}
