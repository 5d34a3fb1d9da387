//! A side's figure by itself, and how far from it the repeats leave the truth.

use super::{
    precision::repeats_to_part,
    side::Side,
    student::{mean, reach},
};
use crate::metrics::Metric;

/// A figure with the interval of its mean over server processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// What tables show of all repeats.
    pub(crate) value: f64,
    /// Where the interval begins,
    pub(crate) low: f64,
    /// and where it ends.
    pub(crate) high: f64,
    /// Of how many repeats.
    pub(crate) repeats: u32,
    is_logarithmic: bool,
    /// The mean on that scale, and how far the interval reaches to either side.
    mean: f64,
    reach: f64,
}

impl Side<'_> {
    /// A metric with an interval of so much confidence: Student's t over the repeats, each of which is one observation; on
    /// logarithms, as ratios are, unless one is nought or less. It is stretched to hold the value that is shown, for a percentile
    /// of all repeats together need not lie among those of each. None of a single repeat, or where the metric is not stated.
    pub(crate) fn estimate(&self, metric: Metric, confidence: f64) -> Option<Estimate> {
        let value = self.measure(metric)?.value;
        let values = self.values(metric).filter(|values| values.len() > 1)?;
        let is_logarithmic = values.iter().all(|value| *value > 0.0);
        let scaled: Vec<f64> = values.iter().map(|value| scale(is_logarithmic, *value)).collect();
        let (mean, squared_error) = mean(&scaled);
        // Repeats that agree in every digit leave no error, whatever the quantile.
        let reach = match squared_error {
            0.0 => 0.0,
            _ => squared_error.sqrt() * reach(confidence, values.len() as f64 - 1.0),
        };
        let back = |scaled: f64| if is_logarithmic { scaled.exp() } else { scaled };
        let (low, high) = (back(mean - reach).min(value), back(mean + reach).max(value));
        Some(Estimate { value, low, high, repeats: values.len() as u32, is_logarithmic, mean, reach })
    }
}

impl Estimate {
    /// How many repeats would part it from a limit that its interval holds, if their mean and scatter stayed; none if they never would.
    pub(crate) fn repeats_to_part_from(&self, limit: f64) -> Option<u32> {
        repeats_to_part(self.repeats, self.reach, (scale(self.is_logarithmic, limit) - self.mean).abs())
    }
}

fn scale(is_logarithmic: bool, value: f64) -> f64 {
    if is_logarithmic { value.ln() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::Comparison, fixture::Sweep, metrics::Quantile};

    const P50: Metric = Metric::LatencyMs(Quantile::P50);

    /// Of WebSocket at 100 clients, whose runs are changed by their place.
    fn estimate(repeats: u32, metric: Metric, change: impl Fn(usize, &mut protocol::results::Run)) -> Option<Estimate> {
        let mut results = Sweep { clients: vec![100], repeats, ..Sweep::quick() }.results();
        let runs = results.runs.iter_mut().filter(|run| run.point.transport == crate::points::BASELINE);
        runs.enumerate().for_each(|(place, run)| change(place, run));
        let comparison = Comparison::of(&results);
        comparison.cases[0].sides.values().next().unwrap().estimate(metric, 0.95)
    }

    /// CPU for each delivery of so many nanoseconds.
    fn cpu(ns: [u64; 3]) -> Estimate {
        let change = |place: usize, run: &mut protocol::results::Run| {
            run.server.as_mut().unwrap().cpu.total_ns = run.traffic.updates * ns[place];
        };
        estimate(3, Metric::CpuUsPerDelivery, change).unwrap()
    }

    #[test]
    fn the_interval_of_a_textbook() {
        // Logs of 1, 10 and 100 µs: mean ln 10, error ln 10/√3, t(0.975, 2) = 4.303.
        let of = cpu([1_000, 10_000, 100_000]);
        let reach = 10.0_f64.ln() * 4.3027 / 3.0_f64.sqrt();
        assert!((of.low.ln() - (10.0_f64.ln() - reach)).abs() < 1e-3, "{of:?}");
        assert!((of.high.ln() - (10.0_f64.ln() + reach)).abs() < 1e-3, "{of:?}");
        assert_eq!(of.repeats_to_part_from(10.0), None, "at the limit no number is enough");
        assert_eq!(of.repeats_to_part_from(100.0), Some(19));
    }

    #[test]
    fn repeats_that_agree_leave_no_error_and_noughts_no_logarithm() {
        let same = cpu([10_000; 3]);
        assert!((same.high - same.low).abs() < 1e-9 && (same.value - 10.0).abs() < 1e-9, "{same:?}");
        let some = cpu([0, 10_000, 20_000]);
        assert!(!some.is_logarithmic && some.low < 0.0 && some.high > 20.0, "{some:?}");
    }

    #[test]
    fn it_holds_the_value_that_is_shown_and_a_single_repeat_has_none() {
        for repeats in 2..6 {
            let of = estimate(repeats, P50, |_, _| ()).unwrap();
            assert!(of.low <= of.value && of.value <= of.high && of.repeats == repeats, "{of:?}");
        }
        assert_eq!(estimate(1, P50, |_, _| ()), None);
    }
}
