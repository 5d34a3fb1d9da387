//! One value over another's, what the repeats leave uncertain of it, and whether that is a difference.
//!
//! A repeat, a fresh server process, is the unit of replication: what happens within a process does not vary as
//! processes do (Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). Ratios are averaged as
//! logarithms, so that twice and half cancel.

use super::{
    side::Side,
    student::{mean, reach, widened},
};
use crate::metrics::{Metric, Quantile};

/// What is compared at every load, and so shares the 5% of claims that may be wrong. Throughput (deliveries for a second
/// of server CPU) is CPU per delivery turned over, and so no claim of its own. The tail is the last receiver's: a
/// delivery's p99 wants 1,000 updates, of fewer it is the slowest fan-out alone.
pub const COMPARED: [Metric; 5] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LastMs(Quantile::P90),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
    Metric::KernelKibPerClient,
];

/// Differences smaller than this are not claimed, however well they repeat.
const CLAIM_MIN: f64 = 0.05;

/// A value over another, from repeats of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Its natural logarithm.
    ln: f64,
    /// The standard error of that.
    error: f64,
    /// Degrees of freedom of the error; none from a single repeat.
    freedom: f64,
}

/// What a ratio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// More than the other.
    More,
    /// Less than the other.
    Less,
    /// The repeats do not show which, or it is under 5%.
    NoDifferenceShown,
}

impl Ratio {
    /// A side's metric over the baseline's: the geometric mean over pairs measured back to back.
    pub(crate) fn of(side: &Side<'_>, baseline: &Side<'_>, metric: Metric) -> Option<Self> {
        Self::paired(&side.pairs_with(metric, baseline, metric)?)
    }

    /// From pairs of values. None without pairs, or if a value is not positive and so has no ratio.
    pub fn paired(pairs: &[(f64, f64)]) -> Option<Self> {
        let all: Option<Vec<f64>> = pairs.iter().map(|&(ours, theirs)| Some(ln(ours)? - ln(theirs)?)).collect();
        let logs = all.filter(|logs| !logs.is_empty())?;
        let (ln, squared_error) = mean(&logs);
        Some(Self { ln, error: squared_error.sqrt(), freedom: logs.len() as f64 - 1.0 })
    }

    /// From values that were not measured in pairs: the ratio of geometric means, with Welch's error and degrees of
    /// freedom (Welch, "The generalization of 'Student's' problem", Biometrika 34, 1947).
    pub fn unpaired(ours: &[f64], theirs: &[f64]) -> Option<Self> {
        let logs = |values: &[f64]| values.iter().map(|value| ln(*value)).collect::<Option<Vec<f64>>>();
        let (ours, theirs) = (logs(ours)?, logs(theirs)?);
        if ours.is_empty() || theirs.is_empty() {
            return None;
        }
        let ((a, error_a), (b, error_b)) = (mean(&ours), mean(&theirs));
        let (free_a, free_b) = (ours.len() as f64 - 1.0, theirs.len() as f64 - 1.0);
        let squared_error = error_a + error_b;
        let freedom = match free_a.min(free_b) {
            0.0 => 0.0,
            _ if squared_error > 0.0 => squared_error.powi(2) / (error_a.powi(2) / free_a + error_b.powi(2) / free_b),
            _ => free_a + free_b,
        };
        Some(Self { ln: a - b, error: squared_error.sqrt(), freedom })
    }

    /// The ratio.
    pub fn value(self) -> f64 {
        self.ln.exp()
    }

    /// From how many pairs, or repeats of the side that has fewer.
    pub(super) fn pairs(self) -> usize {
        self.freedom as usize + 1
    }

    /// The interval that decides, and so the one that is shown: it holds the true ratio with 99% confidence, 95% for all
    /// that is compared at a load together. A single repeat has none.
    pub fn interval(self) -> Option<(f64, f64)> {
        self.interval_at(deciding())
    }

    /// The interval of another confidence.
    pub(crate) fn interval_at(self, confidence: f64) -> Option<(f64, f64)> {
        let reach = self.reach(confidence)?;
        Some(((self.ln - reach).exp(), (self.ln + reach).exp()))
    }

    /// Whether it is a difference: its interval, widened for all the metrics that are compared, leaves out one, and it
    /// is 5% or more.
    pub fn verdict(self) -> Verdict {
        match self.resolution() {
            Some(least) if self.ln.abs() <= least.ln_1p() => Verdict::NoDifferenceShown,
            Some(_) if self.ln > 0.0 => Verdict::More,
            Some(_) => Verdict::Less,
            None => Verdict::NoDifferenceShown,
        }
    }

    /// How far from 1 it is shown to be, as a logarithm: the nearer end of its interval; nought if no difference is shown.
    pub(crate) fn shown_apart(self) -> f64 {
        match (self.verdict(), self.interval()) {
            (Verdict::More, Some((low, _))) => low.ln(),
            (Verdict::Less, Some((_, high))) => -high.ln(),
            _ => 0.0,
        }
    }

    /// The smallest difference that so many repeats, varying so, could have shown, as a share: 0.12 is 12%.
    pub fn resolution(self) -> Option<f64> {
        Some(self.reach(deciding())?.exp_m1().max(CLAIM_MIN))
    }

