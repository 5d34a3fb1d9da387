//! How a figure went from one results folder to the next.

use super::{
    draw::{Chart, Dot, Scale, Series},
    figure::Panel,
    over_axis::{said, spread},
};
use crate::{
    compare::{Case, Comparison, Measure},
    metrics::Metric,
    read::Entry,
};

/// A picture a metric, of one load.
pub(crate) fn trends(
    entries: &[Entry],
    comparisons: &[Comparison<'_>],
    heaviest: &Case<'_>,
    metrics: &[Metric],
    id: &str,
) -> Vec<Panel> {
    let names: Vec<String> = entries.iter().map(Entry::name).collect();
    let mut panels = Vec::new();
    for metric in metrics {
        let mut lines = Vec::new();
        for &contender in heaviest.sides.keys() {
            let measure = |comparison: &Comparison<'_>| comparison.side(&heaviest.load, contender)?.measure(*metric);
            let measures: Vec<Option<Measure>> = comparisons.iter().map(measure).collect();
            lines.push((contender, measures));
        }
        let known = || lines.iter().flat_map(|(_, measures)| measures.iter().flatten());
        if known().next().is_none() {
            continue;
        }
        let greatest = known().map(|measure| measure.max.max(measure.value)).fold(0.0, f64::max);
        let mut chart = Chart::new(&metric.heading(), Scale::bands("build", &names), Scale::from_zero(greatest));
        let mut described = Vec::new();
        for (contender, measures) in lines {
            let dot = |index: usize, measure: Measure| {
                let entry = &entries[index];
                let of = format!("{}, {}, {}", contender.title(), entry.name(), entry.started_utc());
                let side = comparisons[index].side(&heaviest.load, contender);
                let runs = side.and_then(|side| side.values(*metric)).unwrap_or_default();
                let tip = said(of, measure, *metric, &runs);
                Dot { x: index as f64, y: measure.value, spread: spread(measure), tip }
            };
            let measured = measures.iter().enumerate().filter_map(|(index, measure)| Some(dot(index, (*measure)?)));
            let dots: Vec<Dot> = measured.collect();
            described.extend(dots.iter().map(|dot| dot.tip.to_string()));
            chart.series.push(Series { subject: contender.drawn_as().into(), dots, marked: true });
        }
        chart.description = described.join("; ");
        let svg = chart.svg(&format!("{id}-{}", panels.len() + 1));
        panels.push(Panel { title: chart.heading(), svg });
    }
    panels
}
