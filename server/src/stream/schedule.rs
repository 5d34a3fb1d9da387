//! When updates are due: absolute times, fixed in advance, whatever happens in between.

use std::num::NonZeroU32;

use protocol::{clock::NS_PER_SEC, results::Arrivals};
use rand::{SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, Exp};

/// An endless sequence of due times, nanoseconds after the first, which is 0.
#[derive(Debug)]
pub struct Schedule {
    due_ns: f64,
    gaps: Gaps,
    burst: NonZeroU32,
    /// How many of a burst are still due at `due_ns`.
    left: u32,
}

#[derive(Debug)]
enum Gaps {
    Constant { gap_ns: f64 },
    Poisson { gap_s: Exp<f64>, rng: SmallRng },
}

impl Schedule {
    /// A schedule with `rate_hz` updates a second in the mean; `rate_hz` must be finite and positive.
    pub fn new(arrivals: Arrivals, rate_hz: f64, seed: u64) -> Self {
        Self::in_bursts(NonZeroU32::MIN, arrivals, rate_hz, seed)
    }

    /// The same rate in bursts of so many at once, which are spaced by `arrivals`.
    pub fn in_bursts(burst: NonZeroU32, arrivals: Arrivals, rate_hz: f64, seed: u64) -> Self {
        let bursts_hz = rate_hz / f64::from(burst.get());
        let gaps = match arrivals {
            Arrivals::Constant => Gaps::Constant { gap_ns: NS_PER_SEC as f64 / bursts_hz },
            Arrivals::Poisson => Gaps::Poisson {
                gap_s: Exp::new(bursts_hz).expect("a positive rate"),
                rng: SmallRng::seed_from_u64(seed),
            },
        };
        Self { due_ns: 0.0, gaps, burst, left: burst.get() }
    }
}

impl Iterator for Schedule {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        // Kept as a float so that gaps which are no whole nanoseconds do not drift: exact to 1 ns for 100 days.
        let due_ns = self.due_ns.round() as u64;
        self.left -= 1;
        if self.left > 0 {
            return Some(due_ns);
        }
        self.left = self.burst.get();
        self.due_ns += match &mut self.gaps {
            Gaps::Constant { gap_ns } => *gap_ns,
            Gaps::Poisson { gap_s, rng } => gap_s.sample(rng) * NS_PER_SEC as f64,
        };
        Some(due_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_does_not_drift() {
        let mut schedule = Schedule::new(Arrivals::Constant, 3.0, 0);
        assert_eq!(schedule.next(), Some(0));
        let hour_ns = 3_600 * NS_PER_SEC;
        let due_ns = schedule.nth(3 * 3_600 - 1).unwrap();
        assert!(due_ns.abs_diff(hour_ns) <= 10, "{due_ns}");
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_spread_of_an_exponential_and_follow_the_seed() {
        let due: Vec<u64> = Schedule::new(Arrivals::Poisson, 100.0, 7).take(100_001).collect();
        let gaps_s: Vec<f64> = due.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect();
        let mean = gaps_s.iter().sum::<f64>() / gaps_s.len() as f64;
        let variance = gaps_s.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps_s.len() as f64;
        assert!((mean - 0.01).abs() < 0.0002, "{mean}");
        assert!((variance.sqrt() - 0.01).abs() < 0.0003, "{variance}");
        assert!(Schedule::new(Arrivals::Poisson, 100.0, 7).take(100).eq(due.iter().copied().take(100)));
        assert!(Schedule::new(Arrivals::Poisson, 100.0, 8).take(100).ne(due.iter().copied().take(100)));
    }

    #[test]
    fn bursts_are_due_at_once_and_keep_the_rate() {
        let burst = NonZeroU32::new(3).unwrap();
        let due: Vec<u64> = Schedule::in_bursts(burst, Arrivals::Constant, 30.0, 0).take(7).collect();
        assert_eq!(due, [0, 0, 0, 100_000_000, 100_000_000, 100_000_000, 200_000_000]);
        // The gaps between bursts are those of single updates at the rate of bursts.
        let bursts = Schedule::in_bursts(burst, Arrivals::Poisson, 30.0, 7).step_by(3).take(100);
        assert!(bursts.eq(Schedule::new(Arrivals::Poisson, 10.0, 7).take(100)));
    }
}
