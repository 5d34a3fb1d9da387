//! What is set down in the course of a run: which updates count, and what was done to the clients.

use std::sync::atomic::Ordering::Relaxed;

use anyhow::Context;
use protocol::{
    control::Published,
    results::{Cpu, Disturbance, Expectation},
};

use super::phase::Halt;
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
    /// Updates that were due before those; unknown of a server that runs already.
    pub(super) before: Option<u64>,
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
        let before = first_seq.checked_sub(1).filter(|_| updates > 0);
        Self { first_seq, before, updates, source: Expectation::Publisher, lateness_ns, writes }
    }

    /// Of a server that pushes by itself nobody knows what was due.
    pub(super) fn of_arrivals() -> Self {
        let source = Expectation::Arrivals;
        Self { first_seq: 0, before: None, updates: 0, source, lateness_ns: None, writes: None }
    }

    /// An update was published so late, and not when the publisher handed it on.
    pub(super) fn late(&mut self, seq: u64, late_ns: u64) {
        let place = seq.checked_sub(self.first_seq).and_then(|place| usize::try_from(place).ok());
        if let Some(lateness_ns) = place.and_then(|place| self.lateness_ns.as_mut()?.get_mut(place)) {
            *lateness_ns = late_ns;
        }
    }

    /// `seq` has no gaps: what lies between the last update before the phase and the first one after it was due in it.
    pub(super) fn bracketed(last_before: u64, first_after: u64) -> Result<Self, Halt> {
        if last_before == 0 {
            return Err(Halt::short("no update came before the measure phase", "lengthen --warm-up"));
        }
        if first_after == u64::MAX {
            return Err(Halt::short("no update came after the measure phase", "lengthen --drain"));
        }
        let updates = first_after
            .checked_sub(last_before + 1)
            .with_context(|| format!("update {first_after} was due after update {last_before}, which follows it"))?;
        Ok(Self {
            first_seq: last_before + 1,
            before: None,
            updates,
            source: Expectation::Bracketed,
            lateness_ns: None,
            writes: None,
        })
    }
}

/// The last update seen that was due before the measure phase; 0 for none.
pub(super) fn last_before(workers: &[Worker]) -> u64 {
    workers.iter().map(|worker| worker.progress.last_before.load(Relaxed)).max().unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::worker::Errors;

    #[test]
    fn what_lies_between_was_due_and_may_be_nothing() {
        let between = |last, first| Account::bracketed(last, first).map(|account| (account.first_seq, account.updates));
        assert_eq!(between(5, 9).unwrap(), (6, 3));
        assert_eq!(between(5, 6).unwrap(), (6, 0), "a lull, which voids its point");
        let short = |last, first| match between(last, first) {
            Err(halt @ Halt::Short { .. }) => halt.reason(&Errors::default()).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(short(0, 9), "no update came before the measure phase; lengthen --warm-up");
        assert_eq!(short(5, u64::MAX), "no update came after the measure phase; lengthen --drain");
        assert!(matches!(between(9, 5), Err(Halt::Failed(_))), "due times that do not ascend");
    }
}
