//! What is set down in the course of a run: which updates count, and what was done to the clients.

use std::{collections::BTreeMap, sync::atomic::Ordering::Relaxed};

use anyhow::Context;
use protocol::{
    control::{OfTopic, Published},
    results::{Cpu, Disturbance, Expectation},
};

use super::phase::Halt;
use crate::clients::{seats::Seats, worker::Worker};

/// An edge of the measure phase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edge {
    From,
    To,
}

/// Which updates were due in the measure phase, and what the publisher says of them.
#[derive(Debug)]
pub(super) struct Account {
    /// The updates of each schedule that had any, by number: a topic's, or a client's where clients speak. Of the one that there is where
    /// updates are for all, that is 0.
    schedules: Vec<OfTopic>,
    /// How many of these each topic had. They are its schedule's own, unless clients speak.
    due: BTreeMap<u32, u64>,
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
        let Published { first_seq, updates, topics, lateness_ns, writes } = published;
        let (lateness_ns, writes) = if is_second { (None, None) } else { (Some(lateness_ns), Some(writes)) };
        let for_all = (updates > 0).then_some(OfTopic { topic: 0, first_seq, updates });
        let schedules = if topics.is_empty() { for_all.into_iter().collect() } else { topics };
        let before = (updates > 0).then(|| schedules.iter().map(|of| of.first_seq.saturating_sub(1)).sum());
        Self { before, lateness_ns, writes, ..Self::of(schedules, Expectation::Publisher) }
    }

    /// Of a server whose publisher is this process: how often it wrote, it alone knows.
    pub(super) fn published(published: Published) -> Self {
        Self { writes: None, ..Self::stated(published, false) }
    }

    /// Of clients that speak, each by a schedule of its own, to those who have its topic. Which `seq` the server gave each, it alone knows.
    pub(super) fn spoken(published: Published, seats: &Seats) -> Self {
        let stated = Self::published(published);
        let mut due = BTreeMap::new();
        stated.schedules.iter().for_each(|of| *due.entry(seats.topic(of.topic)).or_default() += of.updates);
        Self { due, ..stated }
    }

    /// Of a server that pushes by itself nobody knows what was due.
    pub(super) fn of_arrivals() -> Self {
        Self::of(Vec::new(), Expectation::Arrivals)
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
        let first_seq = last_before + 1;
        Ok(Self::of(vec![OfTopic { topic: 0, first_seq, updates }], Expectation::Bracketed))
    }

    fn of(schedules: Vec<OfTopic>, source: Expectation) -> Self {
        let updates = schedules.iter().map(|of| of.updates).sum();
        let due = schedules.iter().map(|of| (of.topic, of.updates)).collect();
        Self { schedules, due, before: None, updates, source, lateness_ns: None, writes: None }
    }

    /// The updates of a schedule.
    pub(super) fn schedule(&self, number: u32) -> Option<&OfTopic> {
        self.schedules.binary_search_by_key(&number, |of| of.topic).ok().map(|place| &self.schedules[place])
    }

    /// How many updates a topic had.
    pub(super) fn due(&self, topic: u32) -> u64 {
        self.due.get(&topic).copied().unwrap_or(0)
    }

    /// Deliveries to come, if every client is there.
    pub(super) fn expected(&self, seats: &Seats) -> u64 {
        self.due.iter().map(|(topic, updates)| updates * seats.members(*topic)).sum()
    }

    /// How late an update of a schedule was published, if that is known.
    pub(super) fn lateness_ns(&self, (schedule, seq): (u32, u64)) -> Option<u64> {
        self.lateness_ns.as_ref()?.get(self.place(schedule, seq)?).copied()
    }

    /// An update was published so late, and not when the publisher handed it on.
    pub(super) fn late(&mut self, schedule: u32, seq: u64, late_ns: u64) {
        let place = self.place(schedule, seq);
        if let Some(lateness_ns) = place.and_then(|place| self.lateness_ns.as_mut()?.get_mut(place)) {
            *lateness_ns = late_ns;
        }
    }

    /// Where its lateness stands: the schedules lie one after the other.
    fn place(&self, schedule: u32, seq: u64) -> Option<usize> {
        let index = self.schedules.binary_search_by_key(&schedule, |of| of.topic).ok()?;
        let before: u64 = self.schedules[..index].iter().map(|of| of.updates).sum();
        let OfTopic { first_seq, updates, .. } = self.schedules[index];
        let place = seq.checked_sub(first_seq).filter(|place| *place < updates)?;
        usize::try_from(before + place).ok()
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
        let between = |last, first| {
            Account::bracketed(last, first).map(|account| (account.schedules[0].first_seq, account.updates))
        };
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
