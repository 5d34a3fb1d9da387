//! Server-sent events (HTML Standard, section 9.2): one answer that does not end, an event an update.
//!
//! A client that asks plainly is served without hyper, as are polls; any other, and all of them by stock, by hyper's streaming body.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    task::{self, Poll, Poll::Ready},
};

use bytes::{Buf, Bytes};
use hyper::{
    Response,
    body::{Body, Frame},
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use protocol::{
    Transport,
    wire::{CURSOR_HEADER, EVENT_STREAM, Refusal, StreamQuery},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    context::{ConnectedClient, Context},
    deadline::poll_deadline,
};
use crate::{
    connection::{
        listener::Slot,
        socket::{Outgoing, Socket},
    },
    response::encode_endless,
    stream::{
        batch::Batch,
        shard::{Ended, Subscription},
    },
};

/// A comment, which is nothing to a client: by it the server finds who is gone, and what lies between does not take the connection
/// for idle.
const SIGN_OF_LIFE: Bytes = Bytes::from_static(b":\n\n");
/// Proxies of this family would collect a while before they hand on.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
/// What a client says once it is served is passed over, so much of it at a time.
const HEARD_MAX: usize = 512;

/// Updates as events.
pub(super) fn frame(batch: &Batch) -> Outgoing {
    batch.events().chain(Bytes::new())
}

fn head(subscription: &Subscription) -> Response<()> {
    Response::builder()
        .header(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(UNBUFFERED, HeaderValue::from_static("no"))
        .header(CURSOR_HEADER, subscription.cursor())
        .body(())
        .expect("a valid response")
}

/// A body of events, for hyper to write.
#[derive(Debug)]
pub struct Events {
    context: Arc<Context>,
    subscription: Subscription,
    _connected: ConnectedClient,
    quiet: Pin<Box<Sleep>>,
}

pub(super) fn open(context: &Arc<Context>, query: &StreamQuery, slot: &Slot) -> Result<Response<Events>, Refusal> {
    let subscription = context.subscribe(Transport::Sse, query, slot)?;
    let connected = ConnectedClient::new(&context.metrics, Transport::Sse, query.user.as_deref(), slot);
    let quiet = Box::pin(sleep_until(Instant::now() + context.bounds.ping_interval));
    let head = head(&subscription);
    Ok(head.map(|()| Events { context: Arc::clone(context), subscription, _connected: connected, quiet }))
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { context, subscription, quiet, .. } = self.get_mut();
        if let Ready(taken) = subscription.poll_next(task) {
            return Ready(taken.ok().map(|batch| Ok(Frame::data(batch.events()))));
        }
        quiet.as_mut().poll(task).map(|()| {
            quiet.as_mut().reset(Instant::now() + context.bounds.ping_interval);
            context.metrics.pings.inc();
            Some(Ok(Frame::data(SIGN_OF_LIFE)))
        })
    }
}

/// Serves a client to its end, or the stream's.
pub(crate) async fn serve(
    context: &Context,
    socket: &mut Socket,
    slot: &Slot,
    mut subscription: Subscription,
    user: Option<&str>,
) -> io::Result<()> {
    let _connected = ConnectedClient::new(&context.metrics, Transport::Sse, user, slot);
    let mut head = head(&subscription);
    // The answer ends with the connection (RFC 9112, section 6.3): chunks would have to be written around what all are sent alike.
    head.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    socket.send(encode_endless(head)).await?;
    let mut deadline = Instant::now() + context.bounds.ping_interval;
    let mut timer = pin!(sleep_until(deadline));
    loop {
        match poll_fn(|task| poll_event(task, &mut subscription, socket, timer.as_mut(), deadline)).await {
            Event::Updates(Ok(unwritten)) => send_if_any(socket, unwritten).await?,
            Event::Updates(Err(_)) | Event::Closed => return Ok(()),
            Event::Heard => send_if_any(socket, subscription.stand_down()).await?,
            Event::Quiet => {
                send_if_any(socket, subscription.stand_down()).await?;
                context.metrics.pings.inc();
                socket.send(SIGN_OF_LIFE.chain(Bytes::new())).await?;
                deadline = Instant::now() + context.bounds.ping_interval;
            }
        }
    }
}

/// What happens on a connection.
enum Event {
    /// Updates, or what is left of them to be written; or the stream's end.
    Updates(Result<Option<Outgoing>, Ended>),
    /// The client said something, which is nothing to a stream of events.
    Heard,
    /// The client is gone.
    Closed,
    /// It is time for a sign of life.
    Quiet,
}

fn poll_event(
    task: &mut task::Context<'_>,
    subscription: &mut Subscription,
    socket: &mut Socket,
    timer: Pin<&mut Sleep>,
    deadline: Instant,
) -> Poll<Event> {
    let unwritten = subscription.poll_unwritten(task, socket.writer(), Transport::Sse);
    if let Ready(unwritten) = unwritten {
        return Ready(Event::Updates(unwritten));
    }
    let mut space = [MaybeUninit::uninit(); HEARD_MAX];
    let mut space = ReadBuf::uninit(&mut space);
    if let Ready(read) = Pin::new(socket).poll_read(task, &mut space) {
        return Ready(if read.is_err() || space.filled().is_empty() { Event::Closed } else { Event::Heard });
    }
    poll_deadline(task, timer, deadline).map(|()| Event::Quiet)
}

async fn send_if_any(socket: &mut Socket, data: Option<Outgoing>) -> io::Result<()> {
    match data {
        Some(data) => socket.send(data).await,
        None => Ok(()),
    }
}
