//! How far the intervals reach of the figures that matter most, and what it would take to bring them nearer.

use protocol::results::Phases;

use super::{Case, Ratio};
use crate::metrics::{Metric, Quantile};

/// What a sweep with a goal goes on for. The 90th percentile of the last receiver and not the 99th: of a hundred updates
/// ten lie beyond it.
pub const SOUGHT: [Metric; 4] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LastMs(Quantile::P90),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
];

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

    /// Seconds that a repeat of all contenders took, but for what starting and ending their servers took.
    pub(crate) fn repeat_s(&self) -> f64 {
        let took_s =
            |phases: &Phases| phases.connect_s + phases.settle_s + phases.warm_up_s + phases.measure_s + phases.drain_s;
        let runs: Vec<_> = self.sides.values().flat_map(|side| side.runs()).collect();
        let repeats = self.sides.values().map(|side| side.runs().len()).max().unwrap_or_default();
        runs.iter().map(|run| took_s(&run.phases)).sum::<f64>() / repeats.max(1) as f64
    }
}

impl Precision {
    /// So many repeats in all would reach `share`, if they vary as these do: an interval narrows with their root.
    pub fn repeats_for(&self, share: f64) -> usize {
        let times = self.reached.ln_1p() / share.ln_1p();
        (self.repeats as f64 * times.powi(2)).ceil() as usize
    }
}

fn half_width(ratio: Ratio) -> Option<f64> {
    let (low, high) = ratio.interval()?;
    Some((high / low).sqrt() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::Comparison, fixture::Sweep};

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
}
