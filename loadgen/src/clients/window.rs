//! The window of a run, the measure phase: when an update must be due to count, and the histograms of what counts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hdrhistogram::Histogram;
use protocol::{clock::NS_PER_SEC, control::Window};

/// The longest latency that is recorded: a minute. What takes longer is counted as out of range.
pub const LATENCY_NS_MAX: u64 = 60 * NS_PER_SEC;

/// A worker's measure phase, while it is known: from before its first update until what came of it is handed over. Where clients stay for
/// one trial after the other, each trial has its own.
#[derive(Debug, Clone)]
pub struct MeasurePhase(Arc<Edges>);

#[derive(Debug)]
struct Edges {
    from_ns: AtomicU64,
    /// 0 while none is known.
    to_ns: AtomicU64,
}

impl Default for MeasurePhase {
    fn default() -> Self {
        Self::of(UNKNOWN)
    }
}

/// No update is due in it.
const UNKNOWN: Window = Window { from_ns: u64::MAX, to_ns: 0 };

impl MeasurePhase {
    /// One that is known.
    pub fn of(window: Window) -> Self {
        let Window { from_ns, to_ns } = window;
        Self(Arc::new(Edges { from_ns: from_ns.into(), to_ns: to_ns.into() }))
    }

    /// The window, if it is known.
    // Two plain loads. Who looks while it changes may see one edge of either: no update is due anywhere near then.
    #[inline]
    pub fn get(&self) -> Option<Window> {
        let (from_ns, to_ns) = (self.0.from_ns.load(Relaxed), self.0.to_ns.load(Relaxed));
        (to_ns > 0).then_some(Window { from_ns, to_ns })
    }

    /// Makes it known.
    pub fn set(&self, Window { from_ns, to_ns }: Window) {
        self.0.from_ns.store(from_ns, Relaxed);
        self.0.to_ns.store(to_ns, Relaxed);
    }

    /// Nothing counts any more.
    pub fn forget(&self) {
        self.0.to_ns.store(UNKNOWN.to_ns, Relaxed);
    }
}

/// A histogram from 1 ns to [`LATENCY_NS_MAX`], exact to so many significant digits. It does not grow: what it cannot
/// hold is an error, not a clamp.
pub fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, digits).expect("valid bounds")
}
