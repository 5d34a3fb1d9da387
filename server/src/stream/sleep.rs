//! Sleeping until an update is due.

use std::num::NonZeroU64;

use protocol::clock::NS_PER_SEC;
use rustix::{
    io::Errno,
    thread::{ClockId, Timespec, clock_nanosleep_absolute, set_current_timer_slack},
};

/// Lets the calling thread sleep precisely: the kernel may delay it by its timer slack, 50 us unless asked otherwise.
pub(super) fn sleep_precisely() {
    let _ = set_current_timer_slack(NonZeroU64::new(1));
}

/// Sleeps until then, to the precision of the kernel; an async runtime's timer may be a millisecond late.
pub(super) fn sleep_until(wake_ns: u64) {
    let wake = Timespec { tv_sec: (wake_ns / NS_PER_SEC) as i64, tv_nsec: (wake_ns % NS_PER_SEC) as i64 };
    // A signal that interrupts it is for somebody else.
    while clock_nanosleep_absolute(ClockId::Monotonic, &wake) == Err(Errno::INTR) {}
}
