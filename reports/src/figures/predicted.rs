//! Predicted beside measured, through the link: what theory says of each transport, and what came of it.

use protocol::{
    Transport,
    results::{Load, Path, RoundTrip, Stream},
};

use super::{
    draw::{Chart, Dot, Said, Scale, Series},
    figure::{Figure, Panel, Table},
    key::Key,
    over_axis::{contenders, said, spread, words},
    question::Question,
    source::Source,
};
use crate::{
    compare::{Case, Comparison, Measure, Side, Slice, Sweep},
    metrics::{Meeting, Metric, Quantile::P50},
    points::{Axis, Contender},
    table::Cell,
    theory::{Polling, short_poll_wait_ms},
    words::number,
};

const P50_MS: Metric = Metric::LatencyMs(P50);
const PARKED: Metric = Metric::MetPercent(Meeting::Parked);
/// A line of theory has so many pieces.
const PIECES: u32 = 96;

const READING: &str = "Lines are theory, markers what was measured, their bars the least and the greatest of the repeats. What is pushed: the p50 at a \
    round trip of 0, and half the round trip. Long polling: the same for what finds a poll parked; but after an answer the server has \
    no poll for a round trip, and what is due meanwhile waits for the next one (RFC 6202, section 2.2; METHODOLOGY derives share \
    and wait). An update found no poll if none had been sent when it was due, or if it rode behind another: the generator \
    sees when a poll goes, and not when it comes.";
const SHORT: &str =
    "Short polling: every update waits for the next poll, evenly up to the interval, and then half a round trip.";
const WHY: &str = "What theory does not know: fan-outs and answers that queue behind others (serialisation), updates that are joined \
    because the server was busy (batching), a connection that was idle for longer than its retransmission time-out and begins \
    slowly again, and, of even streams, that a round trip near a whole number of gaps leaves to chance where in it updates fall.";

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let through = || source.comparison.cases.iter().filter(|case| case.load.path.is_some());
    let cases: Vec<_> = through().filter(|case| is_foretold(case)).collect();
    let along = |axis| Sweep::along(&[axis], &cases);
    let mut sweep = along(Axis::RttMs);
    if !sweep.varied.contains(&Axis::RttMs) && sweep.varied.contains(&Axis::RateHz) {
        sweep = along(Axis::RateHz);
    }
    let theory = Theory { comparison: source.comparison, interval_ms: source.poll_interval_s.map(|s| 1e3 * s) };
    let is_shown = cases.iter().any(|case| rtt_ms(&case.load) > 0.0);
    let (panels, table) = if is_shown {
        (panels(&theory, &sweep), table(&theory, source, &cases))
    } else {
        (Vec::new(), Table::default())
    };
    let mut caption = vec![READING.to_owned()];
    caption.extend(theory.interval_ms.map(|_| SHORT.to_owned()));
    caption.extend(parting(&theory, source, &cases));
    caption.push(WHY.to_owned());
    if cases.iter().any(|case| theory.at_nought(&case.load).is_none()) {
        caption.push(
            "Where no round trip of 0 was measured, the line lacks the server’s own time, and is a bound (≥)."
                .to_owned(),
        );
    }
    if through().count() > cases.len() {
        caption.push(
            "Feeds, and paths with loss, jitter, an outage or a round trip drawn for each client are not foretold."
                .to_owned(),
        );
    }
    Figure {
        id: "predicted",
        title: "Predicted (lines) beside measured (markers)",
        question: Question::Late,
        compares: Vec::new(),
        idle: None,
        lead: String::new(),
        caption: caption.join(" "),
        key: Key::Contenders,
        panels,
        table,
    }
}

/// Whether theory speaks of it: a rate, a constant round trip, and nothing lost.
fn is_foretold(case: &Case<'_>) -> bool {
    let is_plain = |Path { rtt_ms, jitter_ms, loss_percent }: Path| {
        rtt_ms == RoundTrip::constant(rtt_ms.from) && jitter_ms + loss_percent <= 0.0
    };
    let is_left_in_peace = case.sides.values().flat_map(Side::runs).all(|run| run.recovery.is_none());
    matches!(case.load.stream, Stream::Synthetic { .. }) && case.load.path.is_some_and(is_plain) && is_left_in_peace
}

fn rtt_ms(load: &Load) -> f64 {
    load.path.map_or(0.0, |path| path.rtt_ms.from)
}

/// The same load elsewhere along an axis.
fn moved(load: &Load, axis: Axis, to: f64) -> Load {
    let mut load = load.clone();
    match (axis, &mut load.stream, &mut load.path) {
        (Axis::RttMs, _, Some(path)) => path.rtt_ms = RoundTrip::constant(to),
        (Axis::RateHz, Stream::Synthetic { rate_hz, .. }, _) => *rate_hz = to,
        _ => {}
    }
    load
}

