//! How updates leave the server. A transport is a file here, a variant of [`Transport`] and an arm in [`open`].

mod alarm;
pub(crate) mod echo;
pub mod long_poll;
mod silence;
pub mod websocket;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{Request, Response, body::Incoming};
use protocol::{
    Transport,
    wire::{Refusal, StreamQuery},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;

use crate::{
    connection::{access::Access, bounds::Bounds, listener::Slot, socket::Outgoing},
    metrics::{Metrics, TransportMetrics},
    stream::{
        batch::Batch,
        fault::{Fault, Hubs, Tamper},
        shard::Subscription,
    },
};

/// What a transport may use.
#[derive(Debug)]
pub struct Context {
    /// The stream.
    pub hubs: Arc<Hubs>,
    /// In which of each hub's shards this thread's subscribers wait.
    pub shard: usize,
    /// Who may have it.
    pub access: Access,
    /// What clients are made to suffer.
    pub faults: Vec<Fault>,
    /// The counters.
    pub metrics: Arc<Metrics>,
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
    fn subscribe(&self, transport: Transport, after: Option<u64>, slot: &Slot) -> Result<Subscription, Refusal> {
        let hub = self.hubs.of(transport);
        let subscription = Subscription::new(hub, hub.shard(self.shard), self.metrics.of(transport), after)?;
        Ok(subscription.tampered_with(Tamper::of(&self.faults, slot.number)))
    }
}

/// An answer, ready or to be waited for.
#[derive(Debug)]
pub enum Reply {
    /// Known at once.
    Now(Response<Bytes>),
    /// A poll with nothing to answer yet.
    Parked(long_poll::Parked),
    /// A signal whose body is still to come.
    Signalled(Incoming),
}

/// Serves a request for the stream over the given transport.
///
/// Not async: what it returns must not hold the request, whose head would cost a parked poll kilobytes.
/// A transport that outlives the HTTP connection keeps its slot.
pub fn open(
    transport: Transport,
    context: &Arc<Context>,
    slot: &Arc<Slot>,
    query: &StreamQuery,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    match transport {
        Transport::WebSocket => websocket::open(context, query, slot, request),
        Transport::LongPoll => long_poll::open(context, query, slot),
    }
}

/// Updates as a transport sends them.
pub fn dress(transport: Transport, batch: &Batch) -> Outgoing {
    match transport {
        Transport::WebSocket => websocket::dress(batch),
        Transport::LongPoll => long_poll::dress(batch),
    }
}

/// A client that is counted for as long as this lives.
#[derive(Debug)]
pub struct Present(Arc<TransportMetrics>);

impl Present {
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

impl Drop for Present {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}
