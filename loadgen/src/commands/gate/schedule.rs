//! When a gate looks at what it has measured, and when it must be done.

use std::time::Duration;

use reports::{
    Look,
    compare::{LOOKS_MAX, Looks},
};

use crate::scenario::REPEATS_MIN;

/// So often may a gate be wrong at its limit.
const ALPHA: f64 = 0.05;

/// How long a gate measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extent {
    /// So many repeats, and one look.
    Repeats(u32),
    /// Until it is decided or so much time is spent, but [`REPEATS_MIN`] repeats at least.
    Budget(Duration),
}

/// When to look. It depends on time and repeats only, never on what was found.
#[derive(Debug)]
pub(super) struct Schedule {
    extent: Extent,
    /// Repeats at the first look, and how many there may be: the others are at multiples of them.
    planned: Option<(u32, Looks)>,
}

impl Schedule {
    pub(super) fn of(extent: Extent) -> Self {
        let planned = match extent {
            Extent::Repeats(repeats) => Some((repeats, Looks::of(1, ALPHA))),
            Extent::Budget(_) => None,
        };
        Self { extent, planned }
    }

    /// The look for which it is time after so many repeats, which took so long; nothing if it is not.
    pub(super) fn look_after(&mut self, repeats: u32, spent: Duration) -> Option<Look> {
        if let Extent::Budget(budget) = self.extent
            && self.planned.is_none()
        {
            self.planned = first_look(repeats, spent, budget);
        }
        let (first, looks) = self.planned?;
        repeats.is_multiple_of(first).then_some(Look { number: repeats / first, looks })
    }

    /// How many repeats there will be at most, as far as is known.
    pub(super) fn repeats_at_most(&self) -> Option<u32> {
        self.planned.map(|(first, looks)| first * looks.count())
    }
}

/// Whether it is time for the first look: as many looks as have [`REPEATS_MIN`] repeats each fill the budget.
fn first_look(repeats: u32, spent: Duration, budget: Duration) -> Option<(u32, Looks)> {
    let each = spent / repeats;
    let looks = (2..=LOOKS_MAX).rev().find(|looks| looks * REPEATS_MIN * each <= budget).unwrap_or(1);
    let is_time = repeats >= REPEATS_MIN && looks * (repeats + 1) * each > budget;
    is_time.then(|| (repeats, Looks::of(looks, ALPHA)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The repeats at which it looks and how many looks there may be, if a repeat takes so many seconds.
    fn looks(extent: Extent, repeat_s: u64) -> (Vec<u32>, u32) {
        let mut schedule = Schedule::of(extent);
        let mut at = Vec::new();
        for repeats in 1.. {
            let spent = Duration::from_secs(repeat_s * u64::from(repeats));
            let Some(look) = schedule.look_after(repeats, spent) else { continue };
            at.push(repeats);
            assert_eq!(look.number as usize, at.len());
            if look.is_last() {
                assert_eq!(schedule.repeats_at_most(), Some(repeats));
                return (at, look.looks.count());
            }
        }
        unreachable!("some look is the last")
    }

    #[test]
    fn a_fixed_number_is_looked_at_once() {
        assert_eq!(looks(Extent::Repeats(10), 5), (vec![10], 1));
    }

    #[test]
    fn a_budget_is_filled_with_three_looks_at_equal_distances() {
        let minutes = |minutes: u64| Extent::Budget(Duration::from_secs(60 * minutes));
        assert_eq!(looks(minutes(4), 11), (vec![7, 14, 21], 3));
        assert_eq!(looks(minutes(4), 1), (vec![80, 160, 240], 3));
        assert_eq!(looks(minutes(4), 15), (vec![8, 16], 2), "two of six or more fit");
        assert_eq!(looks(minutes(4), 25), (vec![9], 1), "one does, and fills it");
        assert_eq!(looks(minutes(4), 100), (vec![6], 1), "not even one, but fewer than six are no interval");
    }
}
