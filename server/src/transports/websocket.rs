//! WebSocket (RFC 6455): upgraded once, then a text frame an update.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use futures_util::{SinkExt, StreamExt};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL},
    upgrade::{OnUpgrade, Parts},
};
use hyper_util::rt::TokioIo;
use protocol::{
    Engine, Transport,
    wire::{CURSOR_HEADER, Refusal, SUBPROTOCOL, StreamQuery},
};
use tokio::{io::AsyncWriteExt, time::sleep_until};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        handshake::server::create_response_with_body,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tracing::debug;

use super::{
    context::{ConnectedClient, Context},
    silence::{Silence, Silent},
};
use crate::{
    connection::{
        listener::Slot,
        socket::{self, Outgoing, Writer},
    },
    metrics::Bound,
    signal,
    stream::{
        batch::Batch,
        shard::{Ended, Subscription},
        topic::Topic,
    },
};

pub(super) type Socket = WebSocketStream<socket::Socket>;

/// How long a peer may take to answer our Close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a server keeps to read into that was told of many clients. The library's default is 128 KiB.
const STOCK_READ_BYTES: usize = 4096;

/// Buffers for many quiet connections, whose clients send so long messages at most. The library's defaults cost each
/// 128 KiB, zeroed again before every read.
pub fn limits(max_message: u32) -> WebSocketConfig {
    let max_message = Some(max_message as usize);
    WebSocketConfig::default()
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(max_message)
        .max_frame_size(max_message)
}

/// The answer to an opening handshake (RFC 6455, section 4.2.2).
pub(super) fn accept<B>(request: &Request<B>) -> Result<Response<Bytes>, Refusal> {
    create_response_with_body(request, Bytes::new).map_err(|error| Refusal::BadHandshake { message: error.to_string() })
}

/// Whether the client offers the subprotocol that is spoken here, perhaps among others.
fn offers_subprotocol<B>(request: &Request<B>) -> bool {
    let lists = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|offered| offered.trim() == SUBPROTOCOL)
}

pub(super) fn open(
    context: &Arc<Context>,
    query: &StreamQuery,
    slot: &Arc<Slot>,
    mut request: Request<Incoming>,
) -> Result<Response<Bytes>, Refusal> {
    let mut response = accept(&request)?;
    if offers_subprotocol(&request) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    // Subscribed before the client is told, so that what follows the 101 is complete.
    let subscription = context.subscribe(Transport::WebSocket, query, slot)?;
    response.headers_mut().insert(CURSOR_HEADER, subscription.cursor().into());
    let connected =
        (ConnectedClient::new(&context.metrics, Transport::WebSocket, query.user.as_deref(), slot), Arc::clone(slot));
    let upgrade = hyper::upgrade::on(&mut request);
    let (context, tasks) = (Arc::clone(context), &context.tasks);
    tasks.spawn(async move {
        let (_connected, slot) = connected;
        if let Err(error) = serve(&context, upgrade, subscription, &slot).await {
            debug!(%error, "websocket ended");
        }
    });
    Ok(response)
}

/// As frames, ready made: the library would copy them into a buffer that each connection then keeps.
pub(super) fn frame(batch: &Batch) -> Outgoing {
    batch.frames().chain(Bytes::new())
}

/// Takes the socket over from hyper.
pub(super) async fn upgraded(upgrade: OnUpgrade, limits: WebSocketConfig) -> Result<Socket, Error> {
    let upgraded = upgrade.await.map_err(std::io::Error::other)?;
    let Parts { io, read_buf, .. } =
        upgraded.downcast::<TokioIo<socket::Socket>>().expect("http.rs serves this type and no other");
    // Copied, though mostly empty: handed over as it is, the 8 KiB that it lay in would be the socket's for ever.
    let first = read_buf.to_vec();
    drop(read_buf);
    Ok(Socket::from_partially_read(io.into_inner(), first, Role::Server, Some(limits)).await)
}

/// Updates that are to be written, as the engine has them.
enum Unwritten {
    /// Ready made.
    Frames(Outgoing),
    /// For the library to make frames of.
    Updates(Batch),
}

