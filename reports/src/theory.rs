//! What theory says of polling: which updates find no long poll, how long those wait, and how long updates wait for a short poll.
//!
//! After an answer was sent, the server has no poll for one round trip: half of it until the answer has come, half until the
//! next poll has (RFC 6202, section 2.2). Call that a window. If nothing was due in it, the poll parks, and the next update
//! ends that; otherwise it is answered on arrival, and the next window begins at once. METHODOLOGY.md derives what follows.

use protocol::results::Arrivals;

/// How updates meet one client's polls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Polling {
    /// The share of updates that find a poll parked at the server: those do not wait.
    pub(crate) parked: f64,
    /// The share that is due after the client has sent the poll that fetches it, and first in its answer: what the generator counts
    /// as having found one, for it sees when a poll was sent, and not when it came.
    pub(crate) sent: f64,
    /// How long the server has no poll after an answer.
    window_ms: f64,
}

impl Polling {
    /// At a mean rate, where the server has no poll for so long after an answer: the round trip, and what both ends take.
    pub(crate) fn at(arrivals: Arrivals, rate_hz: f64, window_ms: f64) -> Self {
        // Updates due in a window, in the mean.
        let due = rate_hz * window_ms / 1e3;
        let (parked, sent) = match arrivals {
            // The poll is there before each next update. (Gaps as long as the round trip are shorter than a window, which has the
            // server's time in it, too.)
            Arrivals::Constant if due < 1.0 => (1.0, 1.0),
            // No window is ever empty again. Its first update is due anywhere in one gap, so that a gap longer than half
            // a window leaves some firsts to the second half, when the next poll is under way.
            Arrivals::Constant => (0.0, (1.0 / due - 0.5).max(0.0)),
            // A window is empty with probability exp(-due): one parked update for each, and due others.
            Arrivals::Poisson => {
                let updates = due + (-due).exp();
                ((-due).exp() / updates, (-due / 2.0).exp() / updates)
            }
        };
        Self { parked, sent, window_ms }
    }

    /// A quantile of how long updates wait for a poll: none if it was there, else evenly up to a whole window.
    pub(crate) fn wait_ms(self, quantile: f64) -> f64 {
        let waiting = (quantile - self.parked) / (1.0 - self.parked);
        if quantile > self.parked { self.window_ms * waiting } else { 0.0 }
    }
}

