//! What all figures are drawn from, and what they say of it alike.

use super::{figure::Table, over_axis};
use crate::{
    compare::{Case, Comparison, Sweep},
    judge::takeaway::takeaway,
    metrics::Metric,
    read::Results,
    validity::quickly_acknowledged,
    words::short_polls,
};

/// What all figures are drawn from.
pub(super) struct Source<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) sweep: Sweep<'a>,
    /// The server's allocator.
    pub(super) allocator: &'a str,
    /// Seconds from one short poll to the next, if there are any.
    pub(super) poll_interval_s: Option<f64>,
    /// That the CPU of what is pushed was measured within Linux's quick acknowledgement, if it was.
    pub(super) quickly_acknowledged: Option<String>,
}

impl<'a> Source<'a> {
    pub(super) fn of(results: &'a Results, comparison: &'a Comparison<'a>) -> Self {
        Self {
            comparison,
            sweep: Sweep::of(comparison),
            allocator: &results.manifest.allocator,
            poll_interval_s: results.manifest.scenario.poll_interval_s,
            quickly_acknowledged: quickly_acknowledged(results).map(|note| note.to_string()),
        }
    }
}

impl Source<'_> {
    /// The caption of a figure over the sweep's axis: how to read it, what it shows, what was left out.
    pub(super) fn caption(&self, reading: &str, metric: Metric) -> String {
        let mut caption = reading.to_owned();
        let shown = |case: &&Case<'_>| {
            self.sweep.slices.iter().any(|slice| slice.cases.iter().any(|known| std::ptr::eq(*known, *case)))
        };
        let heaviest = self.comparison.heaviest_first();
        if let Some(said) = heaviest.into_iter().filter(shown).find_map(|case| takeaway(case, metric)) {
            caption = format!("{caption} {said}");
        }
        if self.sweep.left_out > 0 {
            let left_out = self.sweep.left_out;
            let (plural, are) = if left_out == 1 { ("", "is") } else { ("s", "are") };
            caption =
                format!("{caption} {left_out} further setting{plural} of the other axes {are} in the table only.");
        }
        caption
    }

    /// A caption of latencies, and what is to be known of those of short polling.
    pub(super) fn with_short_polls(&self, caption: String) -> String {
        let said = short_polls(self.poll_interval_s).map(|said| format!(" {said}"));
        caption + &said.unwrap_or_default()
    }

    /// These metrics, where any point has one of them.
    pub(super) fn where_any_has<'m>(&self, metrics: &'m [Metric]) -> &'m [Metric] {
        let mut sides = self.comparison.cases.iter().flat_map(|case| case.sides.values());
        let any = sides.any(|side| metrics.iter().any(|metric| side.measure(*metric).is_some()));
        if any { metrics } else { &[] }
    }

    pub(super) fn table(&self, metrics: &[Metric]) -> Table {
        over_axis::table(self.comparison, metrics, ToString::to_string)
    }

    /// The same without spreads, to be seen at once.
    pub(super) fn values(&self, metrics: &[Metric]) -> Table {
        Table { open: true, ..over_axis::table(self.comparison, metrics, |cell| cell.text.clone()) }
    }
}
