//! Updates on their way into this server's own logs.

use std::sync::Arc;

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
        let late_ns = now_ns.saturating_sub(due_ns);
        self.metrics.publisher_lateness.observe(late_ns as f64 / NS_PER_SEC as f64);
        let topic = self.topic(topic);
        self.hub.publish(&topic, |seq, line| {
            source.encode_into(seq, due_ns, line);
            self.faults.pass_on(now_ns, &topic, line);
        });
        Ok(())
    }

    fn writes(&self) -> u64 {
        self.metrics.writes()
    }

    fn publish_at_ns(&self, first_due_ns: u64, due_ns: u64) -> u64 {
        self.faults.publish_at_ns(first_due_ns, due_ns)
    }
}
