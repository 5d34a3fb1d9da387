//! A map's cells as numbers: which ratio stands where, where the border runs, and what that comes to in words.

use crate::{
    compare::{PointStatus, Ratio, Slice, Verdict},
    metrics::Metric,
    points::{Axis, Contender},
    words::{listed, setting, times, updates},
};

/// Whoever's interval ends under it is as good: the gate's limit for the last receiver's p90.
const AS_GOOD: f64 = 1.5;

/// A transport's figure over WebSocket's, by rate and round trip.
pub(super) struct Grid {
    /// Whose.
    pub(super) who: Contender,
    /// Updates a second, ascending: columns.
    pub(super) rates_hz: Vec<f64>,
    /// Round trips, milliseconds, ascending: rows.
    pub(super) rtts_ms: Vec<f64>,
    /// Row by row; none where nothing was measured.
    pub(super) cells: Vec<Vec<Option<Cell>>>,
    /// The ratio of each pair of runs, cell by cell.
    pub(super) pairs: Vec<Vec<Vec<f64>>>,
}

/// What a load says.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Is(Ratio),
    /// A point of it is void, or failed.
    Void,
    /// Too few updates, or a value of nought.
    Unstated,
}

/// What is said of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Standing {
    Worse,
    /// Not shown to be worse, and not by half: its interval ends before that.
    AsGood,
    /// Neither.
    Open,
}

impl Grid {
    /// Of who is compared under the loads of a slice, each by the first of the figures that is stated there; none unless both axes vary.
    pub(super) fn of(slice: &Slice<'_>, compared: Contender, metrics: &[Metric]) -> Option<Self> {
        let values = |axis: Axis| {
            let mut values: Vec<f64> = slice.cases.iter().filter_map(|case| axis.of(&case.load)).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            (values.len() > 1).then_some(values)
        };
        let (rates_hz, rtts_ms) = (values(Axis::RateHz)?, values(Axis::RttMs)?);
        let cell = |rtt_ms: f64, rate_hz: f64| {
            let is_here = |axis: Axis, at: f64, load| axis.of(load).is_some_and(|value| value.total_cmp(&at).is_eq());
            let case = slice
                .cases
                .iter()
                .find(|case| is_here(Axis::RttMs, rtt_ms, &case.load) && is_here(Axis::RateHz, rate_hz, &case.load))?;
            case.sides.get(&compared)?;
            let both = case.sides.iter().filter(|(who, _)| **who == compared || who.is_baseline());
            let is_void = both.into_iter().any(|(_, side)| *side.status() != PointStatus::Valid);
            // Of the first that has one.
            let found = metrics.iter().find_map(|metric| Some((case.ratio(compared, *metric)?, *metric)));
            let pairs = found.map(|(_, metric)| case.ratios(compared, metric)).unwrap_or_default();
            let ratio = found.map_or(Cell::Unstated, |(ratio, _)| Cell::Is(ratio));
            Some((if is_void { Cell::Void } else { ratio }, pairs))
        };
        let place = |rtt_ms: f64, rate_hz: f64| {
            cell(rtt_ms, rate_hz).map_or((None, Vec::new()), |(cell, pairs)| (Some(cell), pairs))
        };
        let row = |rtt_ms: &f64| rates_hz.iter().map(|rate_hz| place(*rtt_ms, *rate_hz)).unzip();
        let (cells, pairs): (Vec<Vec<_>>, _) = rtts_ms.iter().map(row).unzip();
        cells.iter().flatten().any(|cell| matches!(cell, Some(Cell::Is(_)))).then_some(Self {
            who: compared,
            rates_hz,
            rtts_ms,
            cells,
            pairs,
        })
    }

    fn standing(&self, row: usize, column: usize) -> Option<Standing> {
        let Some(Cell::Is(ratio)) = self.cells.get(row)?.get(column)? else { return None };
        // A single repeat says nothing.
        let (_, most) = ratio.interval()?;
        Some(match ratio.verdict() {
            Verdict::More => Standing::Worse,
            _ if most < AS_GOOD => Standing::AsGood,
            _ => Standing::Open,
        })
    }

    /// Between a cell where it is worse and one beside it where that is not shown: from one place to another, cells being
    /// one wide and one high around whole numbers.
    pub(super) fn border(&self) -> Vec<[(f64, f64); 2]> {
        let mut edges = Vec::new();
        let is_worse = |row, column| self.standing(row, column).map(|standing| standing == Standing::Worse);
        for row in 0..self.rtts_ms.len() {
            for column in 0..self.rates_hz.len() {
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                let changes = |other: Option<bool>| other.zip(is_worse(row, column)).is_some_and(|(a, b)| a != b);
                edges.extend(changes(is_worse(row, column + 1)).then_some([(x, y - 1.0), (x, y)]));
                edges.extend(changes(is_worse(row + 1, column)).then_some([(x - 1.0, y), (x, y)]));
            }
        }
        edges
    }

