//! The window of a run, the measure phase: when an update must be due to count, and the histograms of what counts.

use std::sync::{Arc, OnceLock};

use hdrhistogram::Histogram;
use protocol::{clock::NS_PER_SEC, control::Window};

/// The longest latency that is recorded: a minute. What takes longer is counted as out of range.
pub const LATENCY_NS_MAX: u64 = 60 * NS_PER_SEC;

/// The measure phase, once it is known: set between settling and the first update.
pub type MeasurePhase = Arc<OnceLock<Window>>;

/// A histogram from 1 ns to [`LATENCY_NS_MAX`], exact to so many significant digits. It does not grow: what it cannot
/// hold is an error, not a clamp.
pub fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, digits).expect("valid bounds")
}