/// What is to be seen to besides the stream.
enum Event {
    Nothing,
    /// What the client said, or that it ended. The error is boxed: it would make room for itself in every connection.
    Said(Option<Result<Message, Box<Error>>>),
    Silent(Silent),
}

async fn serve(
    context: &Context,
    upgrade: OnUpgrade,
    mut subscription: Subscription,
    slot: &Slot,
) -> Result<(), Error> {
    let metrics = &context.metrics;
    // Boxed, as every other part that is soon over or seldom begun: its room would be part of every connection.
    let mut socket = Box::pin(upgraded(upgrade, buffers(context))).await?;
    let writer = socket.get_ref().writer().cloned();
    let mut silence = Silence::new(context.bounds.ping_interval);
    let mut timer = pin!(sleep_until(silence.deadline()));
    loop {
        // What the library still has to say (a pong) goes first. From then on it says nothing until it has read
        // something, and the shard may write past it.
        socket.flush().await?;
        let (unwritten, event) = tokio::select! {
            unwritten = poll_fn(|task| poll_updates(context.engine, &mut subscription, task, writer.as_ref())) => {
                (unwritten, Event::Nothing)
            }
            message = socket.next() => {
                let said = message.map(|message| message.map_err(Box::new));
                (Ok(subscription.stand_down().map(Unwritten::Frames)), Event::Said(said))
            }
            silent = poll_fn(|context| silence.poll(context, timer.as_mut())) => {
                (Ok(subscription.stand_down().map(Unwritten::Frames)), Event::Silent(silent))
            }
        };
        match unwritten {
            // In the middle of an update no Close can be said, and who has not read for so long will not read the rest.
            Ok(Some(_)) if matches!(event, Event::Silent(Silent::GiveUp)) => {
                metrics.met.inc(Bound::PingInterval);
                socket.get_ref().abort();
                return Ok(());
            }
            Ok(Some(Unwritten::Updates(batch))) => Box::pin(feed(&mut socket, &batch)).await?,
            Ok(Some(Unwritten::Frames(data))) => socket.get_mut().send(data).await?,
            Ok(None) => {}
            Err(ended) => return Box::pin(close(&mut socket, Some((code_of(ended), ended.to_string())))).await,
        }
        match event {
            Event::Nothing => {}
            // Answered by the library. No update may follow that (RFC 6455, section 5.5.1), though one may be there by now.
            Event::Said(Some(Ok(Message::Close(_)))) => {
                slot.watched.as_ref().inspect(|watched| watched.said_close());
                return Box::pin(close(&mut socket, None)).await;
            }
            Event::Said(Some(Ok(message))) => {
                silence.broken();
                if let Some(why) = Box::pin(hear(&mut socket, context, subscription.topic(), message)).await? {
                    return Box::pin(close(&mut socket, Some(why))).await;
                }
            }
            Event::Said(Some(Err(error))) => {
                if matches!(*error, Error::Capacity(_)) {
                    metrics.met.inc(Bound::Message);
                }
                return Box::pin(fail(&mut socket, *error)).await;
            }
            Event::Said(None) => {
                socket.get_mut().farewell();
                return Ok(());
            }
            Event::Silent(Silent::Ask) => {
                metrics.pings.inc();
                Box::pin(socket.send(Message::Ping(Bytes::new()))).await?;
            }
            Event::Silent(Silent::GiveUp) => {
                metrics.met.inc(Bound::PingInterval);
                let reason = "no answer to a ping".to_owned();
                // As other servers have it: RFC 6455 knows no code for a peer that seems to be gone.
                return Box::pin(close(&mut socket, Some((CloseCode::Error, reason)))).await;
            }
        }
    }
}

/// What follows the cursor, once there is anything.
fn poll_updates(
    engine: Engine,
    subscription: &mut Subscription,
    task: &mut task::Context<'_>,
    writer: Option<&Arc<Writer>>,
) -> Poll<Result<Option<Unwritten>, Ended>> {
    match engine {
        Engine::Lean => subscription
            .poll_unwritten(task, writer, Transport::WebSocket)
            .map_ok(|frames| frames.map(Unwritten::Frames)),
        Engine::Stock => subscription.poll_next(task).map_ok(|batch| Some(Unwritten::Updates(batch))),
    }
}

