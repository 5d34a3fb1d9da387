//! Metrics over the axis that a sweep varies: lines where it has several values, bars where it has one.

use std::collections::BTreeSet;

use super::{
    draw::{Bar, Chart, Dot, Said, Scale, Series, Tone, Word},
    figure::{Panel, Table},
};
use crate::{
    compare::{Case, Comparison, Measure, PointStatus, Slice, Sweep},
    metrics::{Metric, Stated},
    points::{Axis, Contender},
    table::{Cell, NOT_REACHED},
    words::number,
};

/// Bars beyond this many have no room for numbers on top: of equal height, these would touch.
const LABELLED_MAX: usize = 10;

/// Which scales lines are drawn on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scales {
    /// Log where values are far apart, so that the small ones can be read too.
    Fitting,
    /// Linear, so that equal growth is a straight line.
    Linear,
}

/// A panel a slice and metric: lines, or bars if there is nothing to draw a line through.
pub(super) fn lines(sweep: &Sweep<'_>, metrics: &[Metric], scales: Scales, id: &str) -> Vec<Panel> {
    panels(sweep, metrics, id, |sweep, slice, metric| {
        let stack = Stack { whole: metric, parts: &[] };
        if slice.cases.len() > 1 && sweep.axis.is_scale() {
            line_chart(sweep, slice, metric, scales)
        } else {
            bar_chart(sweep, slice, stack)
        }
    })
}

/// A metric as a bar, divided into the metrics that make it up, if any.
#[derive(Clone, Copy)]
pub(super) struct Stack<'a> {
    pub(super) whole: Metric,
    pub(super) parts: &'a [Metric],
}

/// A panel a slice and stack.
pub(super) fn bars(sweep: &Sweep<'_>, stacks: &[Stack<'_>], id: &str) -> Vec<Panel> {
    panels(sweep, stacks, id, bar_chart)
}

fn panels<T: Copy>(
    sweep: &Sweep<'_>,
    what: &[T],
    id: &str,
    chart: impl Fn(&Sweep<'_>, &Slice<'_>, T) -> Option<Chart>,
) -> Vec<Panel> {
    let (sweep, mut panels) = (sweep.with_servers_along_x(), Vec::new());
    for slice in &sweep.slices {
        for &what in what {
            let Some(mut chart) = chart(&sweep, slice, what) else { continue };
            if !slice.title.is_empty() {
                chart.title = format!("{}: {}", chart.title, slice.title);
            }
            let svg = chart.svg(&format!("{id}-{}", panels.len() + 1));
            panels.push(Panel { title: chart.heading(), svg });
        }
    }
    panels
}

/// What all values of a picture were measured on.
struct Values<'a> {
    all: Vec<(&'a Case<'a>, Contender, Measure)>,
}

impl<'a> Values<'a> {
    fn of(slice: &Slice<'a>, metric: Metric) -> Option<Self> {
        let mut all = Vec::new();
        for case in &slice.cases {
            for &contender in case.sides.keys() {
                all.extend(case.measure(contender, metric).map(|measure| (*case, contender, measure)));
            }
        }
        (!all.is_empty()).then_some(Self { all })
    }

    fn scaled(&self) -> Vec<f64> {
        self.all.iter().flat_map(|(_, _, measure)| [measure.min, measure.value, measure.max]).collect()
    }

    fn greatest(&self) -> f64 {
        self.scaled().into_iter().fold(0.0, f64::max)
    }

    fn describe(&self, metric: Metric, sweep: &Sweep<'_>) -> String {
        let said = self.all.iter().map(|(case, who, measure)| tip(sweep, case, *who, *measure, metric).to_string());
        said.collect::<Vec<_>>().join("; ")
    }
}

fn line_chart(sweep: &Sweep<'_>, slice: &Slice<'_>, metric: Metric, scales: Scales) -> Option<Chart> {
    let values = Values::of(slice, metric)?;
    let x_of = |case: &Case<'_>| sweep.axis.of(&case.load).unwrap_or(0.0);
    let xs: Vec<f64> = slice.cases.iter().map(|case| x_of(case)).collect();
    let x = Scale::at(sweep.axis.label(), &xs, scales == Scales::Fitting);
    let y = match scales {
        Scales::Fitting => Scale::fitting(&values.scaled()),
        Scales::Linear => Scale::from_zero(values.greatest()),
    };
    let mut chart = Chart::new(&metric.heading(), x, y);
    chart.description = values.describe(metric, sweep);
    for contender in contenders(slice) {
        let dot = |case: &Case<'_>| {
            let measure = case.measure(contender, metric)?;
            let tip = tip(sweep, case, contender, measure, metric);
            Some(Dot { x: x_of(case), y: measure.value, spread: spread(measure), tip })
        };
        // A line through a point that is void would show it by the back door, so the line ends before it.
        let pieces = slice.cases.split(|case| case.sides.contains_key(&contender) && dot(case).is_none());
        let pieces = pieces.map(|cases| cases.iter().filter_map(|case| dot(case)).collect::<Vec<_>>());
        let pieces = pieces.filter(|dots| !dots.is_empty());
        let subject = contender.drawn_as().into();
        chart.series.extend(pieces.map(|dots| Series { subject, dots, marked: true }));
    }
    chart.words = slice.cases.iter().flat_map(|case| words_of(case, metric, |_| x_of(case))).collect();
    Some(chart)
}

pub(super) fn contenders(slice: &Slice<'_>) -> BTreeSet<Contender> {
    slice.cases.iter().flat_map(|case| case.sides.keys().copied()).collect()
}

