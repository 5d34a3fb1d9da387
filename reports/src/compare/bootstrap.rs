//! How uncertain a run's own updates leave its last receiver's p90: the moving-block bootstrap.
//!
//! Updates that follow each other are late together, and an interval from updates drawn one by one would be too narrow. So
//! blocks of consecutive ones are drawn (Künsch, "The jackknife and the bootstrap for general stationary observations",
//! Annals of Statistics 17, 1989). What comes of it holds within the run: the next server process has a pace of its own.

use super::side::Side;
use crate::{
    metrics::{Metric, Quantile},
    noise::Noise,
};

const RESAMPLES: usize = 1_000;
/// So many lie beyond either end of an interval of 95%.
const BEYOND: usize = RESAMPLES / 40;
/// Always the same, so that a report is.
const SEED: u64 = 1989;
const US_PER_MS: f64 = 1e3;

impl Side<'_> {
    /// The 95% interval, within its only run, of the last receiver's p90, milliseconds: to be shown where repeats give none,
    /// and never to claim anything by. None where that p90 is not shown, for a run that does not list its updates, and where
    /// some client missed one, for that has no place in the list.
    pub(crate) fn within_run(&self, metric: Metric) -> Option<(f64, f64)> {
        let (Metric::LastMs(quantile @ Quantile::P90), [run]) = (metric, self.runs()) else { return None };
        self.measure(metric)?;
        let last_us = &run.fan_out.last_in_order_us;
        let complete = !last_us.is_empty() && last_us.len() as u64 == run.stream.updates;
        let (low_us, high_us) = complete.then(|| interval(last_us, quantile, block(last_us.len())))?;
        Some((low_us as f64 / US_PER_MS, high_us as f64 / US_PER_MS))
    }
}

/// How many consecutive ones of `n` values are drawn at once: their cube root, as Künsch's variance has it.
fn block(n: usize) -> usize {
    (n as f64).cbrt().ceil() as usize
}

/// Between which values a quantile lies in 95 of 100 resamples of blocks.
fn interval(values: &[u64], quantile: Quantile, block: usize) -> (u64, u64) {
    let n = values.len();
    let rank = (quantile.value() * n as f64).ceil() as usize;
    let (mut noise, mut drawn) = (Noise::new(SEED), Vec::with_capacity(n + block));
    let mut found: Vec<u64> = (0..RESAMPLES)
        .map(|_| {
            drawn.clear();
            while drawn.len() < n {
                let from = noise.below(n - block + 1);
                drawn.extend_from_slice(&values[from..from + block]);
            }
            drawn.truncate(n);
            *drawn.select_nth_unstable(rank - 1).1
        })
        .collect();
    found.sort_unstable();
    (found[BEYOND], found[RESAMPLES - 1 - BEYOND])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::Comparison, fixture::Sweep, read::Results};

    const P90: Quantile = Quantile::P90;
    const UPDATES: usize = 200;

    #[test]
    fn of_independent_updates_it_holds_the_truth() {
        let mut noise = Noise::new(5);
        // Exponential, of mean 1,000: nine of ten are under 1,000 ln 10.
        let truth = 1_000.0 * 10.0_f64.ln();
        let held = (0..400).filter(|_| {
            let run: Vec<u64> = (0..UPDATES).map(|_| (-1_000.0 * (1.0 - noise.unit()).ln()) as u64).collect();
            let (low, high) = interval(&run, P90, block(UPDATES));
            (low as f64..=high as f64).contains(&truth)
        });
        let held = held.count();
        assert!((352..=396).contains(&held), "{held} of 400 intervals hold the truth");
    }

    #[test]
    fn where_updates_are_late_together_it_is_wider_than_if_they_were_drawn_one_by_one() {
        let mut noise = Noise::new(9);
        let mut late = 0.0;
        let mut width = |block| {
            let widths = (0..50).map(|_| {
                let mut next = || {
                    late = 0.8 * late + noise.normal();
                    (10_000.0 + 1_000.0 * late) as u64
                };
                let run: Vec<u64> = (0..UPDATES).map(|_| next()).collect();
                let (low, high) = interval(&run, P90, block);
                high - low
            });
            widths.sum::<u64>() as f64
        };
        let (blocks, singles) = (width(block(UPDATES)), width(1));
        assert!(blocks > 1.2 * singles, "{blocks} and {singles}");
    }

    fn within(results: &Results) -> Option<(f64, f64)> {
        let comparison = Comparison::of(results);
        let side = comparison.cases[0].sides.values().next().unwrap();
        side.within_run(Metric::LastMs(P90))
    }

    #[test]
    fn it_is_of_a_single_run_that_lists_every_update() {
        let once = || Sweep { clients: vec![100], repeats: 1, ..Sweep::quick() }.results();
        let (low, high) = within(&once()).unwrap();
        let p90 = Metric::LastMs(P90).of_run(&once().runs[0]).unwrap();
        assert!(low < high && (low..=high).contains(&p90), "{low} {p90} {high}");
        assert_eq!(within(&once()), Some((low, high)), "a report is the same each time");
        assert_eq!(within(&Sweep { clients: vec![100], ..Sweep::quick() }.results()), None, "repeats have a spread");
        let mut missed = once();
        missed.runs[0].fan_out.last_in_order_us.pop();
        assert_eq!(within(&missed), None);
    }

    #[test]
    fn a_run_from_before_there_were_lists_has_none() {
        let mut results = Sweep { clients: vec![100], repeats: 1, ..Sweep::quick() }.results();
        let mut line = serde_json::to_value(&results.runs[0]).unwrap();
        assert!(line["fan_out"].as_object_mut().unwrap().remove("last_in_order_us").is_some());
        results.runs[0] = serde_json::from_value(line).unwrap();
        assert_eq!(within(&results), None);
    }
}
