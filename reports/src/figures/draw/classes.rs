//! Seven classes of a ratio, from much less to much more, the middle one as good as 1.

use crate::words::times;

/// Between them; the same to either side, as ratios go.
const BOUNDS: [f64; CLASSES - 1] = [1.0 / 2.0, 1.0 / 1.5, 1.0 / 1.1, 1.1, 1.5, 2.0];
/// How many.
pub(crate) const CLASSES: usize = 7;

/// A ratio's, from 0.
pub(crate) fn class(ratio: f64) -> usize {
    BOUNDS.iter().filter(|bound| ratio > **bound).count()
}

/// `1.10× to 1.50×`
pub(crate) fn class_name(class: usize) -> String {
    match (class.checked_sub(1).map(|below| times(BOUNDS[below])), BOUNDS.get(class).map(|above| times(*above))) {
        (None, Some(above)) => format!("under {above}"),
        (Some(below), None) => format!("over {below}"),
        (below, above) => [below, above].into_iter().flatten().collect::<Vec<_>>().join(" to "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_alike_to_either_side_of_one() {
        for (ratio, expected) in [(0.1, 0), (0.55, 1), (0.8, 2), (1.0, 3), (1.2, 4), (1.9, 5), (2.1, 6)] {
            assert_eq!((class(ratio), class(1.0 / ratio)), (expected, CLASSES - 1 - expected), "{ratio}");
        }
        assert_eq!([0, 3, 6].map(class_name), ["under 0.500×", "0.909× to 1.10×", "over 2.00×"]);
    }
}
