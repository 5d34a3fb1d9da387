//! How to talk to the server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use protocol::wire::{CURSOR_HEADER, TOKEN_KEY};

use super::ClientError;

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
    pub(super) fn token(&self) -> String {
        let token = self.token.iter().flat_map(|token| form_urlencoded::byte_serialize(token.as_bytes()));
        token.fold(String::new(), |key, part| if key.is_empty() { format!("&{TOKEN_KEY}={part}") } else { key + part })
    }
}

/// Reads a cursor header's value.
pub(super) fn cursor(value: Option<&[u8]>) -> Result<u64, ClientError> {
    value
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
        .ok_or_else(|| ClientError::Protocol(format!("no {CURSOR_HEADER} header")))
}
