//! How to look at what grows more than once and still be wrong as seldom as one look: group-sequential bounds.
//!
//! Whoever looks three times at an interval of 95% claims a difference where there is none in one case of nine. O'Brien and
//! Fleming, "A multiple testing procedure for clinical trials", Biometrics 35 (1979), are strict at first and spend nearly
//! all at the last look; Pocock, "Group sequential methods in the design and analysis of clinical trials", Biometrika 64
//! (1977), is the other choice. Levels are applied to Student's t as Jennison and Turnbull have it, "Group Sequential
//! Methods with Applications to Clinical Trials" (2000), sections 2.4 and 4.4.

use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

/// Nobody looks more often.
pub const LOOKS_MAX: u32 = 3;
/// Points of Simpson's rule from bound to bound; the bounds come out to three digits after the point.
const STEPS: usize = 64;
/// Halvings of an interval of bounds 10 wide.
const HALVINGS: u32 = 24;

/// Looks at equal distances, at 6, 12 and 18 repeats for instance, that are together wrong with a share of `alpha`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looks {
    looks: u32,
    /// The last look's bound, in standard errors.
    last: f64,
}

impl Looks {
    /// So many looks, of which there are one at least and [`LOOKS_MAX`] at most.
    pub fn of(looks: u32, alpha: f64) -> Self {
        let looks = looks.clamp(1, LOOKS_MAX);
        let (mut low, mut high) = (0.5, 10.5);
        for _ in 0..HALVINGS {
            let last = f64::midpoint(low, high);
            if crossed(Self { looks, last }) > alpha { low = last } else { high = last }
        }
        Self { looks, last: f64::midpoint(low, high) }
    }

    /// How many there may be.
    pub fn count(self) -> u32 {
        self.looks
    }

    /// Two-sided error that a look (from 1) may have by itself: an interval of one less that is what decides then.
    pub fn level(self, look: u32) -> f64 {
        2.0 * normal().cdf(-self.bound(look))
    }

    /// A look's bound, in standard errors: the same multiple of all that was seen at every look.
    fn bound(self, look: u32) -> f64 {
        self.last * (f64::from(self.looks) / f64::from(look.clamp(1, self.looks))).sqrt()
    }
}

fn normal() -> Normal {
    Normal::standard()
}

/// How likely a sum of standard normal steps, one a look, is beyond a look's bound at any look. What has not crossed yet is
/// carried on as a density (Armitage, McPherson and Rowe, "Repeated significance tests on accumulating data", Journal of
/// the Royal Statistical Society A 132, 1969).
fn crossed(looks: Looks) -> f64 {
    let normal = normal();
    let points = |look: u32| grid(looks.bound(look) * f64::from(look).sqrt());
    let mut within: Vec<(f64, f64)> = points(1).map(|(at, weight)| (at, weight * normal.pdf(at))).collect();
    for look in 2..=looks.looks {
        let reached = |at: f64| within.iter().map(|(from, mass)| mass * normal.pdf(at - from)).sum::<f64>();
        within = points(look).map(|(at, weight)| (at, weight * reached(at))).collect();
    }
    1.0 - within.iter().map(|(_, mass)| mass).sum::<f64>()
}

/// Points from minus to plus a bound, with the weights of Simpson's rule.
fn grid(bound: f64) -> impl Iterator<Item = (f64, f64)> {
    let step = 2.0 * bound / STEPS as f64;
    (0..=STEPS).map(move |index| {
        let weight = if index == 0 || index == STEPS { 1.0 } else { 2.0 + 2.0 * (index % 2) as f64 };
        (index as f64 * step - bound, weight * step / 3.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{Ratio, student::reach},
        noise::Noise,
    };

    #[test]
    fn the_tables_of_the_book() {
        // Jennison and Turnbull, table 2.3.
        for (looks, alpha, bound) in [
            (1, 0.05, 1.960),
            (2, 0.05, 1.977),
            (3, 0.05, 2.004),
            (1, 0.01, 2.576),
            (2, 0.01, 2.580),
            (3, 0.01, 2.595),
            (3, 0.10, 1.710),
        ] {
            let found = Looks::of(looks, alpha).last;
            assert!((found - bound).abs() < 1e-3, "{found}, not {bound}, for {looks} looks at {alpha}");
        }
    }

    #[test]
    fn early_looks_are_strict_and_one_is_what_it_always_was() {
        let three = Looks::of(3, 0.05);
        let levels = [1, 2, 3].map(|look| three.level(look));
        assert!(levels[0] < 0.001 && (0.013..0.015).contains(&levels[1]) && (0.044..0.046).contains(&levels[2]));
        assert!((Looks::of(1, 0.05).level(1) - 0.05).abs() < 1e-4);
    }

    /// The share of 20,000 A/A comparisons, looked at from 6, 12 and 18 pairs, that claim something at any look.
    fn claimed(level: impl Fn(u32) -> f64) -> f64 {
        const SWEEPS: u32 = 20_000;
        let reaches = [1_u32, 2, 3].map(|look| reach(1.0 - level(look), f64::from(6 * look - 1)));
        let mut noise = Noise::new(17);
        let claiming = (0..SWEEPS).filter(|_| {
            let logs: Vec<f64> = (0..18).map(|_| noise.normal()).collect();
            [6, 12, 18].iter().zip(reaches).any(|(repeats, reach)| {
                let pairs: Vec<_> = logs[..*repeats].iter().map(|ln| (ln.exp(), 1.0)).collect();
                Ratio::paired(&pairs).unwrap().is_beyond(reach)
            })
        });
        claiming.count() as f64 / f64::from(SWEEPS)
    }

    #[test]
    fn three_looks_claim_of_nothing_no_more_than_one() {
        let looks = Looks::of(3, 0.05);
        let claims = claimed(|look| looks.level(look));
        assert!((0.04..=0.055).contains(&claims), "{claims} of A/A comparisons claim a difference");
        let naive = claimed(|_| 0.05);
        assert!(naive > 0.09, "only {naive} do by looking three times at 95%");
    }
}
