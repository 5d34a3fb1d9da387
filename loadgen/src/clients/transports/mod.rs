//! How clients get updates. A client only produces bytes: it reads no clock, keeps no statistics, knows no scenario.
//! A transport is a file here, a variant of [`Client`] and an arm in each of its methods.

#[doc(hidden)]
pub mod answer;
mod chunks;
pub mod echo;
mod error;
#[doc(hidden)]
pub mod event;
mod exchange;
#[doc(hidden)]
pub mod frame;
mod handshake;
mod head;
mod held;
#[doc(hidden)]
pub mod inbox;
mod long_poll;
mod payload;
mod request;
#[cfg(test)]
mod script;
mod spoken;
#[doc(hidden)]
pub mod sse;
mod stream;
mod uplink;
mod websocket;

use protocol::Transport;

pub use self::{
    error::{ClientError, shown},
    inbox::Scratch,
    payload::Payload,
    request::{Endpoint, Request, Told},
    stream::Stream,
    uplink::{Uplink, Voice},
};

/// One client, connected and known to the server.
#[derive(Debug)]
pub enum Client {
    /// Over a WebSocket.
    WebSocket(websocket::Client),
    /// By polling, whether the server holds its polls or not.
    LongPoll(long_poll::Client),
    /// By server-sent events.
    Sse(sse::Client),
    /// To a server of others, over either. Boxed, for it would make room for itself in every client.
    Spoken(Box<spoken::Client>),
}

impl Client {
    /// Makes the server know the client, and says after which update it stands.
    ///
    /// When this returns, no update after that cursor can be lost: the server's answer has been read, or the cursor is one
    /// that the client had, and its answer is [still to come](Self::is_answered). What the server would have the client show from now on is in the request then.
    /// `again` gives another connection in place of one that the server did not keep.
    pub async fn open(
        transport: Transport,
        stream: Stream,
        request: &mut Request,
        scratch: &Scratch,
        again: impl AsyncFn() -> Result<Stream, ClientError>,
    ) -> Result<(Self, u64), ClientError> {
        if let Some(dialect) = request.endpoint.dialect.clone() {
            let client = match transport {
                Transport::WebSocket => spoken::Client::over_websocket(dialect, stream, request, scratch).await?,
                Transport::LongPoll => spoken::Client::by_polling(dialect, stream, request, scratch, again).await?,
                Transport::Sse | Transport::ShortPoll => unreachable!("no dialect says how, and so none is asked to"),
            };
            // Nothing is published before the first clients are ready, and the first update is 1.
            return Ok((Self::Spoken(client.into()), request.after.unwrap_or(0)));
        }
        match transport {
            Transport::WebSocket => {
                let (client, cursor) = websocket::Client::open(stream, request).await?;
                Ok((Self::WebSocket(client), cursor))
            }
            Transport::Sse => {
                let (client, cursor) = sse::Client::open(stream, request, scratch).await?;
                Ok((Self::Sse(client), cursor))
            }
            Transport::LongPoll | Transport::ShortPoll => {
                let (client, cursor) = long_poll::Client::open(stream, request, scratch).await?;
                Ok((Self::LongPoll(client), cursor))
            }
        }
    }

    /// The next payload: what one read brought, or nothing where a poll found none in time.
    ///
    /// `cursor` is the last update received, which a transport that asks anew each time needs.
    /// It lies in `scratch`, and must be let go before any client reads again. A payload that holds nothing is a sign of
    /// life. Over a WebSocket, dropping the future loses nothing. After [`ClientError::Ended`] it is to be called again once the
    /// client is [reopened](Self::reopen).
    pub async fn next<'a>(&mut self, cursor: u64, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        match self {
            Self::WebSocket(client) => client.next(scratch).await,
            Self::LongPoll(client) => client.next(cursor, scratch).await,
            Self::Sse(client) => client.next(scratch).await,
            Self::Spoken(client) => client.next(scratch).await,
        }
    }

    /// Looks at what a payload held beside updates, once those are recorded.
    pub fn heed(&mut self, payload: &Payload<'_>) {
        match self {
            Self::WebSocket(_) | Self::LongPoll(_) | Self::Sse(_) => {}
            Self::Spoken(client) => client.heed(payload),
        }
    }

    /// Has the kernel acknowledge what came, which until then it held back: an acknowledgement is no part of reading. A poll
    /// carries that of the answer before it.
    pub fn acknowledge(&self) -> Result<(), ClientError> {
        match self {
            Self::WebSocket(client) => Ok(client.acknowledge()?),
            Self::Sse(client) => Ok(client.acknowledge()?),
            Self::LongPoll(_) => Ok(()),
            Self::Spoken(client) => client.acknowledge(),
        }
    }

    /// Whether the server has answered it: then it is connected to a program, and not only to a kernel's queue.
    pub fn is_answered(&self) -> bool {
        match self {
            Self::WebSocket(_) | Self::Sse(_) | Self::Spoken(_) => true,
            Self::LongPoll(client) => client.is_answered(),
        }
    }

    /// Goes on over another connection, after [`ClientError::Ended`].
    pub fn reopen(&mut self, stream: Stream) {
        match self {
            Self::WebSocket(_) | Self::Sse(_) => unreachable!("what has ended is opened anew, from its beginning"),
            Self::LongPoll(client) => client.reopen(stream),
            Self::Spoken(client) => client.reopen(stream),
        }
    }

    /// Says something beside the updates, where the transport can: a signal, whose acknowledgement comes as a payload, or an update for
    /// the server to relay.
    pub async fn say(&mut self, words: &str) -> Result<(), ClientError> {
        match self {
            Self::WebSocket(client) => client.say(words).await,
            Self::LongPoll(_) | Self::Sse(_) => {
                Err(ClientError::Protocol("a request carries no signal: see Uplink".to_owned()))
            }
            Self::Spoken(client) => client.say(words.as_bytes()).await,
        }
    }

    /// Who says that on a connection of its own, where the transport cannot.
    pub fn voice(&self, request: &Request) -> Option<Voice> {
        match self {
            Self::WebSocket(_) => None,
            Self::LongPoll(_) | Self::Sse(_) => Some(Voice::of_signals(request)),
            Self::Spoken(client) => client.voice().map(|(speaker, said)| Voice::of(speaker, said)),
        }
    }

    /// Says goodbye, where a dialect has that as a message; who says it on a connection of its own, where it is a request.
    pub async fn leave(&mut self) -> Result<Option<Voice>, ClientError> {
        match self {
            Self::WebSocket(_) | Self::LongPoll(_) | Self::Sse(_) => Ok(None),
            Self::Spoken(client) => Ok(client.leave().await?.map(|(speaker, said)| Voice::of(speaker, said))),
        }
    }
}
