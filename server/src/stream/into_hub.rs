//! Updates on their way into this server's own logs.

use std::{sync::Arc, time::Duration};

use protocol::clock::NS_PER_SEC;

use super::{
    fault::Misbehaviour,
    hub::Hub,
    publisher::{Due, Outlet},
    topic::Topic,
};
use crate::metrics::Metrics;

/// Publishes into a hub, and to the relays of faults.
#[derive(Debug)]
pub struct IntoHub {
    /// The logs.
    pub hub: Arc<Hub>,
    /// Where lateness is shown.
    pub metrics: Arc<Metrics>,
    /// What is done wrong on purpose.
    pub faults: Misbehaviour,
    /// What leaves together.
    pub groups: Groups,
}

/// Groups of updates that leave together: all that are due within so long of the first, which waits that long for them.
#[derive(Debug)]
pub struct Groups {
    within_ns: u64,
    /// When the last one leaves, or has left.
    leaves_ns: u64,
}

impl Groups {
    /// Of updates that are due within so long; each by itself where that is nothing.
    pub fn within(time: Duration) -> Self {
        Self { within_ns: time.as_nanos() as u64, leaves_ns: 0 }
    }

    fn leaves_ns(&self, due_ns: u64) -> u64 {
        if self.is_begun(due_ns) { self.leaves_ns } else { due_ns + self.within_ns }
    }

    /// Whether it leaves with what was due before it.
    fn is_begun(&self, due_ns: u64) -> bool {
        self.within_ns > 0 && due_ns <= self.leaves_ns
    }
}

impl IntoHub {
    fn topic(&self, number: Option<u32>) -> Arc<Topic> {
        match number {
            None => Arc::clone(self.hub.broadcast()),
            Some(number) => self.hub.own_topic(itoa::Buffer::new().format(number)),
        }
    }
}

impl Outlet for IntoHub {
    fn publish(&mut self, Due { topic, due_ns, now_ns, source, .. }: Due<'_>) -> anyhow::Result<()> {
        let late_ns = now_ns.saturating_sub(self.groups.leaves_ns(due_ns));
        self.metrics.publisher_lateness.observe(late_ns as f64 / NS_PER_SEC as f64);
        let topic = self.topic(topic);
        if !self.groups.is_begun(due_ns) {
            // The one before has left.
            self.hub.wake();
            self.groups.leaves_ns = self.groups.leaves_ns(due_ns);
        }
        self.hub.append(&topic, |seq, line| {
            source.encode_into(seq, due_ns, line);
            self.faults.pass_on(now_ns, &topic, line);
        });
        if self.groups.within_ns == 0 {
            self.hub.wake();
        }
        Ok(())
    }

    fn leaves_ns(&self, due_ns: u64) -> u64 {
        self.groups.leaves_ns(due_ns)
    }

    fn flush(&mut self) {
        self.hub.wake();
    }

    fn writes(&self) -> u64 {
        self.metrics.writes()
    }

    fn publish_at_ns(&self, first_due_ns: u64, due_ns: u64) -> u64 {
        self.faults.publish_at_ns(first_due_ns, self.groups.leaves_ns(due_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_within_so_long_of_the_first_leaves_together() {
        let leaves = |within_ns, due: &[u64]| {
            let mut groups = Groups::within(Duration::from_nanos(within_ns));
            let mut leave = |due_ns| {
                groups.leaves_ns = groups.leaves_ns(due_ns);
                groups.leaves_ns
            };
            due.iter().map(|due_ns| leave(*due_ns)).collect::<Vec<_>>()
        };
        assert_eq!(leaves(10, &[5, 6, 15, 16, 26, 27]), [15, 15, 15, 26, 26, 37]);
        assert_eq!(leaves(0, &[5, 5, 6]), [5, 5, 6]);
    }
}
