//! The whole distribution of latency, with as much room for the last thousandth as for the first half.

use hdrhistogram::Histogram;

use super::{
    draw::{Chart, Dot, Scale, Series},
    figure::{Figure, Panel, Table},
    key::Key,
    over_axis,
    source::Source,
};
use crate::{
    compare::Case,
    judge::headline::takeaway,
    metrics::{Metric, Quantile},
};

/// So many loads have a panel, the heaviest.
const PANELS_MAX: usize = 4;
/// A percentile is drawn while so many deliveries lie beyond it.
const BEYOND_MIN: f64 = 10.0;
/// The luckiest tenth would stretch the scale and tell nothing.
const FIRST: f64 = 0.1;
/// Between two points of a line, in nines.
const STEP_NINES: f64 = 0.04;
const NS_PER_MS: f64 = 1e6;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let heaviest = source.comparison.heaviest_first();
    let drawn: Vec<&Case<'_>> =
        heaviest.iter().copied().filter(|case| case.sides.values().any(|side| side.latency().is_some())).collect();
    let mut caption = "Each line says within which time that share of the updates arrived; the scale gives every \
                       further nine the same room, and ends where fewer than ten deliveries are left."
        .to_owned();
    if drawn.len() > PANELS_MAX {
        caption = format!("{caption} The {PANELS_MAX} heaviest of {} loads are drawn.", drawn.len());
    }
    let said = drawn.first().and_then(|case| takeaway(case, Metric::LatencyMs(Quantile::P999)));
    caption.extend(said.map(|said| format!(" {said}")));
    let panels =
        drawn.iter().take(PANELS_MAX).enumerate().filter_map(|(index, case)| panel(source, case, index)).collect();
    let (id, title) = ("percentiles", "Latency by percentile");
    Figure { id, title, caption, key: Key::Contenders, panels, table: Table::default() }
}

fn panel(source: &Source<'_>, case: &Case<'_>, index: usize) -> Option<Panel> {
    let measured: Vec<_> =
        case.sides.iter().filter_map(|(contender, side)| Some((contender.drawn_as(), side.latency()?))).collect();
    let highest = measured.iter().map(|(_, latency)| highest(latency)).fold(0.0, f64::max);
    let least = measured.iter().map(|(_, latency)| latency.value_at_quantile(FIRST)).min()? as f64 / NS_PER_MS;
    let greatest = measured.iter().map(|(_, latency)| latency.value_at_quantile(highest)).max()? as f64 / NS_PER_MS;
    let x = Scale::nines("percentile", highest);
    let mut chart =
        Chart::new(&format!("latency, ms, at {}", source.sweep.name_of(&case.load)), x, Scale::log(least, greatest));
    for (transport, latency) in measured {
        chart.series.push(Series { subject: transport.into(), dots: dots(latency), marked: false });
    }
    chart.words = over_axis::words(case, |_| 0.9);
    let svg = chart.svg(&format!("percentiles-{}", index + 1));
    Some(Panel { title: chart.heading(), svg })
}

/// The highest quantile that enough deliveries lie beyond.
fn highest(latency: &Histogram<u64>) -> f64 {
    (1.0 - BEYOND_MIN / latency.len() as f64).max(0.5)
}

fn dots(latency: &Histogram<u64>) -> Vec<Dot> {
    let nines = -(1.0 - highest(latency)).log10();
    let steps = (nines / STEP_NINES).floor() as u32;
    (0..=steps)
        .map(|step| 1.0 - 10_f64.powf(-STEP_NINES * f64::from(step)))
        .filter(|quantile| *quantile >= FIRST)
        .map(|quantile| {
            let y = latency.value_at_quantile(quantile) as f64 / NS_PER_MS;
            Dot { x: quantile, y, spread: None, tip: String::new() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::histogram;

    #[test]
    fn percentiles_without_deliveries_beyond_them_are_not_drawn() {
        let few = histogram((1..=1_000).map(|ms| ms * 1_000_000));
        assert!((highest(&few) - 0.99).abs() < 1e-9);
        assert!(dots(&few).last().unwrap().x <= 0.99);
    }
}
