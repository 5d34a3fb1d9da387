//! Updates on their way into this server's own log.

use std::sync::Arc;

use protocol::clock::NS_PER_SEC;

use super::{
    fault::Misbehaviour,
    hub::Hub,
    publisher::{Due, Outlet},
};
use crate::metrics::Metrics;

/// Publishes into a hub, and to the relays of faults.
#[derive(Debug)]
pub struct IntoHub {
    /// The log.
    pub hub: Arc<Hub>,
    /// Where lateness is shown.
    pub metrics: Arc<Metrics>,
    /// What is done wrong on purpose.
    pub faults: Misbehaviour,
}

impl Outlet for IntoHub {
    fn publish(&mut self, Due { due_ns, now_ns, source, .. }: Due<'_>) -> anyhow::Result<()> {
        let late_ns = now_ns.saturating_sub(due_ns);
        self.metrics.publisher_lateness.observe(late_ns as f64 / NS_PER_SEC as f64);
        self.hub.publish(|seq, line| {
            source.encode_into(seq, due_ns, line);
            self.faults.pass_on(now_ns, line);
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
