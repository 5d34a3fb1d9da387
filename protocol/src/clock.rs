//! The one clock: nanoseconds of `CLOCK_MONOTONIC`, shared by every process of one boot.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds in a second.
pub const NS_PER_SEC: u64 = 1_000_000_000;

/// Seconds as nanoseconds, rounded down: the times of a scenario, wherever they are asked for.
pub fn ns(seconds: f64) -> u64 {
    (seconds * NS_PER_SEC as f64) as u64
}

/// Now, in nanoseconds of `CLOCK_MONOTONIC` (`clock_gettime(2)`).
///
/// Server and generator read the same clock, so a receipt minus a due time is a duration and needs no
/// synchronisation; see [`identity`] for how that is checked.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * NS_PER_SEC + now.tv_nsec as u64
}

/// Names the clock that [`now_ns`] reads: the kernel's boot id, or `"unknown"` where it has none.
///
/// Two processes may subtract each other's timestamps if and only if they agree on this name.
pub fn identity() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_run_backwards() {
        let first = now_ns();
        assert!(now_ns() >= first);
    }
}
