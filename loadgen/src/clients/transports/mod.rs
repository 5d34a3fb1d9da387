//! How clients get updates. A client only produces bytes: it reads no clock, keeps no statistics, knows no scenario.
//! A transport is a file here, a variant of [`Client`] and an arm in each of its two methods.

#[doc(hidden)]
pub mod answer;
pub mod echo;
#[doc(hidden)]
pub mod frame;
mod handshake;
#[doc(hidden)]
pub mod inbox;
mod long_poll;
mod payload;
#[cfg(test)]
mod script;
mod stream;
mod uplink;
mod websocket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use protocol::{Transport, wire::TOKEN_KEY};

pub use self::{inbox::Scratch, payload::Payload, stream::Stream, uplink::Uplink};

/// One client, connected and known to the server.
#[derive(Debug)]
pub enum Client {
    /// Over a WebSocket.
    WebSocket(websocket::Client),
    /// By long polling.
    LongPoll(long_poll::Client),
}

/// How to talk to the server.
#[derive(Debug, Clone)]
pub struct Request {
    /// The server's address, for the `Host` header.
    pub server: SocketAddr,
    /// How long a poll asks to be held.
    pub poll_wait: Duration,
    /// After which update to go on; from now on without.
    pub after: Option<u64>,
    /// What the server asks for, if it does.
    pub token: Option<Arc<str>>,
}

impl Request {
    /// What shows the token, as one more key of a query.
    fn token(&self) -> String {
        let token = self.token.iter().flat_map(|token| form_urlencoded::byte_serialize(token.as_bytes()));
        token.fold(String::new(), |key, part| if key.is_empty() { format!("&{TOKEN_KEY}={part}") } else { key + part })
    }
}

impl Client {
    /// Makes the server know the client, and says after which update it stands.
    ///
    /// When this returns, no update after that cursor can be lost: the server's answer has been read, or the cursor is one
    /// that the client had.
    pub async fn open(
        transport: Transport,
        stream: Stream,
        request: &Request,
        scratch: &Scratch,
    ) -> Result<(Self, u64), ClientError> {
        match transport {
            Transport::WebSocket => {
                let (client, cursor) = websocket::Client::open(stream, request).await?;
                Ok((Self::WebSocket(client), cursor))
            }
            Transport::LongPoll => {
                let (client, cursor) = long_poll::Client::open(stream, request, scratch).await?;
                Ok((Self::LongPoll(client), cursor))
            }
        }
    }

    /// The next payload: what one read brought, or nothing where a poll found none in time.
    ///
    /// `cursor` is the last update received, which a transport that asks anew each time needs.
    /// It lies in `scratch`, and must be let go before any client reads again. A payload that holds nothing is a sign of
    /// life. Over a WebSocket, dropping the future loses nothing.
    pub async fn next<'a>(&mut self, cursor: u64, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        match self {
            Self::WebSocket(client) => client.next(scratch).await,
            Self::LongPoll(client) => client.next(cursor, scratch).await,
        }
    }

    /// Sends a signal beside the updates, where the transport can; its acknowledgement comes as a payload.
    pub async fn signal(&mut self, signal: String) -> Result<(), ClientError> {
        match self {
            Self::WebSocket(client) => client.signal(signal).await,
            Self::LongPoll(_) => Err(ClientError::Protocol("a poll carries no signal: see Uplink".to_owned())),
        }
    }
}

/// Why a client ended.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket failed.
    #[error("{0}")]
    Socket(#[from] io::Error),
    /// The server ended the connection.
    #[error("closed by the server{0}")]
    Closed(String),
    /// The server answered with another status than asked for.
    #[error("status {status}: {body}")]
    Status {
        /// The status code.
        status: u16,
        /// What the server said.
        body: String,
    },
    /// What came is not the protocol.
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl ClientError {
    /// A short name under which such errors are counted.
    pub fn kind(&self) -> String {
        match self {
            Self::Socket(error) => format!("{:?}", error.kind()),
            Self::Closed(_) => "Closed".to_owned(),
            Self::Status { status, .. } => format!("Status{status}"),
            Self::Protocol(_) => "Protocol".to_owned(),
        }
    }
}

/// Reads a cursor header's value.
fn cursor(value: Option<&[u8]>) -> Result<u64, ClientError> {
    value
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
        .ok_or_else(|| ClientError::Protocol(format!("no {} header", protocol::wire::CURSOR_HEADER)))
}
