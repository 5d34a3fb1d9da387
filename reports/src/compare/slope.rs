//! What one more client costs: a straight line through memory against clients.

use super::student::{CONFIDENCE, reach};

/// A line fitted by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Growth of y for one of x.
    pub per_x: f64,
    /// y where x is nought.
    pub at_zero: f64,
    /// Growth's standard error; none if two points determine the line.
    error: Option<f64>,
    freedom: f64,
}

impl Slope {
    /// Fits a line; none unless there are two different x.
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let n = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let joint: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        (spread > 0.0).then(|| {
            let (per_x, freedom) = (joint / spread, n - 2.0);
            let at_zero = mean_y - per_x * mean_x;
            let unexplained: f64 = points.iter().map(|(x, y)| (y - at_zero - per_x * x).powi(2)).sum();
            let error = (freedom > 0.0).then(|| (unexplained / freedom / spread).sqrt());
            Self { per_x, at_zero, error, freedom }
        })
    }

    /// The interval that holds the true growth with 95% confidence: Student's t with n - 2 degrees of freedom (Draper
    /// and Smith, "Applied Regression Analysis", 3rd edition, 1998, section 1.4).
    pub fn interval(self) -> Option<(f64, f64)> {
        let reach = reach(CONFIDENCE, self.freedom) * self.error?;
        Some((self.per_x - reach, self.per_x + reach))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_x_has_no_slope() {
        assert_eq!(Slope::through(&[]), None);
        assert_eq!(Slope::through(&[(100.0, 1.0), (100.0, 2.0)]), None);
    }

    #[test]
    fn the_interval_of_a_textbook() {
        // Slope 0.95, unexplained 0.04 + 0.0225 + 0.81 + 0.3025 over 2 degrees of freedom, spread 5, t 4.303.
        let line = Slope::through(&[(1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (4.0, 4.5)]).unwrap();
        let (low, high) = line.interval().unwrap();
        assert!((line.per_x - 0.95).abs() < 1e-9, "{line:?}");
        let reach = 4.302_65 * (1.175_f64 / 2.0 / 5.0).sqrt();
        assert!((high - low - 2.0 * reach).abs() < 1e-3, "{low}..{high}");
    }

    #[test]
    fn two_points_leave_nothing_to_judge_by() {
        assert_eq!(Slope::through(&[(1.0, 1.0), (2.0, 2.0)]).unwrap().interval(), None);
    }

    proptest! {
        #[test]
        fn a_line_is_found_again(per_x in -50.0..50.0_f64, at_zero in -1e4..1e4_f64) {
            let points: Vec<_> = [100.0, 1_000.0, 4_000.0].map(|x| (x, at_zero + per_x * x)).to_vec();
            let found = Slope::through(&points).unwrap();
            prop_assert!((found.per_x - per_x).abs() < 1e-6);
            prop_assert!((found.at_zero - at_zero).abs() < 1e-3);
        }
    }
}
