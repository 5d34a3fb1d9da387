//! What a link did, as it counts itself.

use hdrhistogram::Histogram;
use protocol::results::LinkUsage;

/// What a histogram holds at most, nanoseconds. What is later is counted as this: the point is void either way.
const NS_MAX: u64 = 60_000_000_000;

/// What happened since it was begun; see [`LinkUsage`].
#[derive(Debug)]
pub(super) struct Account {
    packets: u64,
    bytes: u64,
    pub(super) lost: u64,
    pub(super) cut: u64,
    pub(super) dropped: u64,
    lateness: Histogram<u64>,
    serialisation: Histogram<u64>,
}

impl Account {
    pub(super) fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, NS_MAX, 3).expect("valid bounds");
        let (lateness, serialisation) = (histogram(), histogram());
        Self { packets: 0, bytes: 0, lost: 0, cut: 0, dropped: 0, lateness, serialisation }
    }

    /// A packet was written whose write began then; the write before it had ended at `free_ns`.
    pub(super) fn written(&mut self, bytes: usize, due_ns: u64, free_ns: u64, begun_ns: u64) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.lateness.saturating_record(begun_ns.saturating_sub(due_ns.max(free_ns)));
        self.serialisation.saturating_record(free_ns.saturating_sub(due_ns));
    }

    /// It as it is stored, with what others count: packets dropped in the device's queue, and the thread's CPU time.
    pub(super) fn into_usage(self, dropped_by_device: u64, cpu_ns: u64) -> LinkUsage {
        let Self { packets, bytes, lost, cut, dropped, lateness, serialisation } = self;
        LinkUsage {
            packets,
            bytes,
            lost,
            cut,
            dropped: dropped + dropped_by_device,
            lateness: lateness.into(),
            serialisation: serialisation.into(),
            cpu_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_behind_others_is_not_late() {
        let mut account = Account::new();
        // The link was free before: woken 300 ns late.
        account.written(100, 1_000, 500, 1_300);
        // Due while the one before was written, and written at once.
        account.written(50, 1_200, 1_900, 1_900);
        let usage = account.into_usage(2, 7);
        assert_eq!((usage.packets, usage.bytes, usage.dropped, usage.cpu_ns), (2, 150, 2, 7));
        assert_eq!((usage.lateness.min(), usage.lateness.max()), (0, 300));
        assert_eq!((usage.serialisation.min(), usage.serialisation.max()), (0, 700));
    }
}
