//! What a trial left: the runs of each arm, and what the schedule says must be in them.

use std::{ops::RangeInclusive, path::PathBuf};

use protocol::results::{Manifest, Run};
use reports::{Results, Warning, warnings};

use super::planted::{CLIENTS, EVERY, MEASURE_MS, OF_CLIENTS, RATE_HZ, STALL_AT_MS, STALL_MS, WARM_UP_MS};

/// The runs of a trial, by arm.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) manifest: Manifest,
    pub(super) arms: Vec<Vec<Run>>,
}

impl Evidence {
    /// The first run, of cases that have but one.
    pub(super) fn run(&self) -> &Run {
        &self.arms[0][0]
    }

    /// What voids the runs of the first arm.
    pub(super) fn voids(&self) -> Vec<Warning> {
        let results = Results::new(PathBuf::new(), self.manifest.clone(), self.arms[0].clone());
        warnings(&results).into_iter().filter(Warning::voids_point).collect()
    }
}

/// The updates due in the measure phase: the first of the stream has `seq` 1 and is due at 0.
pub(super) fn seqs() -> RangeInclusive<u64> {
    let before = |ms: u64| (ms * RATE_HZ).div_ceil(1_000);
    before(WARM_UP_MS) + 1..=before(WARM_UP_MS + MEASURE_MS)
}

/// Deliveries that are tampered with.
pub(super) fn tampered() -> u64 {
    let updates = seqs().filter(|seq| seq.is_multiple_of(EVERY)).count() as u64;
    updates * u64::from(CLIENTS).div_ceil(OF_CLIENTS)
}

/// How long each update of the measure phase waits for the end of the stall, milliseconds, ascending.
pub(super) fn waits_ms() -> Vec<u64> {
    let stalled_ms = STALL_AT_MS..STALL_AT_MS + STALL_MS;
    let due_ms = seqs().map(|seq| (seq - 1) * 1_000 / RATE_HZ);
    let mut waits: Vec<u64> = due_ms.map(|ms| if stalled_ms.contains(&ms) { stalled_ms.end - ms } else { 0 }).collect();
    waits.sort_unstable();
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_says_what_must_be_found() {
        assert_eq!(seqs(), 26..=175);
        assert_eq!(tampered(), 25 * 7, "30, 36, .. 174 for 0, 3, .. 18");
        assert!(!seqs().end().is_multiple_of(EVERY), "a swap needs a successor");
        let waits = waits_ms();
        assert_eq!((waits.len(), &waits[128..132], waits[149]), (150, &[0, 0, 10, 30][..], 390));
    }
}
