//! How a client comes back, and when it is current reconnect.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use rand::{Rng, RngExt};

/// The longest pause before the first try to connect again; it doubles with every try.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause of all.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long to pause before a try, of which there were so many in vain: anything between none and the longest ("full
/// jitter": M. Brooker, Exponential Backoff and Jitter, 2015), so that clients who lost their server together do not return
/// together.
pub(super) fn backoff(tries: u32, rng: &mut impl Rng) -> Duration {
    let longest = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(tries)).min(PAUSE_MAX);
    Duration::from_secs_f64(rng.random_range(0.0..longest.as_secs_f64()))
}

/// When something was done to all clients, 0 while nothing was. One thread writes.
#[derive(Debug, Clone, Default)]
pub struct Disturbed(Arc<AtomicU64>);

impl Disturbed {
    /// It is about to be done.
    pub fn set(&self, at_ns: u64) {
        self.0.store(at_ns, Relaxed);
    }

    /// When it was, if it was.
    pub fn at_ns(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|at_ns| *at_ns > 0)
    }
}

/// A client's way back. Times are of [`protocol::clock`], 0 for not yet.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_field_names, reason = "units stand last in names")]
pub struct Reconnect {
    /// When its last connection was begun, but for the first.
    begun_ns: u64,
    /// When it was connected reconnect.
    connected_ns: u64,
    /// When it last received something, or was connected reconnect.
    so_far_ns: u64,
    current_ns: u64,
}

impl Reconnect {
    pub(super) fn begun(&mut self, at_ns: u64) {
        self.begun_ns = at_ns;
    }

    /// It is connected. By a connection begun before a disturbance it is not back from it: that is about to be lost. And who
    /// has been current since is back from it, whatever else befalls it.
    pub(super) fn connected(&mut self, at_ns: u64, disturbed_ns: Option<u64>) {
        let comes_back = |since_ns| self.begun_ns >= since_ns && self.since(since_ns)[1].is_none();
        if disturbed_ns.is_none_or(comes_back) {
            *self = Self { begun_ns: self.begun_ns, connected_ns: at_ns, so_far_ns: at_ns, current_ns: 0 };
        }
    }

    /// Updates have come of which the first was due then. True if that shows that the client was current: the next thing
    /// that it did not have yet was not yet due.
    pub(super) fn received(&mut self, due_ns: u64, received_ns: u64) -> bool {
        if self.connected_ns == 0 || self.current_ns > 0 {
            return false;
        }
        if due_ns > self.so_far_ns {
            self.current_ns = self.so_far_ns;
        }
        self.so_far_ns = received_ns;
        self.current_ns > 0
    }

    /// When it was connected again, and when it was current, if it was after `since_ns`.
    pub fn since(&self, since_ns: u64) -> [Option<u64>; 2] {
        [self.connected_ns, self.current_ns].map(|at_ns| at_ns.checked_sub(since_ns))
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::SmallRng};

    use super::*;

    #[test]
    fn pauses_grow_and_are_spread_from_none_to_the_longest() {
        let mut rng = SmallRng::seed_from_u64(1);
        for (tries, longest_ms) in [(0, 100), (1, 200), (4, 1_600), (6, 5_000), (40, 5_000)] {
            let pauses: Vec<_> = (0..1_000).map(|_| backoff(tries, &mut rng).as_millis()).collect();
            let (least, most) = (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap());
            assert!(least * 50 < longest_ms && most < longest_ms && most * 10 > longest_ms * 9, "{least} to {most}");
        }
    }

    #[test]
    fn who_has_everything_that_is_due_is_current() {
        let mut reconnect = Reconnect::default();
        assert!(!reconnect.received(5, 6), "it was never away");
        reconnect.connected(100, None);
        // Due while it was away, and while that was on its way.
        assert!(!reconnect.received(50, 110));
        assert!(!reconnect.received(105, 120));
        assert!(reconnect.received(130, 131));
        assert_eq!(reconnect.since(90), [Some(10), Some(30)]);
        // Lost again, and nothing missed when it was back.
        reconnect.connected(200, None);
        assert!(reconnect.received(201, 202));
        assert_eq!(reconnect.since(190), [Some(10), Some(10)]);
        assert_eq!(reconnect.since(300), [None, None]);
    }

    #[test]
    fn nobody_is_back_by_a_connection_that_was_begun_before_a_disturbance() {
        for (begun_ns, disturbed_ns, back) in
            [(90, Some(95), None), (95, Some(95), Some(5)), (96, Some(95), Some(5)), (90, None, Some(5))]
        {
            let mut reconnect = Reconnect::default();
            reconnect.begun(begun_ns);
            reconnect.connected(100, disturbed_ns);
            assert_eq!(reconnect.since(95)[0], back, "begun at {begun_ns}, disturbed at {disturbed_ns:?}");
        }
    }

    #[test]
    fn who_was_current_after_a_disturbance_is_back_from_it_for_good() {
        let mut reconnect = Reconnect::default();
        for at_ns in [100, 120] {
            reconnect.begun(at_ns - 2);
            reconnect.connected(at_ns, Some(95));
            assert_eq!(reconnect.since(95), [Some(at_ns - 95), None], "it lost its connection before it was current");
        }
        assert!(reconnect.received(130, 131));
        reconnect.begun(200);
        reconnect.connected(201, Some(95));
        assert!(!reconnect.received(210, 211), "it is counted once");
        assert_eq!(reconnect.since(95), [Some(25), Some(25)]);
    }
}
