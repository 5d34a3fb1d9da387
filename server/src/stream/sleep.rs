//! Sleeping until an update is due.

use protocol::clock::NS_PER_SEC;
use rustix::{
    io::Errno,
    thread::{ClockId, Timespec, clock_nanosleep_absolute},
};

/// Sleeps until then, to the precision of the kernel; an async runtime's timer may be a millisecond late.
pub(super) fn sleep_until(wake_ns: u64) {
    let wake = Timespec { tv_sec: (wake_ns / NS_PER_SEC) as i64, tv_nsec: (wake_ns % NS_PER_SEC) as i64 };
    // A signal that interrupts it is for somebody else.
    while clock_nanosleep_absolute(ClockId::Monotonic, &wake) == Err(Errno::INTR) {}
}