    /// Where rate times round trip is 1, in the same places.
    pub(super) fn unity(&self) -> Vec<(f64, f64)> {
        const STEPS: u32 = 64;
        let shares: Vec<f64> = (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS)).collect();
        let top = self.rtts_ms.len() as f64 - 1.0;
        // By round trip, for rates are nowhere nought.
        let at = |share: &f64| {
            let y = -0.5 + share * (top + 1.0);
            let rtt_ms = value_at(&self.rtts_ms, y);
            let x = place_of(&self.rates_hz, 1e3 / rtt_ms).filter(|_| rtt_ms > 0.0)?;
            Some((x, y))
        };
        shares.iter().filter_map(at).collect()
    }

    /// What the map comes to: up to which rate it is as good, by round trip, and how much worse it is elsewhere.
    pub(super) fn sentence(&self) -> String {
        let (mut said, mut worse, mut open) = (Vec::<(String, Vec<String>)>::new(), Vec::new(), 0);
        for (row, rtt_ms) in self.rtts_ms.iter().enumerate() {
            let standings: Vec<_> = (0..self.rates_hz.len()).map(|column| self.standing(row, column)).collect();
            // A cell of which nothing is known ends nothing, if a faster one is good; it is counted below.
            let not_worse = standings.iter().take_while(|standing| **standing != Some(Standing::Worse));
            let good = not_worse.collect::<Vec<_>>().iter().rposition(|standing| **standing == Some(Standing::AsGood));
            let how_far = match (good, standings[0]) {
                (Some(last), _) if last + 1 == standings.len() => "at every rate".to_owned(),
                (Some(last), _) => format!("up to {}/s", updates(self.rates_hz[last])),
                (None, Some(Standing::Worse)) => "at no rate".to_owned(),
                (None, _) => "as far as is shown at no rate".to_owned(),
            };
            let rtt = setting(*rtt_ms);
            match said.last_mut().filter(|(before, _)| *before == how_far) {
                Some((_, rtts)) => rtts.push(rtt),
                None => said.push((how_far, vec![rtt])),
            }
            open += standings.iter().filter(|standing| matches!(standing, None | Some(Standing::Open))).count();
            let is_worse = standings.iter().map(|standing| *standing == Some(Standing::Worse));
            worse.extend(is_worse.zip(&self.cells[row]).filter_map(|(is_worse, cell)| match cell {
                Some(Cell::Is(ratio)) if is_worse => Some(ratio.value()),
                _ => None,
            }));
        }
        let (it, is) = if self.who.title().ends_with('s') { ("they", "are") } else { ("it", "is") };
        let said = said
            .into_iter()
            .map(|(how_far, rtts)| format!("{how_far} with a round trip of {} ms", listed(&rtts, "or")));
        let good = format!(
            "On this machine {} {is} as good as WebSocket {}.",
            self.who.title(),
            listed(&said.collect::<Vec<_>>(), "and")
        );
        let (least, most) = (worse.iter().copied().reduce(f64::min), worse.into_iter().reduce(f64::max));
        let worse = least.zip(most).map(|(least, most)| {
            let [least, most] = [least, most].map(|ratio| times(ratio).trim_end_matches('×').to_owned());
            let range = if least == most { most } else { format!("{least} to {most}") };
            format!("Where {it} {is} worse, updates arrive {range} times as late.")
        });
        let all = self.rtts_ms.len() * self.rates_hz.len();
        let open = (open > 0).then(|| format!("Of {open} of {all} cells neither is shown."));
        [Some(good), worse, open].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A rate's place among those that were measured, as ratios go; none if it lies off the map.
fn place_of(values: &[f64], at: f64) -> Option<f64> {
    let below = values.iter().rposition(|value| *value <= at).unwrap_or(0).min(values.len() - 2);
    let place = below as f64 + (at / values[below]).ln() / (values[below + 1] / values[below]).ln();
    (-0.5..=values.len() as f64 - 0.5).contains(&place).then_some(place)
}

/// The round trip at a place, evenly between those that were measured, and on as between the nearest two.
fn value_at(values: &[f64], place: f64) -> f64 {
    let below = (place.max(0.0) as usize).min(values.len() - 2);
    values[below] + (place - below as f64) * (values[below + 1] - values[below])
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::*;

    /// Rows of ratios, from the least round trip; nought is void.
    fn grid(rows: &[&[f64]]) -> Grid {
        let cell = |ratio: &f64| {
            // Two pairs that agree within a thousandth: an interval of a tenth to either side.
            let pairs = [(ratio * 0.999, 1.0), (ratio * 1.001, 1.0), (*ratio, 1.0)];
            Some(Ratio::paired(&pairs).map_or(Cell::Void, Cell::Is))
        };
        Grid {
            who: Contender { transport: Transport::LongPoll, arm: None },
            rates_hz: [1.0, 5.0, 20.0, 50.0][..rows[0].len()].to_vec(),
            rtts_ms: [0.0, 20.0, 60.0, 180.0][..rows.len()].to_vec(),
            cells: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
            pairs: Vec::new(),
        }
    }

    #[test]
    fn the_border_lies_between_what_is_worse_and_what_is_not() {
        let edges = grid(&[&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.8], &[1.0, 2.0, 2.0]]).border();
        assert_eq!(edges.len(), 4, "{edges:?}");
        for edge in
            [[(1.5, 0.5), (1.5, 1.5)], [(1.5, 0.5), (2.5, 0.5)], [(0.5, 1.5), (0.5, 2.5)], [(0.5, 1.5), (1.5, 1.5)]]
        {
            assert!(edges.contains(&edge), "{edge:?} in {edges:?}");
        }
        assert_eq!(
            grid(&[&[1.0, 0.0, 2.0], &[0.0, 2.0, 2.0]]).border(),
            [[(0.0, 0.0); 2]; 0],
            "a void cell borders on nothing"
        );
        let mut once = grid(&[&[1.0, 3.0], &[1.0, 3.0]]);
        once.cells[0] = [1.0, 3.0].map(|ratio| Ratio::paired(&[(ratio, 1.0)]).map(Cell::Is)).to_vec();
        assert_eq!(once.border(), [[(0.5, 0.5), (0.5, 1.5)]], "nor does a single repeat");
    }

    #[test]
    fn the_sentence_says_how_far_and_by_how_much() {
        for (rows, said) in [
            (
                &[&[1.0, 1.0, 1.0][..], &[1.0, 1.0, 1.42], &[1.0, 2.0, 2.5], &[1.2, 2.0, 2.81]][..],
                "at every rate with a round trip of 0 ms, up to 5 updates/s with a round trip of 20 ms, up to 1 update/s with a round trip of 60 ms and \
                 at no rate with a round trip of 180 ms. Where it is worse, updates arrive 1.20 to 2.81 times as late.",
            ),
            (
                &[&[0.5, 0.9], &[0.0, 3.0]],
                "at every rate with a round trip of 0 ms and as far as is shown at no rate with a round trip of 20 ms. Where it is worse, \
                 updates arrive 3.00 times as late. Of 1 of 4 cells neither is shown.",
            ),
            (
                &[&[1.0, 0.0, 1.0], &[0.0, 1.0, 2.0]],
                "at every rate with a round trip of 0 ms and up to 5 updates/s with a round trip of 20 ms. Where it is worse, updates arrive \
                 2.00 times as late. Of 2 of 6 cells neither is shown.",
            ),
            (&[&[1.0, 1.0], &[1.0, 1.0], &[1.0, 1.0]], "at every rate with a round trip of 0, 20 or 60 ms."),
        ] {
            assert_eq!(grid(rows).sentence(), format!("On this machine long polling is as good as WebSocket {said}"));
        }
    }

    #[test]
    fn what_repeats_leave_open_is_not_as_good() {
        let mut grid = grid(&[&[1.0, 2.0], &[1.0, 2.0]]);
        grid.cells[1][0] = Ratio::paired(&[(0.5, 1.0), (2.5, 1.0), (1.0, 1.0)]).map(Cell::Is);
        assert_eq!((grid.standing(1, 0), grid.standing(1, 1)), (Some(Standing::Open), Some(Standing::Worse)));
        assert!(
            grid.sentence().contains("as far as is shown at no rate with a round trip of 20 ms"),
            "{}",
            grid.sentence()
        );
    }

    #[test]
    fn an_update_a_round_trip_is_a_line_through_the_map() {
        let grid = grid(&[&[1.0; 4], &[1.0; 4], &[1.0; 4], &[1.0; 4]]);
        let line = grid.unity();
        assert!(line.len() > 20, "{line:?}");
        for (x, y) in line {
            let (rtt_ms, column) =
                (value_at(&grid.rtts_ms, y), place_of(&grid.rates_hz, 1e3 / value_at(&grid.rtts_ms, y)));
            assert!(rtt_ms > 0.0 && column.is_some_and(|column| (column - x).abs() < 1e-9), "{x} {y}");
        }
        assert!((place_of(&grid.rates_hz, 50.0).unwrap() - 3.0).abs() < 1e-9);
        assert!((place_of(&grid.rates_hz, 10.0).unwrap() - 1.5).abs() < 1e-9, "halfway from 5 to 20, as ratios go");
        assert_eq!((place_of(&grid.rates_hz, 0.1), place_of(&grid.rates_hz, 100.0)), (None, None));
    }
}
