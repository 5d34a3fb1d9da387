//! The loads that may be tried: from the smallest, each a step larger than the one before it, the same for every contender.

use protocol::results::{Load, Search, SearchAxis};

use crate::points::Axis;

/// Significant digits of a rate, so that loads can be said.
const DIGITS: usize = 4;
/// Two loads that differ by less are one: a number is not always read as it was written.
const SAME: f64 = 1e-9;
const STEPS: std::ops::RangeInclusive<f64> = 0.01..=1.0;
/// More of them than anybody tries.
const LOADS_MAX: f64 = 1e9;

/// Loads in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    axis: SearchAxis,
    loads: Vec<f64>,
}

impl Grid {
    /// Says of bounds that leave nothing to search which they are, why, and what to give.
    pub(super) fn new(search: &Search) -> Result<Self, String> {
        let Search { axis, from, to, step, .. } = *search;
        let bounds = format!("{axis} from {from} to {to}");
        if !(from.is_finite() && to.is_finite() && from > 0.0 && to / from <= LOADS_MAX) {
            return Err(format!(
                "{bounds}: loads are numbers above 0, and no larger than {LOADS_MAX} times the smallest; give such bounds"
            ));
        }
        if !STEPS.contains(&step) {
            return Err(format!(
                "a step of {}%: neighbouring loads differ by 1 to 100%; give such a step",
                100.0 * step
            ));
        }
        if axis != SearchAxis::Rate && (from.fract() != 0.0 || to > f64::from(u32::MAX)) {
            return Err(format!("{bounds}: {axis} are whole numbers up to {}; give such bounds", u32::MAX));
        }
        let mut loads: Vec<f64> = Vec::new();
        for step_number in 0.. {
            let load = rounded(axis, from * (1.0 + step).powi(step_number));
            if load > to * (1.0 + SAME) {
                break;
            }
            if loads.last().is_none_or(|last| load > *last) {
                loads.push(load);
            }
        }
        if loads.len() < 2 {
            let next = from * (1.0 + step);
            return Err(format!(
                "{bounds}: there is nothing to search between them; let the largest be at least {next}"
            ));
        }
        Ok(Self { axis, loads })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.loads.len()
    }

    /// The one at a place.
    pub(super) fn load(&self, place: usize) -> f64 {
        self.loads[place]
    }

    /// Where a run's load stands; none of a load that is not one of these.
    pub(super) fn place(&self, load: &Load) -> Option<usize> {
        let load = axis_of(self.axis).of(load)?;
        let at = self.loads.partition_point(|known| *known < load * (1.0 - SAME));
        self.loads.get(at).is_some_and(|known| (known / load - 1.0).abs() <= SAME).then_some(at)
    }

    /// The largest load that is no more than twice that at a place, and larger than it if there is any.
    pub(super) fn doubled(&self, place: usize) -> usize {
        let twice = 2.0 * self.loads[place] * (1.0 + SAME);
        let within = self.loads.partition_point(|load| *load <= twice) - 1;
        within.max(place + 1).min(self.loads.len() - 1)
    }
}

/// What loads are called outside a search.
pub(crate) fn axis_of(axis: SearchAxis) -> Axis {
    match axis {
        SearchAxis::Rate => Axis::RateHz,
        SearchAxis::Clients => Axis::Clients,
        SearchAxis::Payload => Axis::PayloadBytes,
    }
}

fn rounded(axis: SearchAxis, load: f64) -> f64 {
    match axis {
        SearchAxis::Rate => format!("{load:.*e}", DIGITS - 1).parse().unwrap_or(load),
        SearchAxis::Clients | SearchAxis::Payload => load.round(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::synthetic;

    fn search(axis: SearchAxis, from: f64, to: f64, step: f64) -> Search {
        Search { axis, goals: Vec::new(), from, to, step, processes: 3, trial_s: 2.0, trial_updates: 100 }
    }

    fn load(clients: u32, rate_hz: f64, payload_bytes: u32) -> Load {
        Load { clients, engine: None, ..Load::of(synthetic(rate_hz, payload_bytes)) }
    }

    #[test]
    fn loads_are_a_step_apart_and_can_be_said() {
        let rates = Grid::new(&search(SearchAxis::Rate, 10.0, 12.0, 0.05)).unwrap();
        assert_eq!(rates.loads, [10.0, 10.5, 11.03, 11.58]);
        assert_eq!(rates.place(&load(1, 11.03, 64)), Some(2));
        assert_eq!((rates.place(&load(1, 11.0, 64)), rates.place(&load(1, 13.0, 64))), (None, None));
        let clients = Grid::new(&search(SearchAxis::Clients, 1.0, 6.0, 0.3)).unwrap();
        assert_eq!(clients.loads, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "whole ones, each once");
        assert_eq!(clients.place(&load(3, 10.0, 64)), Some(2));
        let bytes = Grid::new(&search(SearchAxis::Payload, 64.0, 128.0, 1.0)).unwrap();
        assert_eq!((bytes.loads.clone(), bytes.place(&load(3, 10.0, 128))), (vec![64.0, 128.0], Some(1)));
    }

    #[test]
    fn bounds_that_leave_nothing_to_search_are_refused() {
        for (axis, from, to, step, said) in [
            (
                SearchAxis::Rate,
                10.0,
                10.0,
                0.05,
                "rate from 10 to 10: there is nothing to search between them; let the largest be at least 10.5",
            ),
            (SearchAxis::Rate, 10.0, 5.0, 0.05, "nothing to search"),
            (SearchAxis::Rate, 0.0, 5.0, 0.05, "loads are numbers above 0"),
            (SearchAxis::Rate, 1.0, f64::INFINITY, 0.05, "loads are numbers above 0"),
            (SearchAxis::Rate, f64::NAN, 5.0, 0.05, "loads are numbers above 0"),
            (SearchAxis::Rate, 1.0, 5.0, 0.0, "a step of 0%: neighbouring loads differ by 1 to 100%"),
            (SearchAxis::Rate, 1.0, 5.0, f64::NAN, "neighbouring loads differ by"),
            (SearchAxis::Clients, 1.5, 5.0, 0.05, "clients from 1.5 to 5: clients are whole numbers"),
        ] {
            let error = Grid::new(&search(axis, from, to, step)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn twice_as_much_is_within_the_grid() {
        let grid = Grid::new(&search(SearchAxis::Rate, 10.0, 100.0, 0.05)).unwrap();
        assert!((grid.load(grid.doubled(0)) / 20.0 - 1.0).abs() < 0.05);
        assert_eq!(grid.doubled(grid.len() - 1), grid.len() - 1);
        let coarse = Grid::new(&search(SearchAxis::Rate, 10.0, 100.0, 1.0)).unwrap();
        assert_eq!(coarse.doubled(0), 1);
    }

    proptest! {
        #[test]
        fn every_load_has_its_place(from in 0.1..500.0_f64, times in 1.2..1e4_f64, step in 0.01..1.0_f64) {
            if let Ok(grid) = Grid::new(&search(SearchAxis::Rate, from, from * times, step)) {
                for place in 0..grid.len() {
                    prop_assert_eq!(grid.place(&load(1, grid.load(place), 64)), Some(place));
                    prop_assert!(grid.doubled(place) > place || place == grid.len() - 1);
                }
            }
        }
    }
}