/// What theory says, from what was measured at a round trip of 0.
struct Theory<'a> {
    comparison: &'a Comparison<'a>,
    /// From one short poll to the next, if there are any.
    interval_ms: Option<f64>,
}

impl Theory<'_> {
    /// The same load at a round trip of 0 through the link.
    fn at_nought(&self, load: &Load) -> Option<&Case<'_>> {
        let nought = moved(load, Axis::RttMs, 0.0);
        self.comparison.cases.iter().find(|case| case.load == nought)
    }

    fn polling(&self, load: &Load, contender: Contender) -> Option<Polling> {
        let Stream::Synthetic { arrivals, .. } = load.stream else { return None };
        let rate_hz = load.rate_of_client_hz().filter(|_| load.coalesce_ms == 0.0)?;
        let both_ends = self.at_nought(load).and_then(|case| case.measure(contender, Metric::ExchangeMs(P50)));
        let window_ms = rtt_ms(load) + both_ends.map_or(0.0, |measure| measure.value);
        (contender.transport == Transport::LongPoll).then(|| Polling::at(arrivals, rate_hz, window_ms))
    }

    /// The median, milliseconds, and whether that is a bound, for want of what the server itself takes.
    fn p50_ms(&self, load: &Load, contender: Contender) -> (f64, bool) {
        let base = self.at_nought(load).and_then(|case| case.measure(contender, P50_MS));
        let at = |rtt_ms| self.short_poll_wait_ms(contender, rtt_ms);
        // What was measured at a round trip of 0 has the wait for a short poll in it.
        let asked_ms = at(rtt_ms(load)) - base.map_or(0.0, |_| at(0.0));
        let wait_ms = asked_ms + self.polling(load, contender).map_or(0.0, |polling| polling.wait_ms(P50.value()));
        (base.map_or(0.0, |measure| measure.value) + rtt_ms(load) / 2.0 + wait_ms, base.is_none())
    }

    fn short_poll_wait_ms(&self, contender: Contender, rtt_ms: f64) -> f64 {
        let interval_ms = self.interval_ms.filter(|_| contender.transport == Transport::ShortPoll);
        interval_ms.map_or(0.0, |interval_ms| short_poll_wait_ms(interval_ms, rtt_ms, P50.value()))
    }

    fn found_none_percent(&self, load: &Load, contender: Contender) -> Option<f64> {
        Some(100.0 * (1.0 - self.polling(load, contender)?.sent))
    }
}

/// All but those that found a poll.
fn found_none(case: &Case<'_>, contender: Contender) -> Option<Measure> {
    let Measure { value, min, max, repeats } = case.measure(contender, PARKED)?;
    Some(Measure { value: 100.0 - value, min: 100.0 - max, max: 100.0 - min, repeats })
}

