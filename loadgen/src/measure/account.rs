//! What is set down in the course of a run: which updates count, and what was done to the clients.

use std::sync::atomic::Ordering::Relaxed;

use anyhow::ensure;
use protocol::{
    control::Published,
    results::{Cpu, Disturbance, Expectation},
};

use crate::clients::worker::Worker;

/// An edge of the measure phase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edge {
    From,
    To,
}

/// Which updates were due in the measure phase, and what the publisher says of them.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) first_seq: u64,
    pub(super) updates: u64,
    pub(super) source: Expectation,
    pub(super) lateness_ns: Option<Vec<u64>>,
    pub(super) writes: Option<u64>,
}

impl Account {
    /// A server that took another's place knows what was due, but not what became of it before.
    pub(super) fn stated(published: Published, is_second: bool) -> Self {
        let Published { first_seq, updates, lateness_ns, writes } = published;
        let (lateness_ns, writes) = if is_second { (None, None) } else { (Some(lateness_ns), Some(writes)) };
        Self { first_seq, updates, source: Expectation::Publisher, lateness_ns, writes }
    }

    /// `seq` has no gaps: what lies between the last update before the phase and the first one after it was due in it.
    pub(super) fn bracketed(workers: &[Worker]) -> anyhow::Result<Self> {
        let last_before = workers.iter().map(|worker| worker.progress.last_before.load(Relaxed)).max();
        let (last_before, first_after) = (last_before.unwrap_or(0), first_after(workers));
        ensure!(last_before > 0, "no update came before the measure phase: lengthen --warm-up");
        ensure!(first_after < u64::MAX, "no update came after the measure phase: lengthen --drain");
        Ok(Self {
            first_seq: last_before + 1,
            updates: first_after - last_before - 1,
            source: Expectation::Bracketed,
            lateness_ns: None,
            writes: None,
        })
    }
}

/// The first update seen that was due after the measure phase; `u64::MAX` for none yet.
pub(super) fn first_after(workers: &[Worker]) -> u64 {
    workers.iter().map(|worker| worker.progress.first_after.load(Relaxed)).min().unwrap_or(u64::MAX)
}

/// A reconnect storm: the disturbance that set it off, and what it cost the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storm {
    pub(super) disturbance: Disturbance,
    pub(super) at_ns: u64,
    pub(super) until_ns: u64,
    pub(super) server_cpu: Option<Cpu>,
}
