//! The comparison as rows of text, whatever they are then set in: the terminal, Markdown or HTML.

mod terminal;

use std::fmt;

use protocol::Transport;

pub use terminal::summary_table;

use crate::{
    compare::{BASELINE, Case, Comparison, Measure, Metric, Quantile, Ratio, Side, Standing, Sweep, Verdict},
    numbers::{count, number, times},
    words,
};

/// What the comparison table shows of each point, in this order; what was missed stands apart.
pub(crate) const COLUMNS: [Metric; 5] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LatencyMs(Quantile::P99),
    Metric::CpuUsPerDelivery,
    Metric::UserKibPerClient,
    Metric::KernelKibPerClient,
];

/// What `~` before a ratio means, to stand under every table that has one.
pub(crate) const UNCLEAR: &str =
    "~ no clear difference: the repeats disagree on which is more, there is but one, or it is under 5%";

/// A row of the comparison table.
pub(crate) struct Row {
    /// The load by what distinguishes it; empty if the row above has it.
    pub(crate) load: String,
    /// The transport, or the pair whose ratio this is.
    pub(crate) who: String,
    /// Whether it is a ratio.
    pub(crate) is_ratio: bool,
    /// One cell a metric of [`COLUMNS`].
    pub(crate) cells: Vec<Cell>,
    /// Updates that never arrived; empty in a ratio.
    pub(crate) missed: String,
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The value, or why there is none.
    pub(crate) text: String,
    /// Least and greatest over the repeats; empty if there is no spread to state.
    pub(crate) spread: String,
    /// What a ratio says; none for a value.
    pub(crate) verdict: Option<Verdict>,
}

impl Cell {
    fn word(text: &str) -> Self {
        Self { text: text.to_owned(), spread: String::new(), verdict: None }
    }

    /// A value with its spread.
    fn of(measure: Option<Measure>) -> Self {
        let Some(Measure { value, min, max, repeats }) = measure else { return Self::word("–") };
        let spread = if repeats > 1 { format!("{}–{}", number(min), number(max)) } else { String::new() };
        Self { text: number(value), spread, verdict: None }
    }

    fn ratio(ratio: Option<Ratio>) -> Self {
        let Some(ratio) = ratio else { return Self::word("–") };
        let spread = if ratio.pairs > 1 {
            format!("{}–{}", times(ratio.min).trim_end_matches('×'), times(ratio.max))
        } else {
            String::new()
        };
        // One pair agrees with itself, which is no evidence.
        let verdict = if ratio.pairs > 1 { ratio.verdict() } else { Verdict::Unclear };
        let mark = if verdict == Verdict::Unclear { "~" } else { "" };
        Self { text: format!("{mark}{}", times(ratio.value)), spread, verdict: Some(verdict) }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.spread.is_empty() { Ok(()) } else { write!(f, " ({})", self.spread) }
    }
}

/// The rows of a comparison: a row a transport, then the ratios to the baseline, load by load.
pub(crate) fn rows(comparison: &Comparison<'_>) -> Vec<Row> {
    rows_of(comparison, comparison.cases.iter())
}

/// The rows of some of its loads, named as among all.
pub(crate) fn rows_of<'c>(comparison: &Comparison<'_>, cases: impl Iterator<Item = &'c Case<'c>>) -> Vec<Row> {
    let sweep = Sweep::of(comparison);
    let mut rows = Vec::new();
    for case in cases {
        let mut load = sweep.name_of(&case.load);
        for (transport, side) in &case.sides {
            rows.push(of_side(std::mem::take(&mut load), *transport, side));
        }
        rows.extend(case.contenders().map(|transport| of_ratio(case, transport)));
    }
    rows
}

fn of_side(load: String, transport: Transport, side: &Side<'_>) -> Row {
    let cell = |metric| cell(side, metric);
    let missed = if side.is_valid() { count(side.missed()) } else { cell(COLUMNS[0]).text };
    Row { load, who: transport.title().to_owned(), is_ratio: false, cells: COLUMNS.map(cell).to_vec(), missed }
}

/// A point's value, or the word that stands for it.
pub(crate) fn cell(side: &Side<'_>, metric: Metric) -> Cell {
    match side.standing() {
        Standing::Valid => Cell::of(side.measure(metric)),
        Standing::Void(_) => Cell::word("void"),
        Standing::Unfinished => Cell::word("failed"),
    }
}

fn of_ratio(case: &Case<'_>, transport: Transport) -> Row {
    Row {
        load: String::new(),
        who: format!("{} : {}", transport.title(), BASELINE.title()),
        is_ratio: true,
        cells: COLUMNS.map(|metric| Cell::ratio(case.ratio(transport, metric))).to_vec(),
        missed: String::new(),
    }
}

/// What all loads have in common, in words; none if nothing is.
pub(crate) fn common_load(comparison: &Comparison<'_>) -> Option<String> {
    let first = &comparison.cases.first()?.load;
    let same_stream = comparison.cases.iter().all(|case| case.load.stream == first.stream);
    let same_clients = comparison.cases.iter().all(|case| case.load.clients == first.clients);
    match (same_clients, same_stream) {
        (true, true) => Some(words::load(first)),
        (false, true) => Some(words::stream(&first.stream)),
        (true, false) => Some(words::clients(first.clients)),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Results, fixture};

    fn all_rows(results: &Results) -> Vec<Row> {
        rows(&Comparison::of(&results.runs))
    }

    /// The quick sweep with one point's generator saturated in one of its repeats.
    fn with_void_point() -> Results {
        let mut results = fixture::Sweep::quick().results();
        results.runs[5].generator.workers_cpu_ns[0] = 4_950_000_000;
        results
    }

    #[test]
    fn a_void_point_never_shows_a_number() {
        let rows = all_rows(&with_void_point());
        let void: Vec<_> = rows.iter().filter(|row| row.missed == "void").collect();
        assert_eq!(void.len(), 1);
        assert!(void[0].cells.iter().all(|cell| *cell == Cell::word("void")));
    }

    #[test]
    fn a_void_point_has_no_ratio() {
        let ratios = |results: &Results| all_rows(results).iter().filter(|row| row.is_ratio).count();
        assert_eq!(ratios(&fixture::Sweep::quick().results()), 3);
        assert_eq!(ratios(&with_void_point()), 2);
    }

    #[test]
    fn a_point_whose_runs_all_failed_says_so() {
        let mut results = fixture::Sweep::quick().results();
        for repeat in 0..3 {
            fixture::fail(&mut results.runs[repeat * 6], "connect", "refused");
        }
        assert_eq!(all_rows(&results)[0].cells[0].text, "failed");
    }

    #[test]
    fn one_failed_repeat_leaves_the_others() {
        let mut results = fixture::Sweep::quick().results();
        fixture::fail(&mut results.runs[0], "connect", "refused");
        let comparison = Comparison::of(&results.runs);
        let p50 = comparison.cases[0].measure(BASELINE, COLUMNS[0]).unwrap();
        assert_eq!(p50.repeats, 2);
    }

    #[test]
    fn one_repeat_has_no_spread() {
        let results = fixture::Sweep { repeats: 1, ..fixture::Sweep::quick() }.results();
        assert!(all_rows(&results).iter().flat_map(|row| &row.cells).all(|cell| cell.spread.is_empty()));
    }
}
