//! Every limit beyond which a result is doubted or void, in one place. METHODOLOGY.md says why for each.

/// Linux acknowledges a connection's first 16 segments each at once; after so many updates it no longer does...
pub const UPDATES_BEFORE: u64 = 24;
/// ... but where updates are so many seconds apart it begins anew with each: after a gap longer than the retransmission time-out,
/// of about 200 ms.
pub const IDLE_GAP_S: f64 = 0.15;
/// So many updates after such a gap are acknowledged at once...
pub(super) const UPDATES_AT_ONCE: f64 = 16.0;
/// ... which is worth a word if they are so large a share of all.
pub(super) const AT_ONCE_SHARE: f64 = 0.05;

/// Above this share of one core, a thread cannot be trusted to have read in time: void.
pub(super) const WORKER_BUSY_MAX: f64 = 0.9;

/// For how much of the measure phase a worker may wait for a processor before that is doubtful, and before it voids.
pub(super) const STARVED: f64 = 0.05;
pub(super) const STARVED_VOID: f64 = 0.2;

/// The generator's lag, from the arrival of bytes in the kernel to their being read, is doubtful if its mean is more
/// than both this and this share of the mean latency, or its p99 of the p99...
pub(super) const LAG: Limit = Limit { ms: 0.2, share: 0.25 };
/// ... and void beyond these.
pub(super) const LAG_VOID: Limit = Limit { ms: 0.5, share: 0.50 };

/// The publisher's lateness matters to the tail if its p99 is more than both this and this share of the latency's p99.
pub(super) const LATE: Limit = Limit { ms: 1.0, share: 0.25 };
/// It voids if its mean is more than both this and this share of the mean latency.
pub(super) const LATE_VOID: Limit = Limit { ms: 1.0, share: 0.5 };

/// The share of a path's one-way delay that the link may be late, at its p99, or make a packet stand behind others, in the median: beyond it,
/// void.
pub(super) const LINK_VOID: f64 = 0.05;

/// For how much of the measure phase a quota may keep server or generator from running before that voids.
pub(super) const THROTTLED_VOID: f64 = 0.01;
/// The share of our processors that a hypervisor may take before it is worth a word, and before it voids.
pub(super) const STOLEN: f64 = 0.05;
pub(super) const STOLEN_VOID: f64 = 0.25;
/// The share of our processors that other work may take, stolen time included, before it is worth a word.
pub(super) const OTHER_WORK: f64 = 0.1;

/// A queue grows if the last slice's median is this many times the first's, and this much more.
pub(super) const BEHIND_TIMES: f64 = 3.0;
pub(super) const BEHIND_MS: f64 = 50.0;
/// Warm-up was not over if the halves' medians differ by more than both.
pub(super) const HALVES: Limit = Limit { ms: 0.2, share: 0.25 };

/// A part that matters if it is much in itself, and much of the whole: a share alone would condemn the fast.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    ms: f64,
    share: f64,
}

impl Limit {
    /// Whether a part of some whole, both milliseconds, is beyond it.
    pub(super) fn is_passed(self, part_ms: f64, of_ms: f64) -> bool {
        part_ms > self.ms && part_ms > self.share * of_ms
    }
}
