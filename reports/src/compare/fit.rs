//! What each part of a load costs: least squares, with what the runs leave uncertain of it.
//!
//! Draper and Smith, "Applied Regression Analysis", 3rd edition, 1998, sections 1.4 and 5.3.

use super::student::{CONFIDENCE, reach};

/// Terms whose columns are that near to a combination of the others cannot be told apart.
const SINGULAR: f64 = 1e-9;

/// A linear function fitted by least squares.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// What one of each term adds.
    pub coefficients: Vec<f64>,
    /// The squared reach of a 95% interval around what is fitted to a load, as a quadratic form of its terms; none if as many
    /// terms as observations leave nothing to judge by.
    spread: Option<Spread>,
}

/// How far a 95% interval reaches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    /// Of a single further observation, squared: what observations vary by themselves.
    pub(crate) one: f64,
    /// Of the fitted function, squared, as a quadratic form.
    pub(crate) form: Vec<Vec<f64>>,
}

impl Fit {
    /// Through observations, each the terms of a load and the value there; none unless the terms can be told apart.
    pub fn through(observations: &[(Vec<f64>, f64)]) -> Option<Self> {
        let terms = observations.first()?.0.len();
        // Columns of equal size, or a singular system would not be known from one of unequal units.
        let sizes: Vec<f64> =
            (0..terms).map(|term| observations.iter().map(|(x, _)| x[term].powi(2)).sum::<f64>().sqrt()).collect();
        if sizes.iter().any(|size| *size <= 0.0) {
            return None;
        }
        let products = (0..terms).map(|row| {
            let product = |column: usize| observations.iter().map(|(x, _)| x[row] * x[column]).sum::<f64>();
            (0..terms).map(|column| product(column) / sizes[row] / sizes[column]).collect()
        });
        let scaled = inverse(products.collect())?;
        let inverse: Vec<Vec<f64>> = (0..terms)
            .map(|row| (0..terms).map(|column| scaled[row][column] / sizes[row] / sizes[column]).collect())
            .collect();
        let moments: Vec<f64> = (0..terms).map(|term| observations.iter().map(|(x, y)| x[term] * y).sum()).collect();
        let coefficients: Vec<f64> = inverse.iter().map(|row| dot(row, &moments)).collect();
        let unexplained: f64 = observations.iter().map(|(x, y)| (y - dot(x, &coefficients)).powi(2)).sum();
        let freedom = observations.len() as f64 - terms as f64;
        let spread = (freedom > 0.0).then(|| {
            let one = reach(CONFIDENCE, freedom).powi(2) * unexplained / freedom;
            Spread { one, form: inverse.iter().map(|row| row.iter().map(|value| one * value).collect()).collect() }
        });
        Some(Self { coefficients, spread })
    }

    /// The interval that holds what one of a term truly adds, with 95% confidence.
    pub fn interval(&self, term: usize) -> Option<(f64, f64)> {
        let reach = self.spread.as_ref()?.form[term][term].max(0.0).sqrt();
        Some((self.coefficients[term] - reach, self.coefficients[term] + reach))
    }

    pub(crate) fn spread(&self) -> Option<&Spread> {
        self.spread.as_ref()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// By Gauss and Jordan; of a symmetric matrix with ones on its diagonal, which needs no other pivots.
fn inverse(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let size = matrix.len();
    for (row, values) in matrix.iter_mut().enumerate() {
        values.extend((0..size).map(|column| f64::from(u8::from(row == column))));
    }
    for pivot in 0..size {
        let by = matrix[pivot][pivot];
        if by < SINGULAR {
            return None;
        }
        matrix[pivot].iter_mut().for_each(|value| *value /= by);
        let pivoted = matrix[pivot].clone();
        for (_, values) in matrix.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let times = values[pivot];
            values.iter_mut().zip(&pivoted).for_each(|(value, pivoted)| *value -= times * pivoted);
        }
    }
    Some(matrix.into_iter().map(|row| row[size..].to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(points: &[(f64, f64)]) -> Option<Fit> {
        Fit::through(&points.iter().map(|(x, y)| (vec![1.0, *x], *y)).collect::<Vec<_>>())
    }

    #[test]
    fn terms_that_do_not_vary_apart_cannot_be_told_apart() {
        assert_eq!(line(&[]), None);
        assert_eq!(line(&[(100.0, 1.0), (100.0, 2.0)]), None);
        let twice = [(vec![1.0, 2.0, 4.0], 1.0), (vec![1.0, 3.0, 6.0], 2.0), (vec![1.0, 5.0, 10.0], 2.0)];
        assert_eq!(Fit::through(&twice), None);
        assert_eq!(Fit::through(&[(vec![0.0], 1.0)]), None);
    }

    #[test]
    fn the_intervals_of_a_textbook() {
        // Slope 0.95, unexplained 0.04 + 0.0225 + 0.81 + 0.3025 over 2 degrees of freedom, spread 5, t 4.303.
        let line = line(&[(1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (4.0, 4.5)]).unwrap();
        let (low, high) = line.interval(1).unwrap();
        assert!((line.coefficients[1] - 0.95).abs() < 1e-9, "{line:?}");
        let variance = 1.175_f64 / 2.0;
        assert!((high - low - 2.0 * 4.302_65 * (variance / 5.0).sqrt()).abs() < 1e-3, "{low}..{high}");
        // A further observation at the mean of x, 2.5: by the variance and a quarter of it.
        let Spread { one, form } = line.spread().unwrap();
        let at_mean = one + form[0][0] + 2.0 * 2.5 * form[0][1] + 2.5 * 2.5 * form[1][1];
        assert!((at_mean.sqrt() - 4.302_65 * (1.25 * variance).sqrt()).abs() < 1e-3, "{at_mean}");
    }

    #[test]
    fn two_points_leave_nothing_to_judge_by() {
        assert_eq!(line(&[(1.0, 1.0), (2.0, 2.0)]).unwrap().interval(1), None);
    }

    #[test]
    fn one_term_is_a_mean() {
        let mean = Fit::through(&[(vec![1.0], 1.0), (vec![1.0], 2.0), (vec![1.0], 3.0)]).unwrap();
        let (low, high) = mean.interval(0).unwrap();
        assert!(
            (mean.coefficients[0] - 2.0).abs() < 1e-12 && (high - low - 2.0 * 4.302_65 / 3_f64.sqrt()).abs() < 1e-3
        );
    }

    proptest! {
        #[test]
        fn a_plane_is_found_again(at_zero in -1e4..1e4_f64, per_x in -50.0..50.0_f64, per_y in -50.0..50.0_f64) {
            let places = [(100.0, 0.5), (1_000.0, 0.5), (4_000.0, 3.0), (100.0, 3.0)];
            let points = places.map(|(x, y)| (vec![1.0, x, y], at_zero + per_x * x + per_y * y));
            let found = Fit::through(&points).unwrap();
            for (found, planted) in found.coefficients.into_iter().zip([at_zero, per_x, per_y]) {
                prop_assert!((found - planted).abs() < 1e-4, "{found} {planted}");
            }
        }
    }
}
