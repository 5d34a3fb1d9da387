//! Student's t: how far a mean of few values may lie from the truth.
//!
//! Student, "The probable error of a mean", Biometrika 6 (1908).

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// How sure an interval is that is shown.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// How many standard errors an interval reaches to each side of a mean, to hold the truth with this confidence.
/// Infinitely many if nothing is left to estimate the error from.
pub(crate) fn reach(confidence: f64, freedom: f64) -> f64 {
    let below = f64::midpoint(1.0, confidence);
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(below))
}

/// The confidence that each of `claims` statements needs, for all of them to hold together with [`CONFIDENCE`]
/// (Bonferroni).
pub(crate) fn widened(claims: usize) -> f64 {
    1.0 - (1.0 - CONFIDENCE) / claims.max(1) as f64
}

/// Mean and squared standard error of the mean; the error needs two values.
pub(crate) fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if values.len() > 1 { squares / (n - 1.0) / n } else { 0.0 })
}

/// The geometric mean of positive values, and its interval of that confidence, on logarithms. One value has no error to estimate, and is its
/// own interval; so are values that agree.
pub(crate) fn mean_interval(values: &[f64], confidence: f64) -> (f64, f64, f64) {
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let (mean, squared_error) = mean(&logs);
    let reach =
        if squared_error > 0.0 { squared_error.sqrt() * reach(confidence, values.len() as f64 - 1.0) } else { 0.0 };
    (mean.exp(), (mean - reach).exp(), (mean + reach).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_books() {
        for (confidence, freedom, expected) in
            [(0.95, 1.0, 12.706), (0.95, 2.0, 4.303), (0.95, 9.0, 2.262), (0.99, 2.0, 9.925), (0.99, 4.0, 4.604)]
        {
            let t = reach(confidence, freedom);
            assert!((t - expected).abs() < 1e-3, "{t} for {confidence} and {freedom}");
        }
        assert!(reach(0.95, 0.0).is_infinite());
    }

    #[test]
    fn five_claims_share_the_error() {
        assert!((widened(5) - 0.99).abs() < 1e-12);
        assert!((widened(1) - 0.95).abs() < 1e-12);
    }

    #[test]
    fn a_mean_and_its_error() {
        let (mean, squared_error) = mean(&[1.0, 2.0, 3.0]);
        assert!((mean - 2.0).abs() < 1e-12 && (squared_error - 1.0 / 3.0).abs() < 1e-12);
    }
}
