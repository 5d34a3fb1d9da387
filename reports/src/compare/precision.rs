//! How far the intervals reach of the figures that matter most, and what it would take to bring them nearer.

use protocol::results::Phases;

use super::{Case, LOOKS_MAX, Ratio, Side};
use crate::metrics::{Metric, Quantile};

/// What a sweep with a goal goes on for. The 90th percentile of the last receiver and not the 99th: of a hundred updates
/// ten lie beyond it.
pub const SOUGHT: [Metric; 4] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LastMs(Quantile::P90),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
];

/// Seconds that a run takes besides its phases, about: starting and ending a server, sampling.
pub const RUN_OVERHEAD_S: f64 = 1.0;

/// More repeats than these are nothing to be advised.
const REPEATS_MAX: f64 = 1_000.0;

/// How precise a ratio is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// Of which metric.
    pub metric: Metric,
    /// How far its interval reaches to either side, as a share: 0.1 is 10%.
    pub reached: f64,
    /// From how many pairs of repeats.
    pub repeats: usize,
}

impl Case<'_> {
    /// The precision of each ratio that matters; none of a ratio that has no interval.
    pub fn precision(&self) -> Vec<Precision> {
        let of = |metric| {
            // The least precise, where several contenders are compared with the baseline.
            let ratios = self.against_baseline().filter_map(|(contender, _)| self.ratio(contender, metric));
            let reached = ratios.filter_map(|ratio| Some((half_width(ratio)?, ratio.pairs())));
            let (reached, repeats) = reached.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
            Some(Precision { metric, reached, repeats })
        };
        SOUGHT.into_iter().filter_map(of).collect()
    }

    /// Whether the interval of a ratio that matters holds 1: it is not known yet who is better.
    pub fn is_undecided(&self) -> bool {
        let ratios = |metric| self.against_baseline().filter_map(move |(contender, _)| self.ratio(contender, metric));
        let holds_one = |(low, high): (f64, f64)| low <= 1.0 && high >= 1.0;
        SOUGHT.into_iter().flat_map(ratios).filter_map(Ratio::interval).any(holds_one)
    }

    /// Seconds that a repeat of all contenders took.
    pub(crate) fn repeat_s(&self) -> f64 {
        let took_s = |phases: &Phases| {
            RUN_OVERHEAD_S + phases.connect_s + phases.settle_s + phases.warm_up_s + phases.measure_s + phases.drain_s
        };
        let runs: Vec<_> = self.sides.values().flat_map(Side::runs).collect();
        let repeats = self.sides.values().map(|side| side.runs().len()).max().unwrap_or_default();
        runs.iter().map(|run| took_s(&run.phases)).sum::<f64>() / repeats.max(1) as f64
    }
}

impl Precision {
    /// So many repeats are missing to reach `share`; none if it is reached.
    pub fn missing(&self, share: f64) -> Option<usize> {
        (self.reached > share).then(|| self.repeats_for(share).saturating_sub(self.repeats).max(1))
    }

    /// So many repeats in all would reach `share`, if they vary as these do: an interval narrows with their root.
    pub fn repeats_for(&self, share: f64) -> usize {
        let times = self.reached.ln_1p() / share.ln_1p();
        (self.repeats as f64 * times.powi(2)).ceil() as usize
    }
}

/// How many repeats more to make, of so many missing and affordable ones, before it is looked again; none after the last
/// look, or if there is no time. Before the last look it is half of what can be had, that the guess may still be mended.
pub fn more(missing: usize, affordable: usize, looks: u32) -> Option<usize> {
    let most = match LOOKS_MAX.checked_sub(looks + 1)? {
        0 => return None,
        1 => affordable,
        _ => affordable.div_ceil(2),
    };
    Some(missing.min(most)).filter(|repeats| *repeats > 0)
}

/// How many repeats in all would part a mean from a limit, if `made` ones reach so far and the limit lies so far off, and if both
/// stayed, by the root law: an interval of four times the repeats is half as wide. None if it is too close for that.
pub(crate) fn repeats_to_part(made: u32, reach: f64, distance: f64) -> Option<u32> {
    let repeats = (f64::from(made) * (reach / distance).powi(2)).ceil();
    (repeats <= REPEATS_MAX).then_some(repeats as u32)
}

fn half_width(ratio: Ratio) -> Option<f64> {
    let (low, high) = ratio.interval()?;
    Some((high / low).sqrt() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{COMPARED, Comparison, Verdict},
        fixture::Sweep,
        noise::Noise,
    };

    #[test]
    fn twice_as_precise_takes_four_times_as_many() {
        let precision = Precision { metric: SOUGHT[0], reached: 0.21, repeats: 6 };
        assert_eq!((precision.repeats_for(0.1), precision.repeats_for(0.21)), (24, 6));
    }

    #[test]
    fn a_sweep_knows_how_precise_it_is_and_one_repeat_does_not() {
        let of = |repeats| {
            let results = Sweep { clients: vec![100], repeats, ..Sweep::quick() }.results();
            Comparison::of(&results).cases[0].precision()
        };
        let six = of(6);
        assert_eq!(six.iter().map(|precision| precision.metric).collect::<Vec<_>>(), SOUGHT);
        assert!(six.iter().all(|precision| precision.repeats == 6 && precision.reached < 1.0), "{six:?}");
        assert_eq!(of(1), []);
    }

    /// A sweep of a transport against itself that goes on until it is precise, or has made `most` repeats: the pairs of each
    /// metric, whose values vary by so much.
    fn aa(noise: &mut Noise, deviations: [f64; COMPARED.len()], most: usize) -> [Vec<(f64, f64)>; COMPARED.len()] {
        let mut pairs = [const { Vec::new() }; COMPARED.len()];
        let (mut looks, mut further) = (0, Some(6));
        while let Some(repeats) = further {
            for (pairs, deviation) in pairs.iter_mut().zip(deviations) {
                let mut value = || (deviation * noise.normal()).exp();
                pairs.extend((0..repeats).map(|_| (value(), value())));
            }
            let made = pairs[0].len();
            let missing = pairs[..SOUGHT.len()].iter().filter_map(|pairs| {
                let reached = half_width(Ratio::paired(pairs)?)?;
                Precision { metric: SOUGHT[0], reached, repeats: made }.missing(0.1)
            });
            further = missing.max().and_then(|missing| more(missing, most - made, looks));
            looks += 1;
        }
        pairs
    }

    /// A sweep is looked at for how far intervals reach, not for where they lie, and claims once, at its end: so it claims of
    /// nothing no more than one of a fixed length.
    #[test]
    fn of_twenty_thousand_sweeps_of_the_same_two_that_end_early_hardly_any_claims() {
        const SWEEPS: u32 = 5_000;
        let mut noise = Noise::new(23);
        let mut share = |deviation: f64, most| {
            let deviations = [deviation, deviation / 2.0, deviation, deviation / 3.0, deviation];
            let claims = |pairs: &Vec<_>| Ratio::paired(pairs).unwrap().verdict() != Verdict::NoDifferenceShown;
            let claiming = (0..SWEEPS).filter(|_| aa(&mut noise, deviations, most).iter().any(claims));
            claiming.count() as f64 / f64::from(SWEEPS)
        };
        // From those that are precise at the first look to those that end for want of time.
        let shares = [(0.03, 40), (0.06, 12), (0.06, 40), (0.15, 40)].map(|(deviation, most)| share(deviation, most));
        assert!(shares.iter().all(|share| *share <= 0.055), "{shares:?}");
        assert!(shares[3] > 0.02, "differences of under 5% are not what keeps these from claiming: {shares:?}");
    }
}