/// Where they lie furthest apart, for each who is compared.
fn parting(theory: &Theory<'_>, source: &Source<'_>, cases: &[&Case<'_>]) -> Option<String> {
    let said = source.comparison.contenders().into_iter().filter_map(|contender| {
        let apart = |case: &&Case<'_>| {
            let (predicted, is_bound) = theory.p50_ms(&case.load, contender);
            let measured = case.measure(contender, P50_MS).filter(|_| !is_bound && rtt_ms(&case.load) > 0.0)?.value;
            Some((measured / predicted, measured, predicted, source.sweep.name_of(&case.load)))
        };
        let furthest = cases.iter().filter_map(apart).max_by(|a, b| a.0.ln().abs().total_cmp(&b.0.ln().abs()));
        let (ratio, measured, predicted, load) = furthest?;
        let (title, ratio) = (contender.title(), 100.0 * (ratio - 1.0));
        Some(format!("{title} by {ratio:+.1}% ({} ms, {} predicted) at {load}", number(measured), number(predicted)))
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| format!("Measurement lies furthest from prediction for {}.", said.join(", and for ")))
}

fn panels(theory: &Theory<'_>, sweep: &Sweep<'_>) -> Vec<Panel> {
    let mut panels = Vec::new();
    for slice in &sweep.slices {
        let latencies = chart(sweep, slice, "p50 latency, ms", None, |case, load, contender| {
            (case.measure(contender, P50_MS), Some(theory.p50_ms(load, contender).0), P50_MS)
        });
        let shares =
            chart(sweep, slice, "updates that found no poll, %", Some(Scale::percent()), |case, load, contender| {
                (found_none(case, contender), theory.found_none_percent(load, contender), PARKED)
            });
        for mut chart in [latencies, shares].into_iter().flatten() {
            if !slice.title.is_empty() {
                chart.title = format!("{}: {}", chart.title, slice.title);
            }
            panels.push(Panel { svg: chart.svg(&format!("predicted-{}", panels.len() + 1)), title: chart.heading() });
        }
    }
    panels
}

/// What was measured of a case, what is predicted of that load, and of which metric.
type Figures = (Option<Measure>, Option<f64>, Metric);

fn chart(
    sweep: &Sweep<'_>,
    slice: &Slice<'_>,
    title: &str,
    y: Option<Scale>,
    of: impl Fn(&Case<'_>, &Load, Contender) -> Figures,
) -> Option<Chart> {
    let x_of = |case: &Case<'_>| sweep.axis.of(&case.load).unwrap_or(0.0);
    let xs: Vec<f64> = slice.cases.iter().map(|case| x_of(case)).collect();
    let (mut lines, mut marks, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for contender in contenders(slice) {
        let at = |x: f64| of(slice.cases[0], &moved(&slice.cases[0].load, sweep.axis, x), contender).1;
        let dot = |(place, x)| Some(Dot { x: place, y: at(x)?, spread: None, tip: Said::default() });
        let dots: Vec<Dot> = along(&xs).into_iter().filter_map(dot).collect();
        lines.push(Series { subject: contender.drawn_as().into(), dots, marked: false });
        for case in &slice.cases {
            let (Some(measured), predicted, metric) = of(case, &case.load, contender) else { continue };
            let Some(predicted) = predicted else { continue };
            let mut runs = case.values(contender, metric);
            if metric == PARKED {
                runs.iter_mut().for_each(|percent| *percent = 100.0 - *percent);
            }
            let load = sweep.name_of(&case.load);
            let tip = Said {
                note: format!("predicted {}", number(predicted)),
                ..said(format!("{}, {load}", contender.title()), measured, metric, &runs)
            };
            described.push(tip.to_string());
            let dot = Dot { x: x_of(case), y: measured.value, spread: spread(measured), tip };
            // By itself: a line between markers would be one of theory.
            marks.push(Series { subject: contender.drawn_as().into(), dots: vec![dot], marked: true });
        }
    }
    let reached = |dot: &Dot| [Some(dot.y), dot.spread.map(|(_, most)| most)];
    let of_each: Vec<Vec<f64>> =
        lines.iter().chain(&marks).map(|series| series.dots.iter().flat_map(reached).flatten().collect()).collect();
    let y = y.unwrap_or_else(|| Scale::of_lines(&of_each));
    let mut chart = Chart::new(title, Scale::at(sweep.axis.label(), &xs, true), y);
    chart.description = described.join("; ");
    chart.words = slice.cases.iter().flat_map(|case| words(case, |_| x_of(case))).collect();
    chart.series = lines.into_iter().chain(marks).collect();
    of_each.iter().any(|values| !values.is_empty()).then_some(chart)
}

/// Where a line of theory is drawn, and of which value: from the least of these to the greatest, closely, for it may jump.
fn along(xs: &[f64]) -> Vec<(f64, f64)> {
    let (Some(&least), Some(&greatest)) = (xs.first(), xs.last()) else { return Vec::new() };
    if least < greatest {
        let step = |piece| least + (greatest - least) * f64::from(piece).powi(2) / f64::from(PIECES).powi(2);
        return (0..=PIECES).map(step).map(|x| (x, x)).collect();
    }
    // A single one has a stroke.
    [-0.3, 0.3].map(|beside| (least + beside, least)).to_vec()
}

fn table(theory: &Theory<'_>, source: &Source<'_>, cases: &[&Case<'_>]) -> Table {
    let head = ["load", "transport", "p50 measured, ms", "predicted, ms", "found no poll, measured, %", "predicted, %"];
    let mut rows = Vec::new();
    for case in cases {
        for (&contender, side) in &case.sides {
            let (predicted, is_bound) = theory.p50_ms(&case.load, contender);
            let share = found_none(case, contender)
                .map_or_else(|| Cell::of_side(side, PARKED).text, |measure| number(measure.value));
            let predicted_share = theory.found_none_percent(&case.load, contender).map(number);
            rows.push(vec![
                source.sweep.name_of(&case.load),
                contender.title(),
                Cell::of_side(side, P50_MS).text,
                format!("{}{}", if is_bound { "≥ " } else { "" }, number(predicted)),
                share,
                predicted_share.unwrap_or_default(),
            ]);
        }
    }
    Table { head: head.map(str::to_owned).to_vec(), rows, open: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Sweep, synthetic, through},
        read::Results,
    };

    fn sweep(rates_hz: &[f64], rtts_ms: &[f64]) -> Results {
        let streams = rates_hz.iter().map(|rate_hz| synthetic(*rate_hz, 128)).collect();
        let paths = rtts_ms.iter().copied().map(through).collect();
        Sweep { streams, paths, clients: vec![100], ..Sweep::quick() }.results()
    }

    fn shown(results: &Results) -> Option<Figure> {
        Some(figure(&Source::of(results, &Comparison::of(results)))).filter(Figure::shows)
    }

    #[test]
    fn what_was_made_up_by_theory_lies_on_its_line() {
        let results = sweep(&[10.0, 50.0], &[0.0, 40.0, 80.0]);
        let comparison = Comparison::of(&results);
        let theory = Theory { comparison: &comparison, interval_ms: None };
        let mut seen = Vec::new();
        for case in &comparison.cases {
            for &contender in case.sides.keys() {
                let (predicted, is_bound) = theory.p50_ms(&case.load, contender);
                let measured = case.measure(contender, P50_MS).unwrap().value;
                // A median's standard error is half of what values spread over, 80 ms at most, over the root of their number.
                assert!(
                    !is_bound && (measured - predicted).abs() < 4.0 * 80.0 * 0.5 / 6_000.0_f64.sqrt(),
                    "{measured} {predicted}"
                );
                seen.extend(
                    found_none(case, contender)
                        .map(|share| (share.value - theory.found_none_percent(&case.load, contender).unwrap()).abs()),
                );
            }
        }
        // Where nobody waits, the fixture has one in fifty do so.
        assert!(seen.len() == 6 && seen.iter().all(|apart| *apart < 2.1), "{seen:?}");
        let figure = shown(&results).unwrap();
        assert_eq!(figure.panels.len(), 4, "p50 and share, a rate each");
        assert!(figure.caption.contains("furthest from prediction for WebSocket by"), "{}", figure.caption);
    }

    #[test]
    fn a_short_poll_is_waited_for_at_every_round_trip_and_presses_no_other_line_flat() {
        let paths = [0.0, 40.0].map(through).to_vec();
        let sweep = Sweep { transports: Transport::ALL.to_vec(), paths, clients: vec![100], ..Sweep::quick() };
        let figure = shown(&sweep.results()).unwrap();
        assert!(figure.panels[0].title.ends_with("(log scale)") && figure.caption.contains("Short polling: "));
        let rows: Vec<_> = figure.table.rows.iter().filter(|row| row[1] == "short polling").collect();
        for (row, wait_ms) in rows.iter().zip([500.0, 520.0]) {
            // A median's standard error is half of what values spread over, 1,000 ms, over the root of their number.
            let near = |ms: &str| (ms.parse::<f64>().unwrap() - wait_ms).abs() < 4.0 * 500.0 / 6_000.0_f64.sqrt();
            assert!(near(&row[2]) && near(&row[3]), "{row:?}");
        }
        let bound = shown(&Sweep { paths: vec![through(40.0)], ..sweep }.results()).unwrap();
        assert_eq!(bound.table.rows[3][3], "≥ 520", "{:?}", bound.table.rows);
    }

    #[test]
    fn without_a_round_trip_of_nought_it_is_a_bound_and_without_any_there_is_nothing() {
        let one = shown(&sweep(&[10.0], &[40.0])).unwrap();
        assert!(one.panels.len() == 2 && one.table.rows.iter().all(|row| row[3] == "≥ 20.0"), "{:?}", one.table.rows);
        assert!(one.caption.contains("and is a bound (≥)") && !one.caption.contains("furthest"), "{}", one.caption);
        let over_rates = shown(&sweep(&[1.0, 50.0], &[40.0])).unwrap();
        assert!(over_rates.panels[0].svg.contains("updates/s"));
        assert!(shown(&sweep(&[10.0, 50.0], &[0.0])).is_none());
        assert!(shown(&Sweep::quick().results()).is_none());
    }

    #[test]
    fn what_theory_does_not_know_is_left_out_and_said_to_be() {
        let mut results = sweep(&[10.0], &[0.0, 40.0, 80.0]);
        for path in results.runs.iter_mut().filter_map(|run| run.point.load.path.as_mut()) {
            path.jitter_ms = if path.rtt_ms.from > 50.0 { 5.0 } else { 0.0 };
        }
        let figure = shown(&results).unwrap();
        assert_eq!(figure.table.rows.len(), 4);
        assert!(figure.caption.contains("are not foretold"), "{}", figure.caption);
    }
}