    fn reach(self, confidence: f64) -> Option<f64> {
        // Repeats that agree in every digit leave no error, whatever the quantile.
        (self.freedom > 0.0).then(|| if self.error > 0.0 { self.error * reach(confidence, self.freedom) } else { 0.0 })
    }
}

/// The confidence of each of the metrics that are compared at a load. Where it is said in words, it is "99%".
fn deciding() -> f64 {
    widened(COMPARED.len())
}

fn ln(value: f64) -> Option<f64> {
    (value > 0.0).then(|| value.ln())
}

#[cfg(test)]
impl Ratio {
    /// Whether an interval that reaches so many leaves out 1.
    pub(super) fn is_beyond(self, reach: f64) -> bool {
        self.ln.abs() > reach * self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    /// So many pairs of a metric whose true ratio is `truth`, each value with its own log-normal noise.
    fn simulated(noise: &mut Noise, pairs: usize, truth: f64, deviation: f64) -> Ratio {
        let mut value = |around: f64| around * (deviation * noise.normal()).exp();
        Ratio::paired(&(0..pairs).map(|_| (value(truth), value(1.0))).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_interval_of_a_textbook() {
        // Logs 1, 2, 3: mean 2, error 1/√3, t(0.995, 2) = 9.925.
        let ratio = Ratio::paired(&[1.0_f64, 2.0, 3.0].map(|ln| (ln.exp(), 1.0))).unwrap();
        let (low, high) = ratio.interval().unwrap();
        let reach = 9.9248 / 3.0_f64.sqrt();
        assert!((low.ln() - (2.0 - reach)).abs() < 1e-3 && (high.ln() - (2.0 + reach)).abs() < 1e-3);
        assert_eq!(ratio.verdict(), Verdict::NoDifferenceShown, "it reaches to nought");
        assert!((deciding() - 0.99).abs() < 1e-12, "legends say 99%");
    }

    #[test]
    fn ninety_nine_of_a_hundred_intervals_hold_the_truth() {
        let mut noise = Noise::new(7);
        let held = (0..2_000).filter(|_| {
            let (low, high) = simulated(&mut noise, 4, 1.5, 0.1).interval().unwrap();
            (low..=high).contains(&1.5)
        });
        let held = held.count();
        assert!((1_965..=1_993).contains(&held), "{held} of 2,000");
    }

    #[test]
    fn nothing_is_seldom_claimed_and_something_nearly_always() {
        let mut noise = Noise::new(11);
        let mut claims = |truth| {
            let claimed = |ratio: Ratio| ratio.verdict() != Verdict::NoDifferenceShown;
            (0..200).filter(|_| (0..COMPARED.len()).any(|_| claimed(simulated(&mut noise, 5, truth, 0.08)))).count()
        };
        let (null, clear) = (claims(1.0), claims(2.0));
        assert!(null <= 20, "{null} of 200 comparisons of nothing claim a difference");
        assert!(clear >= 195, "{clear} of 200 comparisons of twice with once claim a difference");
    }

    #[test]
    fn pairs_that_agree_need_no_error() {
        let of = |ratio: f64| Ratio::paired(&[(ratio, 1.0); 3]).unwrap();
        assert_eq!(of(2.0).verdict(), Verdict::More);
        assert_eq!(of(0.5).verdict(), Verdict::Less);
        assert_eq!(of(1.04).verdict(), Verdict::NoDifferenceShown, "too small to matter");
        let (low, high) = of(2.0).interval().unwrap();
        assert!((low - 2.0).abs() < 1e-9 && (high - 2.0).abs() < 1e-9);
        assert_eq!(of(1.0).resolution_in_words(), "differences under 5% could not have been shown");
    }

    #[test]
    fn a_single_repeat_has_no_interval() {
        let once = Ratio::paired(&[(3.0, 1.0)]).unwrap();
        assert_eq!((once.interval(), once.verdict()), (None, Verdict::NoDifferenceShown));
        assert_eq!(once.resolution_in_words(), "a single repeat has no interval");
        assert_eq!(Ratio::unpaired(&[3.0], &[1.0, 1.1]).unwrap().interval(), None);
    }

    #[test]
    fn what_is_not_positive_has_no_ratio() {
        assert_eq!(Ratio::paired(&[(1.0, 0.0), (1.0, 1.0)]), None);
        assert_eq!(Ratio::paired(&[(-1.0, 1.0)]), None);
        assert_eq!(Ratio::unpaired(&[], &[1.0]), None);
    }

    #[test]
    fn welch_of_a_textbook() {
        // Logs 0, 1, 2 and 0, 2, 4: errors 1/3 and 4/3, freedom (5/3)² / (1/18 + 16/18) = 2.941.
        let exp = |logs: [f64; 3]| logs.map(f64::exp);
        let ratio = Ratio::unpaired(&exp([0.0, 1.0, 2.0]), &exp([0.0, 2.0, 4.0])).unwrap();
        assert!((ratio.ln + 1.0).abs() < 1e-9);
        assert!((ratio.freedom - 2.941).abs() < 1e-3, "{}", ratio.freedom);
        let same = Ratio::unpaired(&[2.0, 2.0], &[1.0, 1.0]).unwrap();
        assert_eq!(same.verdict(), Verdict::More, "no variance divides by nothing");
    }
}
