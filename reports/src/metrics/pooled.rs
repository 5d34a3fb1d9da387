//! All repeats of a point together: percentiles come from merged histograms, never from averages.

use hdrhistogram::Histogram;

use super::stated::Ranked;

/// What all repeats rank together.
pub(crate) fn together<'h>(of_runs: &[Ranked<'_>], values: &'h Histogram<u64>) -> Ranked<'h> {
    let expected = of_runs.iter().map(|ranked| ranked.expected).sum();
    Ranked { values, expected, updates: of_runs.iter().map(|ranked| ranked.updates).sum() }
}

/// One histogram of all.
pub(crate) fn merged<'h>(mut histograms: impl Iterator<Item = &'h Histogram<u64>>) -> Histogram<u64> {
    let Some(first) = histograms.next() else {
        return Histogram::new(3).expect("three digits are a valid precision");
    };
    let mut all = first.clone();
    all.auto(true);
    for histogram in histograms {
        all.add(histogram).expect("a histogram that resizes itself takes every value");
    }
    all
}
