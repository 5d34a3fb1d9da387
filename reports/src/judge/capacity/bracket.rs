//! Between which loads a goal ceases to hold.

use super::tally::Standing;

/// Places on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bracket {
    /// The largest load that holds below the smallest that does not.
    pub(super) lower: Option<usize>,
    /// The smallest that does not, and whether because the generator was bound.
    pub(super) upper: Option<(usize, Standing)>,
}

impl Bracket {
    /// Of loads in ascending order; none of a load of which nothing is known.
    pub(super) fn of(standings: impl Iterator<Item = Option<Standing>>) -> Self {
        let mut lower = None;
        for (place, standing) in standings.enumerate() {
            match standing {
                Some(Standing::Holds) => lower = Some(place),
                Some(standing) => return Self { lower, upper: Some((place, standing)) },
                None => {}
            }
        }
        Self { lower, upper: None }
    }

    /// Whether it is as narrow as a grid of so many loads lets it be.
    pub(super) fn is_closed(self, loads: usize) -> bool {
        match (self.lower, self.upper) {
            (lower, Some((upper, _))) => lower.map_or(upper == 0, |lower| lower + 1 == upper),
            (Some(lower), None) => lower + 1 == loads,
            (None, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_above_what_failed_does_not_count() {
        use Standing::{Bound, Fails, Holds};
        let of = |standings: &[Option<Standing>]| Bracket::of(standings.iter().copied());
        let found = of(&[Some(Holds), None, Some(Holds), Some(Fails), Some(Holds), None]);
        assert_eq!(found, Bracket { lower: Some(2), upper: Some((3, Fails)) });
        assert!(found.is_closed(6));
        let open = of(&[Some(Holds), None, Some(Bound), Some(Fails)]);
        assert_eq!(open, Bracket { lower: Some(0), upper: Some((2, Bound)) });
        assert!(!open.is_closed(4));
        assert!(of(&[Some(Fails), Some(Holds)]).is_closed(2), "fails at the smallest");
        assert!(of(&[None, Some(Holds)]).is_closed(2), "holds up to the largest");
        assert!(!of(&[Some(Holds), None]).is_closed(2) && !of(&[None, None]).is_closed(2));
    }
}