fn bar_chart(sweep: &Sweep<'_>, slice: &Slice<'_>, stack: Stack<'_>) -> Option<Chart> {
    let values = Values::of(slice, stack.whole)?;
    let names: Vec<String> = slice.cases.iter().map(|case| bar_name(sweep, case)).collect();
    let bands = if sweep.axis.is_scale() { Scale::bands } else { Scale::named_bands };
    let x = bands(sweep.axis.label(), &names);
    let who = contenders(slice);
    // Room above for the numbers on top.
    let y = Scale::from_zero(1.08 * values.greatest());
    let mut chart = Chart::new(&stack.whole.heading(), x, y);
    chart.description = values.describe(stack.whole, sweep);
    let band = |case: &Case<'_>| slice.cases.iter().position(|known| std::ptr::eq(*known, case)).unwrap_or(0);
    for (case, contender, whole) in values.all {
        chart.bars.push(Bar {
            subject: contender.drawn_as().into(),
            x: place(band(case), &who, contender),
            parts: parts(case, contender, stack, whole),
            spread: spread(whole),
            label: if slice.cases.len() * who.len() <= LABELLED_MAX { number(whole.value) } else { String::new() },
            tip: tip(sweep, case, contender, whole, stack.whole),
        });
    }
    let middle = |case: &Case<'_>, contender| {
        let (left, right) = place(band(case), &who, contender);
        f64::midpoint(left, right)
    };
    chart.words =
        slice.cases.iter().flat_map(|case| words_of(case, stack.whole, |contender| middle(case, contender))).collect();
    Some(chart)
}

/// A bar's parts: the first strong, further ones pale; undivided if one of them cannot be told.
fn parts(case: &Case<'_>, contender: Contender, stack: Stack<'_>, whole: Measure) -> Vec<(f64, Tone)> {
    let value = |part: &Metric| Some(case.measure(contender, *part)?.value.max(0.0));
    let tones = [Tone::Strong].into_iter().chain(std::iter::repeat(Tone::Pale));
    match stack.parts.iter().map(value).collect::<Option<Vec<f64>>>() {
        Some(parts) if !parts.is_empty() => parts.into_iter().zip(tones).collect(),
        Some(_) => vec![(whole.value.max(0.0), Tone::Strong)],
        None => vec![(whole.value.max(0.0), Tone::Between)],
    }
}

/// The sides of a contender's bar within its load's band, alike in every band.
fn place(band: usize, all: &BTreeSet<Contender>, contender: Contender) -> (f64, f64) {
    const FILLED: f64 = 0.76;
    let width = FILLED / all.len() as f64;
    let before = all.iter().take_while(|known| **known != contender).count();
    let left = band as f64 - FILLED / 2.0 + width * before as f64;
    (left + 0.02, left + width - 0.02)
}

/// The word where a point has no number, lest its absence pass for an omission.
pub(super) fn words(case: &Case<'_>, x: impl Fn(Contender) -> f64) -> Vec<Word> {
    let word = |status: &PointStatus| match status {
        PointStatus::Valid => None,
        PointStatus::Void(_) => Some("void"),
        PointStatus::Unfinished => Some("failed"),
    };
    case.sides
        .iter()
        .filter_map(|(&contender, side)| {
            Some(Word { transport: contender.drawn_as(), x: x(contender), text: word(side.status())?.to_owned() })
        })
        .collect()
}

/// The same, and where a quantile lies beyond what was delivered.
fn words_of(case: &Case<'_>, metric: Metric, x: impl Fn(Contender) -> f64) -> Vec<Word> {
    let unreached = case.sides.iter().filter(|(_, side)| side.stated(metric) == Some(Stated::NotReached));
    let word =
        |contender: Contender| Word { transport: contender.drawn_as(), x: x(contender), text: NOT_REACHED.to_owned() };
    words(case, &x).into_iter().chain(unreached.map(|(contender, _)| word(*contender))).collect()
}

fn bar_name(sweep: &Sweep<'_>, case: &Case<'_>) -> String {
    match sweep.axis {
        Axis::Peer => sweep.axis.name_of(&case.load),
        axis => axis.of(&case.load).map(crate::words::setting),
    }
    .unwrap_or_default()
}

pub(super) fn spread(measure: Measure) -> Option<(f64, f64)> {
    (measure.repeats > 1).then_some((measure.min, measure.max))
}

fn tip(sweep: &Sweep<'_>, case: &Case<'_>, contender: Contender, measure: Measure, metric: Metric) -> Said {
    let of = format!("{}, {}", contender.title(), sweep.name_of(&case.load));
    said(of, measure, metric, &case.values(contender, metric))
}

/// `62.1 ms (58.0–66.3)`, and what its runs say by themselves.
pub(super) fn said(of: String, measure: Measure, metric: Metric, runs: &[f64]) -> Said {
    let value = format!("{} {}", number(measure.value), metric.unit()).trim_end().to_owned();
    let interval = spread(measure).map(|(min, max)| format!("{}–{}", number(min), number(max)));
    Said { of, value, interval: interval.unwrap_or_default(), note: String::new(), runs: each(runs) }
}

/// `58.0, 62.1, 66.3`
pub(super) fn each(values: &[f64]) -> String {
    values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ")
}

/// The values behind pictures: a row a point, a column a metric.
pub(super) fn table(comparison: &Comparison<'_>, metrics: &[Metric], show: fn(&Cell) -> String) -> Table {
    let sweep = Sweep::of(comparison);
    let mut head = vec!["load".to_owned(), "transport".to_owned()];
    head.extend(metrics.iter().map(|metric| metric.heading()));
    let mut rows = Vec::new();
    for case in &comparison.cases {
        for (contender, side) in &case.sides {
            let mut row = vec![sweep.name_of(&case.load), contender.title()];
            row.extend(metrics.iter().map(|metric| show(&Cell::of_side(side, *metric))));
            rows.push(row);
        }
    }
    Table { head, rows, open: false }
}
