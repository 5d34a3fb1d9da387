//! What transports are given, and how they subscribe and count their clients.

use std::{sync::Arc, time::Duration};

use protocol::{
    Engine, Transport,
    wire::{Refusal, StreamQuery},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;

use crate::{
    connection::{access::Access, bounds::Bounds, listener::Slot},
    metrics::{Bound, Metrics, TransportMetrics},
    stream::{
        fault::{Fault, Tamper},
        hub::Hub,
        shard::{Shard, Subscription},
        topic::Topic,
    },
};

/// What a transport may use.
#[derive(Debug)]
pub struct Context {
    /// The stream: in which of this thread's shards each transport's subscribers wait.
    pub shards: [Arc<Shard>; Transport::SERVED.len()],
    /// Who may have it.
    pub access: Access,
    /// Where what they say goes, if they may say anything.
    pub spoken: Option<Arc<Hub>>,
    /// What clients are made to suffer.
    pub faults: Vec<Fault>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// How clients are served.
    pub engine: Engine,
    /// How long a poll is held.
    pub poll_timeout: Duration,
    /// What they may ask at most.
    pub bounds: Bounds,
    /// Cancelled when the server shuts down.
    pub draining: CancellationToken,
    /// What this thread has to finish before it ends.
    pub tasks: TaskTracker,
}

impl Context {
    /// The topic of a hub that is asked for.
    pub(crate) fn topic(&self, hub: &Hub, query: &StreamQuery) -> Result<Arc<Topic>, Refusal> {
        let topic = hub.topic(query.topic.as_deref().unwrap_or_default());
        Ok(topic.inspect_err(|_| self.metrics.met.inc(Bound::Topics))?)
    }

    /// A subscription of a transport to what is asked for.
    pub(super) fn subscribe(
        &self,
        transport: Transport,
        query: &StreamQuery,
        slot: &Slot,
    ) -> Result<Subscription, Refusal> {
        let shard = &self.shards[transport.as_served() as usize];
        let topic = self.topic(shard.hub(), query)?;
        let subscription = Subscription::new(shard, topic, self.metrics.of(transport), query.after)?;
        Ok(subscription.tampered_with(Tamper::of(&self.faults, slot.number)))
    }
}

/// A client that is counted for as long as this lives.
#[derive(Debug)]
pub struct ConnectedClient(Arc<TransportMetrics>);

impl ConnectedClient {
    /// Counts a client of the transport; one with a name is named in the log.
    pub fn new(metrics: &Metrics, transport: Transport, user: Option<&str>, slot: &Slot) -> Self {
        let metrics = Arc::clone(metrics.of(transport));
        if let Some(user) = user {
            info!(user, connection = slot.number, %transport, "client");
        }
        metrics.connections.inc();
        Self(metrics)
    }
}

impl Drop for ConnectedClient {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}
