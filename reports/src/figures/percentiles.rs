//! The whole distribution of latency, with as much room for the last thousandth as for the first half.

use super::{
    draw::{Chart, Dot, Said, Scale, Series},
    figure::{Figure, Panel, Table},
    key::Key,
    over_axis,
    question::Question,
    source::Source,
};
use crate::{
    compare::{Case, Side},
    judge::takeaway::takeaway,
    metrics::{Metric, Quantile, Ranked},
};

/// The luckiest tenth would stretch the scale and tell nothing.
const FIRST: f64 = 0.1;
/// What is said and compared: of these the highest that is stated, and all of them.
const QUANTILES: [Quantile; 4] = [Quantile::P999, Quantile::P99, Quantile::P90, Quantile::P50];
/// Between two points of a line, in nines.
const STEP_NINES: f64 = 0.04;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let heaviest = source.comparison.heaviest_first();
    let drawn: Vec<&Case<'_>> =
        heaviest.iter().copied().filter(|case| case.sides.values().any(|side| drawn_of(side).is_some())).collect();
    let mut caption = "Each line says within which time that share of all expected deliveries arrived; the scale gives every \
                       further nine the same room. A line ends where fewer than ten updates lie beyond, or where what was \
                       delivered ends."
        .to_owned();
    // The heaviest.
    let most = source.sweep.panels_max();
    if drawn.len() > most {
        caption = format!("{caption} The {most} heaviest of {} loads are drawn.", drawn.len());
    }
    let said = drawn
        .first()
        .and_then(|case| QUANTILES.into_iter().find_map(|quantile| takeaway(case, Metric::LatencyMs(quantile))));
    caption.extend(said.map(|said| format!(" {said}")));
    let panels = drawn.iter().take(most).enumerate().filter_map(|(index, case)| panel(source, case, index)).collect();
    let (id, title) = ("percentiles", "Latency by percentile");
    Figure {
        id,
        title,
        question: Question::Late,
        compares: QUANTILES.map(Metric::LatencyMs).to_vec(),
        idle: None,
        lead: String::new(),
        caption: source.with_short_polls(caption),
        key: Key::Contenders,
        panels,
        table: Table::default(),
    }
}

fn panel(source: &Source<'_>, case: &Case<'_>, index: usize) -> Option<Panel> {
    let measured: Vec<_> =
        case.sides.iter().filter_map(|(contender, side)| Some((contender.drawn_as(), drawn_of(side)?))).collect();
    let highest = measured.iter().map(|(_, (_, highest))| *highest).reduce(f64::max)?;
    let at_ends = |(_, (latency, highest)): &(_, (Ranked<'_>, f64))| Some((latency.at(FIRST)?, latency.at(*highest)?));
    let ends: Vec<_> = measured.iter().filter_map(at_ends).collect();
    let least = ends.iter().map(|(least, _)| *least).reduce(f64::min)?;
    let greatest = ends.iter().map(|(_, greatest)| *greatest).reduce(f64::max)?;
    let x = Scale::nines("percentile", highest);
    let mut chart =
        Chart::new(&format!("latency, ms, at {}", source.sweep.name_of(&case.load)), x, Scale::log(least, greatest));
    for (transport, (latency, highest)) in measured {
        chart.series.push(Series { subject: transport.into(), dots: dots(latency, highest), marked: false });
    }
    // Within what is drawn.
    chart.words = over_axis::words(case, |_| highest.min(0.9));
    let svg = chart.svg(&format!("percentiles-{}", index + 1));
    Some(Panel { title: chart.heading(), svg })
}

/// What is drawn of a side, and up to which quantile.
fn drawn_of<'s>(side: &'s Side<'_>) -> Option<(Ranked<'s>, f64)> {
    let latency = side.ranked_latency()?;
    Some((latency, latency.highest()?))
}

fn dots(latency: Ranked<'_>, highest: f64) -> Vec<Dot> {
    let nines = -(1.0 - highest).log10();
    let steps = (nines / STEP_NINES).floor() as u32;
    (0..=steps)
        .map(|step| 1.0 - 10_f64.powf(-STEP_NINES * f64::from(step)))
        .filter(|quantile| *quantile >= FIRST)
        .filter_map(|quantile| Some(Dot { x: quantile, y: latency.at(quantile)?, spread: None, tip: Said::default() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::histogram;

    #[test]
    fn percentiles_without_updates_beyond_them_are_not_drawn() {
        let values = histogram((1..=1_000).map(|ms| ms * 1_000_000));
        let latency = Ranked { values: &values, expected: 1_000, updates: Some(100) };
        let dots = dots(latency, latency.highest().unwrap());
        assert!(dots.len() > 20 && dots.last().unwrap().x <= 0.9, "{}", dots.len());
    }
}
