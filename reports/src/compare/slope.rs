//! What one more client costs: a straight line through memory against clients.

/// A line fitted by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Growth of y for one of x.
    pub per_x: f64,
    /// y where x is nought.
    pub at_zero: f64,
}

/// Fits a line; none unless there are two different x.
pub fn slope(points: &[(f64, f64)]) -> Option<Slope> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let joint: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 0.0).then(|| {
        let per_x = joint / spread;
        Slope { per_x, at_zero: mean_y - per_x * mean_x }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_x_has_no_slope() {
        assert_eq!(slope(&[]), None);
        assert_eq!(slope(&[(100.0, 1.0), (100.0, 2.0)]), None);
    }

    proptest! {
        #[test]
        fn a_line_is_found_again(per_x in -50.0..50.0_f64, at_zero in -1e4..1e4_f64) {
            let points: Vec<_> = [100.0, 1_000.0, 4_000.0].map(|x| (x, at_zero + per_x * x)).to_vec();
            let found = slope(&points).unwrap();
            prop_assert!((found.per_x - per_x).abs() < 1e-6);
            prop_assert!((found.at_zero - at_zero).abs() < 1e-3);
        }
    }
}