/// Hands updates to the library, which writes them before anything else is awaited.
async fn feed(socket: &mut Socket, batch: &Batch) -> Result<(), Error> {
    for message in batch.messages() {
        // A line of JSON, which is UTF-8; the library makes sure.
        let text = Utf8Bytes::try_from(message).map_err(|error| Error::Utf8(error.to_string()))?;
        socket.feed(Message::Text(text)).await?;
    }
    Ok(())
}

/// The library's buffers. Where it writes the updates it collects them as it does by default, and a large one is whole.
fn buffers(context: &Context) -> WebSocketConfig {
    let limits = limits(context.bounds.max_message);
    match context.engine {
        Engine::Lean => limits,
        Engine::Stock => {
            let default = WebSocketConfig::default();
            limits
                .read_buffer_size(STOCK_READ_BYTES)
                .write_buffer_size(default.write_buffer_size)
                .max_write_buffer_size(default.max_write_buffer_size)
        }
    }
}

/// Acknowledges a signal; pings and Close were answered by the library. If the client is to be rid of, says why.
async fn hear(
    socket: &mut Socket,
    Context { metrics, spoken, .. }: &Context,
    topic: &Arc<Topic>,
    message: Message,
) -> Result<Option<(CloseCode, String)>, Error> {
    match message {
        Message::Text(text) => match signal::acknowledge(metrics, spoken.as_deref(), topic, text.as_bytes()) {
            Ok(ack) => socket.send(Message::text(ack)).await.map(|()| None),
            Err(error) => Ok(Some((CloseCode::Policy, error.to_string()))),
        },
        Message::Binary(_) => Ok(Some((CloseCode::Unsupported, "signals are text".to_owned()))),
        _ => Ok(None),
    }
}

/// Tells a peer that broke the rules which (RFC 6455, sections 7.1.7 and 7.4.1).
pub(super) async fn fail(socket: &mut Socket, error: Error) -> Result<(), Error> {
    let code = match &error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Err(error),
        Error::Protocol(_) => CloseCode::Protocol,
        Error::Capacity(_) => CloseCode::Size,
        Error::Utf8(_) => CloseCode::Invalid,
        _ => return Err(error),
    };
    let closing = async {
        socket.close(Some(close_frame(code, error.to_string()))).await?;
        let raw = socket.get_mut();
        raw.shutdown().await?;
        // Closed while bytes lie unread, the kernel would reset the connection and our Close might be lost.
        tokio::io::copy(raw, &mut tokio::io::sink()).await?;
        Err(error)
    };
    tokio::time::timeout(CLOSE_TIMEOUT, closing).await.unwrap_or(Ok(()))
}

fn code_of(ended: Ended) -> CloseCode {
    match ended {
        Ended::Expired(_) => CloseCode::Again,
        Ended::Draining => CloseCode::Away,
    }
}

/// Says Close and why, or sends the answer to the peer's; then waits for the end.
async fn close(socket: &mut Socket, why: Option<(CloseCode, String)>) -> Result<(), Error> {
    let closing = async {
        match why {
            Some((code, reason)) => socket.close(Some(close_frame(code, reason))).await?,
            None => socket.flush().await?,
        }
        while let Some(message) = socket.next().await {
            drop(message?);
        }
        socket.get_mut().farewell();
        Ok(())
    };
    tokio::time::timeout(CLOSE_TIMEOUT, closing).await.unwrap_or_else(|_| {
        // What the kernel still holds for a peer that does not answer would stay for minutes.
        socket.get_ref().abort();
        Ok(())
    })
}

/// A control frame holds 125 bytes (RFC 6455, section 5.5), of which the code takes two.
fn close_frame(code: CloseCode, mut reason: String) -> CloseFrame {
    reason.truncate(reason.floor_char_boundary(123));
    CloseFrame { code, reason: reason.into() }
}