/// A quantile of how long updates wait for a short poll, which comes at every so many intervals as a round trip takes: evenly up to that.
pub(crate) fn short_poll_wait_ms(interval_ms: f64, round_trip_ms: f64, quantile: f64) -> f64 {
    quantile * interval_ms * (round_trip_ms / interval_ms).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    const WINDOW_MS: f64 = 40.0;
    const WINDOWS: usize = 100_000;

    /// What came of one window, and of the parked poll after it, if nothing was due in it.
    #[derive(Default)]
    struct Cycle {
        parked: f64,
        sent: f64,
        waits_ms: Vec<f64>,
    }

    /// Plays polls and answers out, one after the other.
    fn played(mut gap_ms: impl FnMut() -> f64) -> Vec<Cycle> {
        // The answer before was sent then.
        let (mut from_ms, mut due_ms) = (0.0, gap_ms());
        let cycle = |_| {
            let (mut cycle, poll_ms) = (Cycle::default(), from_ms + WINDOW_MS);
            let first_ms = due_ms;
            while due_ms < poll_ms {
                cycle.waits_ms.push(poll_ms - due_ms);
                due_ms += gap_ms();
            }
            cycle.sent = f64::from(u8::from(first_ms >= from_ms + WINDOW_MS / 2.0));
            from_ms = poll_ms;
            if cycle.waits_ms.is_empty() {
                (cycle.parked, from_ms) = (1.0, due_ms);
                cycle.waits_ms.push(0.0);
                due_ms += gap_ms();
            }
            cycle
        };
        (0..WINDOWS).map(cycle).collect()
    }

    /// A ratio of two sums over cycles, and its standard error (Cochran, "Sampling Techniques", 1977, section 6.3).
    fn share(cycles: &[Cycle], of: impl Fn(&Cycle) -> f64) -> (f64, f64) {
        let all: f64 = cycles.iter().map(|cycle| cycle.waits_ms.len() as f64).sum();
        let share = cycles.iter().map(&of).sum::<f64>() / all;
        let squares: f64 = cycles.iter().map(|cycle| (of(cycle) - share * cycle.waits_ms.len() as f64).powi(2)).sum();
        (share, squares.sqrt() / all)
    }

    /// Waits are as long as a window at most, evenly.
    fn mean_wait_ms(theory: Polling) -> f64 {
        WINDOW_MS * (1.0 - theory.parked) / 2.0
    }

    #[test]
    fn of_poisson_streams_it_says_what_happens() {
        let mut noise = Noise::new(6202);
        for rate_hz in [1.0, 10.0, 50.0, 200.0] {
            let theory = Polling::at(Arrivals::Poisson, rate_hz, WINDOW_MS);
            // Cycles are independent: a renewal process.
            let cycles = played(|| -(1.0 - noise.unit()).ln() * 1e3 / rate_hz);
            let agrees = |said: f64, of: &dyn Fn(&Cycle) -> f64| {
                let (found, error) = share(&cycles, of);
                assert!((found - said).abs() < 4.0 * error, "{rate_hz}: {found} ± {error}, not {said}");
            };
            agrees(theory.parked, &|cycle| cycle.parked);
            agrees(theory.sent, &|cycle| cycle.sent);
            agrees(mean_wait_ms(theory), &|cycle| cycle.waits_ms.iter().sum());
            // As large a share lies below a quantile as its name says, where there are several waits to choose from.
            for quantile in [0.5, 0.9, 0.99].into_iter().filter(|quantile| *quantile > theory.parked) {
                let wait_ms = theory.wait_ms(quantile);
                agrees(quantile, &|cycle| cycle.waits_ms.iter().filter(|ms| **ms <= wait_ms).count() as f64);
            }
        }
    }

    #[test]
    fn of_even_streams_it_says_what_happens() {
        let golden = f64::midpoint(1.0, 5.0_f64.sqrt());
        for gap_ms in [WINDOW_MS * golden, WINDOW_MS / golden, WINDOW_MS / (2.0 + golden)] {
            let theory = Polling::at(Arrivals::Constant, 1e3 / gap_ms, WINDOW_MS);
            let cycles = played(|| gap_ms);
            let updates: f64 = cycles.iter().map(|cycle| cycle.waits_ms.len() as f64).sum();
            // Windows turn within a gap by the golden ratio: n of them fill no interval by more than so much too well or too badly
            // (Kuipers and Niederreiter, "Uniform Distribution of Sequences", 1974, theorem 2.3.4), and no sum below
            // varies by more than four a window with their phase (Koksma's inequality).
            let n = WINDOWS as f64;
            let bound = 4.0 * (3.0 + (1.0 / golden.ln() + 1.0 / 2.0_f64.ln()) * n.ln()) / n;
            let agrees = |said: f64, sum: f64| {
                let found = sum / updates;
                assert!((found - said).abs() < bound, "{gap_ms}: {found} ± {bound}, not {said}");
            };
            agrees(theory.parked, cycles.iter().map(|cycle| cycle.parked).sum());
            agrees(theory.sent, cycles.iter().map(|cycle| cycle.sent).sum());
            agrees(
                mean_wait_ms(theory) / WINDOW_MS,
                cycles.iter().flat_map(|cycle| &cycle.waits_ms).sum::<f64>() / WINDOW_MS,
            );
            for quantile in [0.1, 0.5, 0.9] {
                let wait_ms = theory.wait_ms(quantile);
                let below = cycles.iter().flat_map(|cycle| &cycle.waits_ms).filter(|ms| **ms <= wait_ms).count() as f64;
                agrees(if theory.parked > 0.0 { 1.0 } else { quantile }, below);
            }
        }
    }

    #[test]
    fn a_short_poll_that_is_under_way_for_longer_than_its_interval_comes_less_often() {
        let medians = [0.0, 90.0, 110.0].map(|round_trip_ms| short_poll_wait_ms(100.0, round_trip_ms, 0.5));
        assert!(medians.iter().zip([50.0, 50.0, 100.0]).all(|(ms, said)| (ms - said).abs() < 1e-9), "{medians:?}");
    }

    #[test]
    fn a_round_trip_as_long_as_a_gap_parks_no_poll_in_time() {
        assert!(Polling::at(Arrivals::Constant, 25.0, 40.0).parked < 0.5);
        assert!(Polling::at(Arrivals::Constant, 25.0, 39.9).parked > 0.5);
        // Where there is no time without a poll, all find one.
        for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
            let none = Polling::at(arrivals, 50.0, 0.0);
            assert!((none.parked - 1.0).abs() < 1e-12 && none.wait_ms(0.99) < 1e-12, "{none:?}");
        }
    }
}
