//! Whether a trial left more and more undone: then its load is too much, however short the delays still are.

use protocol::results::Run;

use crate::validity::grown_ms;

/// A load that exceeds what a server can do by a share of that makes it later by the same share of the time that passes. Half a step of
/// the grid is the least that the search could tell from none.
const OF_STEP: f64 = 0.5;
/// Between the middles of the first third and the last.
const APART: f64 = 2.0 / 3.0;
/// Fewer updates have no thirds worth comparing.
const UPDATES_MIN: usize = 12;

/// Whether delays grew through a trial as they do where more is due than can be done.
///
/// They did if the median delay of the last third exceeds that of the first by more than half a step of the time between, and if three
/// quarters of the last third were later than three quarters of the first: a pause, wherever it fell, moves no quartile of a third, and
/// delays that go up and down overlap. A trial with so many updates that they are not listed is judged by its slices.
pub(super) fn is_growing(run: &Run, step: f64) -> bool {
    let last_us = &run.fan_out.last_in_order_us;
    if last_us.is_empty() {
        return grown_ms(run).is_some();
    }
    let third = last_us.len() / 3;
    if last_us.len() < UPDATES_MIN {
        return false;
    }
    let [first, last] = [&last_us[..third], &last_us[last_us.len() - third..]].map(quartiles);
    let grown_us = last[1] as f64 - first[1] as f64;
    grown_us > OF_STEP * step * APART * run.phases.measure_s * 1e6 && last[0] > first[2]
}

fn quartiles(values: &[u64]) -> [u64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    [1, 2, 3].map(|quarter| sorted[(sorted.len() * quarter / 4).min(sorted.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture::Sweep, noise::Noise};

    const STEP: f64 = 0.05;

    /// A trial of 2 s.
    fn trial() -> Run {
        let mut run = Sweep { clients: vec![10], ..Sweep::quick() }.results().runs.remove(0);
        run.phases.measure_s = 2.0;
        run
    }

    /// Whether it grows, if the updates' last receivers had these delays, milliseconds.
    fn grows(run: &mut Run, last_ms: impl Iterator<Item = f64>) -> bool {
        run.fan_out.last_in_order_us = last_ms.map(|ms| (1e3 * ms) as u64).collect();
        is_growing(run, STEP)
    }

    /// Of a queue with one server: updates evenly, each done after a time of its own.
    fn queue(load: f64, seed: u64) -> impl Iterator<Item = f64> {
        const GAP_MS: f64 = 10.0;
        let (mut noise, mut free_ms) = (Noise::new(seed), 0.0_f64);
        (0..200).map(move |update| {
            let due_ms = f64::from(update) * GAP_MS;
            free_ms = due_ms.max(free_ms) + load * GAP_MS * (1.0 + 0.3 * noise.normal()).max(0.0);
            free_ms - due_ms
        })
    }

    #[test]
    fn a_step_too_much_is_a_growing_backlog_and_a_step_less_is_none() {
        let mut run = trial();
        let mut of_100 = |load| (0..100).filter(|seed| grows(&mut run, queue(load, *seed))).count();
        let [above, far_above] = [1.0 + STEP, 1.0 + 2.0 * STEP].map(&mut of_100);
        assert!(above > 75 && far_above == 100, "most trials see a step too much: {above}, two: {far_above}");
        let [below, far_below] = [1.0 - STEP, 1.0 - 2.0 * STEP].map(&mut of_100);
        assert!(below < 5 && far_below == 0, "a queue near the limit wanders: {below}, {far_below}");
    }

    #[test]
    fn a_pause_a_swing_and_a_few_updates_are_none() {
        let mut run = trial();
        for from in 0..=110 {
            let pause = (0..120).map(|update| if (from..from + 10).contains(&update) { 200.0 } else { 5.0 });
            assert!(!grows(&mut run, pause), "updates from the {from}th of 120");
        }
        assert!(!grows(&mut run, (0..120).map(|update| 100.0 + 90.0 * (f64::from(update) / 10.0).sin())));
        assert!(!grows(&mut run, (0..11).map(|update| 1_000.0 * f64::from(update))), "too few to say");
        assert!(grows(&mut run, (0..12).map(|update| 1_000.0 * f64::from(update))));
    }

    #[test]
    fn what_is_not_listed_is_judged_by_its_slices() {
        let mut run = trial();
        assert!(!grows(&mut run, std::iter::empty()));
        for (slice, ms) in run.slices.iter_mut().zip(1..) {
            slice.latency = crate::fixture::histogram([20_000_000 * ms; 10]);
        }
        assert!(grows(&mut run, std::iter::empty()));
    }
}
