//! How updates leave the server. A transport is a file here, a variant of [`Transport`] and an arm in [`open`].

pub mod context;
mod deadline;
pub(crate) mod echo;
pub mod long_poll;
mod silence;
pub mod sse;
pub mod websocket;

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Request, Response, body::Incoming};
use protocol::{
    Transport,
    wire::{Refusal, StreamQuery},
};

use self::{context::Context, long_poll::Opened, sse::Events};
use crate::{
    connection::{listener::Slot, socket::Outgoing},
    stream::{batch::Batch, topic::Topic},
};

/// An answer, ready or to be waited for.
#[derive(Debug)]
pub enum Reply {
    /// Known at once.
    Now(Response<Bytes>),
    /// A poll with nothing to answer yet.
    Parked(long_poll::Parked),
    /// An answer whose body does not end.
    Endless(Response<Events>),
    /// A signal to a topic, whose body is still to come.
    Signalled(Arc<Topic>, Incoming),
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
    slot.asked(transport, query);
    Ok(match transport {
        Transport::WebSocket => Reply::Now(websocket::open(context, query, slot, request)?),
        Transport::Sse => Reply::Endless(sse::open(context, query, slot)?),
        // Whoever asks again is not known before.
        Transport::LongPoll | Transport::ShortPoll => match long_poll::open(context, query, slot)? {
            Opened::Ready(response) => Reply::Now(response),
            Opened::Parked(poll) => Reply::Parked(poll),
        },
    })
}

/// Updates as a transport sends them.
pub fn frame(transport: Transport, batch: &Batch) -> Outgoing {
    match transport {
        Transport::WebSocket => websocket::frame(batch),
        Transport::Sse => sse::frame(batch),
        Transport::LongPoll | Transport::ShortPoll => long_poll::frame(batch),
    }
}
