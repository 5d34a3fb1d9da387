//! Figures as the actions and services read them that track benchmarks from commit to commit.
//!
//! Two forms: what github-action-benchmark calls `customSmallerIsBetter`, and Bencher's metric format (BMF). A void point
//! is in neither: a gap in a trend is true, a number would not be.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    compare::{COMPARED, Comparison, Measure},
    metrics::Metric,
    read::Results,
    words::{self, number},
};

/// What is tracked: all that is compared, and what the generator spends, which tells a slower generator from a slower server. More
/// of any is worse.
pub(crate) fn metrics() -> Vec<Metric> {
    COMPARED.into_iter().chain([Metric::GeneratorCpuUsPerDelivery]).collect()
}

#[derive(Serialize)]
struct Benchmark {
    name: String,
    unit: &'static str,
    value: f64,
    /// Least to greatest over the repeats.
    range: String,
    extra: String,
}

#[derive(Serialize)]
struct Tracked {
    value: f64,
    lower_value: f64,
    upper_value: f64,
}

/// `benchmark.json`: for github-action-benchmark, `tool: customSmallerIsBetter`.
pub(crate) fn smaller_is_better(results: &Results) -> String {
    let benchmarks: Vec<Benchmark> = tracked(results)
        .into_iter()
        .map(|(side, metric, measure)| Benchmark {
            name: format!("{side}: {}", metric.name()),
            unit: metric.unit(),
            value: measure.value,
            range: format!("{}–{}", number(measure.min), number(measure.max)),
            extra: format!("{} repeats", measure.repeats),
        })
        .collect();
    json(&benchmarks)
}

/// `bencher.json`: for Bencher, `--adapter json`.
pub(crate) fn bencher(results: &Results) -> String {
    let mut benchmarks: BTreeMap<String, BTreeMap<String, Tracked>> = BTreeMap::new();
    for (side, metric, Measure { value, min, max, .. }) in tracked(results) {
        let value = Tracked { value, lower_value: min, upper_value: max };
        benchmarks.entry(side).or_default().insert(slug(metric), value);
    }
    json(&benchmarks)
}

/// Its name as Bencher takes one: `server-cpu-per-delivery`.
fn slug(metric: Metric) -> String {
    metric.name().to_lowercase().replace(' ', "-").replace('’', "")
}

/// Every tracked figure of every point that is valid.
fn tracked(results: &Results) -> Vec<(String, Metric, Measure)> {
    let mut all = Vec::new();
    // The trials of a search are at loads that differ from search to search.
    if results.manifest.scenario.search.is_some() {
        return all;
    }
    let comparison = Comparison::of(results);
    for case in &comparison.cases {
        for (contender, side) in &case.sides {
            let name = format!("{}, {}", contender.title(), words::load(&case.load));
            let figures = metrics().into_iter();
            all.extend(figures.filter_map(|metric| Some((name.clone(), metric, side.measure(metric)?))));
        }
    }
    all
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("names, numbers and text") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Searched, Sweep};

    fn results() -> Results {
        Sweep { clients: vec![100], ..Sweep::quick() }.results()
    }

    #[test]
    fn what_trackers_read() {
        insta::assert_snapshot!(smaller_is_better(&results()));
        insta::assert_snapshot!(bencher(&results()));
    }

    #[test]
    fn what_a_search_tries_is_not_tracked() {
        assert!(tracked(&Searched::small().results()).is_empty());
    }

    #[test]
    fn what_is_void_is_not_tracked() {
        let mut results = results();
        results.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert_eq!(
            tracked(&results).len(),
            metrics().len() - 1,
            "one of two transports, and kernel memory of 100 clients is noise"
        );
        results.runs.clear();
        assert_eq!((smaller_is_better(&results), bencher(&results)), ("[]\n".to_owned(), "{}\n".to_owned()));
    }
}
