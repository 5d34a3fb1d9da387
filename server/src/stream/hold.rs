//! A hold: a round trip that is not a network's, but the server's waiting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// How long everything is held each way; it may change at any time, and clones are the same hold.
///
/// A request waits for half of the round trip before it is read and its answer as long before it is written, and what is pushed is
/// shown so much later. So every transport meets its updates as over a network of that round trip, but for what TCP
/// itself exchanges: its handshakes and its acknowledgements.
#[derive(Debug, Clone, Default)]
pub struct Hold(Arc<AtomicU64>);

impl Hold {
    /// Holds for half of `rtt_ms` each way from now on.
    pub fn set(&self, rtt_ms: u32) {
        self.0.store(u64::from(rtt_ms) * 1_000_000 / 2, Relaxed);
    }

    /// The round trip, milliseconds.
    pub fn rtt_ms(&self) -> u32 {
        (self.one_way_ns() * 2 / 1_000_000) as u32
    }

    /// One way, nanoseconds.
    pub(crate) fn one_way_ns(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Waits for one way.
    pub(crate) async fn one_way(&self) {
        let ns = self.one_way_ns();
        if ns > 0 {
            tokio::time::sleep(Duration::from_nanos(ns)).await;
        }
    }
}
