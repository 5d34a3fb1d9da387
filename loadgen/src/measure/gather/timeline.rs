//! The timeline: cheap samples of the server, at every stage of a fan-out, and bounded however long the run.

use protocol::results::TimelineSample;

/// From one sample to the next: it shares no factor with the gap between updates, or every sample would meet, and disturb, a fan-out at the same
/// stage. So it is a tenth of a second and 0.381966 of another, the golden ratio's square's share: of all fractions the one whose multiples come
/// least near to whole numbers. At rates in common use twenty samples leave no more than a ninth of the gap without one.
const PERIOD_NS: u64 = 138_196_601;
/// Samples at most: five and a half minutes of them, and more than a figure has pixels.
const SAMPLES_MAX: usize = 2_400;

/// When one looks again, so long after a run's beginning as the present look. Counted from there, lateness does not add up.
pub(super) fn next_look_ns(since_ns: u64) -> u64 {
    (since_ns / PERIOD_NS + 1) * PERIOD_NS
}

#[derive(Debug)]
pub(super) struct Timeline {
    samples: Vec<TimelineSample>,
    /// How many times rarer than at first they have become.
    thinned: u64,
    /// Periods since the run's beginning after which the next is due.
    next: u64,
}

impl Timeline {
    pub(super) fn new() -> Self {
        Self { samples: Vec::new(), thinned: 1, next: 0 }
    }

    /// Whether a sample is due so long after the run's beginning.
    pub(super) fn is_due(&self, since_ns: u64) -> bool {
        since_ns / PERIOD_NS >= self.next
    }

    /// A long run has no more samples than a short one, but fewer of any time: when there is no room, every other is
    /// dropped, and from then on half as many are taken.
    pub(super) fn add(&mut self, since_ns: u64, sample: TimelineSample) {
        if self.samples.len() == SAMPLES_MAX {
            let mut even = [true, false].into_iter().cycle();
            self.samples.retain(|_| even.next() == Some(true));
            self.thinned *= 2;
        }
        self.samples.push(sample);
        self.next = since_ns / PERIOD_NS + self.thinned;
    }

    pub(super) fn take(&mut self) -> Vec<TimelineSample> {
        std::mem::take(&mut self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the runtime's timers are.
    const LATE_NS: u64 = 1_100_000;

    /// Of a run that long: when it looks, and what it then has.
    fn looked(for_ns: u64) -> Timeline {
        let (mut timeline, mut since_ns) = (Timeline::new(), 0);
        while since_ns < for_ns {
            if timeline.is_due(since_ns) {
                let at_ms = since_ns as f64 / 1e6;
                timeline.add(since_ns, TimelineSample { at_ms, rss_bytes: 1, tcp_buffers_bytes: 1, cpu_ns: 1 });
            }
            assert!(timeline.samples.len() <= SAMPLES_MAX, "{since_ns}");
            since_ns = next_look_ns(since_ns) + LATE_NS;
        }
        timeline
    }

    #[test]
    fn it_is_bounded_and_even_however_long_the_run() {
        // Thirty hours.
        let timeline = looked(30 * 3_600 * 1_000_000_000);
        let gap_ms = (timeline.thinned * PERIOD_NS) as f64 / 1e6;
        assert!(timeline.samples.len() > SAMPLES_MAX / 2, "{}", timeline.samples.len());
        assert!(timeline.samples[0].at_ms < 1.0, "it begins at the beginning");
        // The first was not late.
        for pair in timeline.samples[1..].windows(2) {
            assert!((pair[1].at_ms - pair[0].at_ms - gap_ms).abs() < 1e-3, "{pair:?}");
        }
    }

    #[test]
    fn samples_meet_fan_outs_at_every_stage() {
        let timeline = looked(3_000_000_000);
        assert_eq!(timeline.samples.len(), 22, "of three seconds");
        for rate_hz in [1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 25.0, 40.0, 50.0, 100.0, 200.0] {
            let mut stages: Vec<f64> =
                timeline.samples[1..].iter().map(|sample| (sample.at_ms / 1e3 * rate_hz).fract()).collect();
            stages.sort_by(f64::total_cmp);
            let round = stages[0] + 1.0 - stages[stages.len() - 1];
            let empty = stages.windows(2).map(|pair| pair[1] - pair[0]).fold(round, f64::max);
            assert!(empty < 0.125, "at {rate_hz} a second no sample meets {empty} of the gap");
        }
    }
}
