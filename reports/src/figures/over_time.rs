//! What happened within a run: memory all along, latency while it was measured.

use protocol::{
    Transport,
    results::{LosslessHistogram, Run},
};

use super::{
    draw::{Chart, Dot, Said, Scale, Series},
    figure::{Figure, Panel, Table},
    key::Key,
    question::Question,
    source::Source,
};
use crate::{
    compare::{PointStatus, Side},
    metrics::{Quantile, Ranked},
    points::Contender,
};

/// More points than these are not seen, and make the page large.
const MOMENTS_MAX: usize = 400;
const MIB: f64 = 1024.0 * 1024.0;

/// One transport's run, as points of time and value.
type Line = (Transport, Vec<(f64, f64)>);

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let heaviest = source.comparison.heaviest_first();
    let case = heaviest.iter().find(|case| case.sides.values().any(|side| side.representative().is_some()));
    let sides = || case.iter().flat_map(|case| &case.sides);
    let runs: Vec<(Transport, &Run)> =
        sides().filter_map(|(contender, side)| Some((contender.drawn_as(), side.representative()?))).collect();
    let load = case.map(|case| case.name()).unwrap_or_default();
    // What is not drawn must be said not to be.
    let void: String = sides().filter_map(|(contender, side)| not_drawn(*contender, side)).collect();
    let measure_s = runs.first().map_or(0.0, |(_, run)| run.phases.measure_s);
    let panels = [
        ("resident memory of the server, MiB", lines(&runs, memory)),
        ("p50 latency, ms", lines(&runs, |run| latency(run, Quantile::P50))),
        ("p99 latency, ms", lines(&runs, |run| latency(run, Quantile::P99))),
    ];
    Figure {
        id: "over-time",
        title: "Within a run",
        question: Question::Late,
        compares: Vec::new(),
        idle: None,
        lead: String::new(),
        caption: format!(
            "The repeat with the middle median stands for its transport at {load}; the measure phase is shaded. \
             Level lines mean that the server kept up; a rising latency would be the length of a queue.{void}"
        ),
        key: Key::Contenders,
        panels: panels
            .into_iter()
            .enumerate()
            .filter_map(|(index, (title, lines))| panel(title, &lines, measure_s, index))
            .collect(),
        table: Table::default(),
    }
}

fn not_drawn(contender: Contender, side: &Side<'_>) -> Option<String> {
    let why = match side.status() {
        PointStatus::Valid => return None,
        PointStatus::Void(why) => format!("void ({why})"),
        PointStatus::Unfinished => "without a finished run".to_owned(),
    };
    Some(format!(" Not drawn: {}, which is {why} here.", contender.title()))
}

fn lines(runs: &[(Transport, &Run)], points: impl Fn(&Run) -> Vec<(f64, f64)>) -> Vec<Line> {
    runs.iter().map(|(transport, run)| (*transport, points(run))).filter(|(_, points)| points.len() > 1).collect()
}

/// Seconds since the measure phase began, and resident MiB.
fn memory(run: &Run) -> Vec<(f64, f64)> {
    let (Some(server), Some(from_ms)) = (&run.server, run.measure_from_ms) else { return Vec::new() };
    let thin = server.timeline.len().div_ceil(MOMENTS_MAX).max(1);
    let moments = server.timeline.iter().step_by(thin);
    moments.map(|moment| ((moment.at_ms - from_ms) / 1e3, moment.rss_bytes as f64 / MIB)).collect()
}

/// Seconds since the measure phase began, in the middle of each slice, and milliseconds.
fn latency(run: &Run, quantile: Quantile) -> Vec<(f64, f64)> {
    // A slice has its share of the updates.
    let updates = Some(run.stream.updates / (run.slices.len() as u64).max(1));
    let of = |values: &LosslessHistogram| Ranked { values, expected: values.len(), updates }.of_one(quantile)?.value();
    let half_s = run.phases.measure_s / run.slices.len().max(1) as f64 / 2.0;
    run.slices.iter().filter_map(|slice| Some((slice.from_ms / 1e3 + half_s, of(&slice.latency)?))).collect()
}

fn panel(title: &str, lines: &[Line], measure_s: f64, index: usize) -> Option<Panel> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let from_s = points().map(|(x, _)| *x).fold(f64::INFINITY, f64::min).min(0.0);
    let to_s = points().map(|(x, _)| *x).fold(f64::NEG_INFINITY, f64::max);
    if lines.is_empty() || to_s <= from_s {
        return None;
    }
    let x = Scale::seconds("seconds into the measure phase", from_s, to_s);
    let values: Vec<Vec<f64>> = lines.iter().map(|(_, points)| points.iter().map(|(_, y)| *y).collect()).collect();
    let mut chart = Chart::new(title, x, Scale::of_lines(&values));
    // Memory is watched for longer than updates count.
    chart.shade = (from_s < 0.0).then_some((0.0, measure_s.min(to_s)));
    for (transport, points) in lines {
        let dots = points.iter().map(|&(x, y)| Dot { x, y, spread: None, tip: Said::default() }).collect();
        chart.series.push(Series { subject: (*transport).into(), dots, marked: false });
    }
    let svg = chart.svg(&format!("over-time-{}", index + 1));
    Some(Panel { title: chart.heading(), svg })
}
