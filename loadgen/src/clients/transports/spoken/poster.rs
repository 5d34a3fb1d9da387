//! Updates that are published by HTTP: one request after the other, on one connection.

use super::speaker::Speaker;
use crate::clients::{
    dialects,
    transports::{
        ClientError, Request, Scratch, Stream,
        answer::Answer,
        exchange::{Exchange, State},
    },
};

/// A connection on which updates are posted.
#[derive(Debug)]
pub struct Poster {
    exchange: Exchange,
    speaker: Speaker,
}

impl Poster {
    /// Takes a connection.
    pub fn new(stream: Stream, request: &Request) -> Self {
        Self { exchange: Exchange::new(stream, State::Fresh), speaker: Speaker::new(request) }
    }

    /// Posts an update, and waits until it is acknowledged by a status of success. After [`ClientError::Ended`] it is to be
    /// posted again once this is [reopened](Self::reopen).
    pub async fn post(&mut self, said: &dialects::Request, data: &[u8], scratch: &Scratch) -> Result<(), ClientError> {
        self.speaker.request(said, data, &mut self.exchange.request)?;
        match self.exchange.ask(scratch).await? {
            (Answer { status: 200..300, .. }, _) => Ok(()),
            (answer, bytes) => Err(answer.refusal(&bytes)),
        }
    }

    /// Goes on over another connection.
    pub fn reopen(&mut self, stream: Stream) {
        self.exchange.reopen(stream);
    }
}
