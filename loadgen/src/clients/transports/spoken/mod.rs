//! A client of a server of others, over either transport: what a [`Dialect`] says, by the readers that measure the own server.

mod asking;
mod heartbeats;
mod opening;
mod speaker;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{
    ClientError, Payload, Request, Scratch, Stream,
    answer::Answer,
    exchange::{Exchange, State},
    websocket,
};
use crate::clients::dialects::{self, Dialect, Heartbeat, LongPoll, Said};
pub(super) use asking::ask;
use heartbeats::{heard, parts};
pub(super) use speaker::Speaker;

/// A client that has opened.
#[derive(Debug)]
pub struct Client {
    dialect: Arc<Dialect>,
    speaker: Speaker,
    line: Line,
    /// Heartbeats that came and are not answered yet, by their place in the dialect.
    unanswered: Vec<u8>,
    /// Whether a poll was answered.
    was_polled: bool,
}

#[derive(Debug)]
enum Line {
    WebSocket(websocket::Client),
    LongPoll(Exchange),
}

impl Client {
    /// Upgrades, and says what opens.
    pub(super) async fn over_websocket(
        dialect: Arc<Dialect>,
        stream: Stream,
        request: &mut Request,
        scratch: &Scratch,
    ) -> Result<Self, ClientError> {
        let websocket = dialect.websocket.as_ref().ok_or_else(|| unspoken(&dialect))?;
        let mut speaker = Speaker::new(request);
        let path = speaker.text(&websocket.path, &[])?;
        let handshake = request.handshake(&path, websocket.subprotocol.as_deref())?;
        let (mut client, _) = websocket::Client::upgrade(stream, handshake, request).await?;
        let unanswered = opening::over_websocket(&mut client, &mut speaker, websocket, scratch).await?;
        Ok(Self { dialect, speaker, line: Line::WebSocket(client), unanswered, was_polled: false })
    }

    /// Asks what opens. The first poll is for [`Self::next`] to send.
    pub(super) async fn by_polling(
        dialect: Arc<Dialect>,
        stream: Stream,
        request: &mut Request,
        scratch: &Scratch,
        again: impl AsyncFn() -> Result<Stream, ClientError>,
    ) -> Result<Self, ClientError> {
        let long_poll = dialect.long_poll.as_ref().ok_or_else(|| unspoken(&dialect))?;
        let (mut exchange, mut speaker) = (Exchange::new(stream, State::Fresh), Speaker::new(request));
        let unanswered = opening::by_polling(&mut exchange, &mut speaker, long_poll, request, scratch, again).await?;
        speaker.goes_on();
        Ok(Self { dialect, speaker, line: Line::LongPoll(exchange), unanswered, was_polled: false })
    }

    /// Answers the heartbeats that came, and waits for what comes next.
    pub(super) async fn next<'a>(&mut self, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        while let Some(place) = self.unanswered.last().copied() {
            // Boxed: its room would else be part of every client, all the time.
            Box::pin(self.answer(usize::from(place), scratch)).await?;
            self.unanswered.pop();
        }
        let exchange = match &mut self.line {
            Line::WebSocket(client) => return client.next(scratch).await,
            Line::LongPoll(exchange) => exchange,
        };
        let LongPoll { poll, nothing_yet, .. } = polled(&self.dialect);
        self.speaker.request(poll, &[], &mut exchange.request)?;
        match exchange.ask(scratch).await? {
            (Answer { status: 200 | 204, body, .. }, bytes) => Ok(Payload::answer(bytes, body)),
            (Answer { status, body, .. }, bytes) if nothing_yet.contains(&status) => Ok(Payload::answer(bytes, body)),
            (answer, bytes) => Err(answer.refusal(&bytes)),
        }
    }

    /// Looks at what a payload held beside updates, once they are recorded: what the next poll says, and which heartbeats are to be answered.
    pub(super) fn heed(&mut self, payload: &Payload<'_>) {
        if let Line::LongPoll(_) = self.line {
            let (head, body) = payload.parts();
            self.speaker.take(&polled(&self.dialect).take, head, body);
            self.was_polled = true;
        }
        let heartbeats = self.heartbeats();
        if heartbeats.is_empty() {
            return;
        }
        let separator = match self.line {
            Line::WebSocket(_) => None,
            Line::LongPoll(_) => polled(&self.dialect).separator,
        };
        let mut came = Vec::new();
        for message in payload.messages() {
            came.extend(parts(message, separator).filter_map(|part| heard(heartbeats, part)));
        }
        self.unanswered.append(&mut came);
    }

    /// Says an update, where it is said as a message.
    pub(super) async fn say(&mut self, data: &[u8]) -> Result<(), ClientError> {
        match (&mut self.line, self.dialect.websocket.as_ref().and_then(|websocket| websocket.say.as_ref())) {
            (Line::WebSocket(client), Some(say)) => client.say(&self.speaker.text(say, data)?).await,
            _ => Err(ClientError::protocol(format!(
                "the dialect {} does not say how updates are said",
                self.dialect.name
            ))),
        }
    }

    /// Who says updates, and by which request, where they are said beside polls. It knows what the client knows by now.
    pub(super) fn voice(&self) -> Option<(Speaker, dialects::Request)> {
        match self.line {
            Line::WebSocket(_) => None,
            Line::LongPoll(_) => Some((self.speaker.clone(), polled(&self.dialect).say.clone()?)),
        }
    }

    /// Says goodbye, where that is a message; who says it, and by which request, where it is said beside a poll.
    pub(super) async fn leave(&mut self) -> Result<Option<(Speaker, dialects::Request)>, ClientError> {
        let client = match &mut self.line {
            Line::WebSocket(client) => client,
            Line::LongPoll(_) => {
                let goodbye = polled(&self.dialect).goodbye.clone();
                return Ok(goodbye.map(|goodbye| (self.speaker.clone(), goodbye)));
            }
        };
        if let Some(goodbye) = self.dialect.websocket.as_ref().and_then(|websocket| websocket.goodbye.as_ref()) {
            client.say(&self.speaker.text(goodbye, &[])?).await?;
        }
        Ok(None)
    }

    pub(super) fn reopen(&mut self, stream: Stream) {
        match &mut self.line {
            Line::WebSocket(_) => unreachable!("a WebSocket that has ended is opened anew, with its handshake"),
            Line::LongPoll(exchange) => exchange.reopen(stream),
        }
    }

    pub(super) fn acknowledge(&self) -> Result<(), ClientError> {
        match &self.line {
            Line::WebSocket(client) => Ok(client.acknowledge()?),
            Line::LongPoll(_) => Ok(()),
        }
    }

    fn heartbeats(&self) -> &[Heartbeat] {
        match (&self.line, &self.dialect.websocket) {
            (Line::WebSocket(_), Some(websocket)) => &websocket.heartbeats,
            _ => &polled(&self.dialect).heartbeats,
        }
    }

    async fn answer(&mut self, place: usize, scratch: &Scratch) -> Result<(), ClientError> {
        let said = self.heartbeats()[place].said.clone();
        match (&mut self.line, &said) {
            (Line::WebSocket(client), Said::Message(message)) => client.say(&self.speaker.text(message, &[])?).await,
            (Line::LongPoll(exchange), Said::Request(request)) => {
                ask(exchange, &mut self.speaker, request, &[], scratch).await.map(drop)
            }
            _ => unreachable!("checked as the dialect was read"),
        }
    }
}

impl Drop for Client {
    /// What its answers brought is kept once, as it ends, and not after each: a poll is timed.
    fn drop(&mut self) {
        if self.was_polled {
            self.speaker.keep(&polled(&self.dialect).take);
        }
    }
}

fn polled(dialect: &Dialect) -> &LongPoll {
    dialect.long_poll.as_ref().expect("it polls")
}

fn unspoken(dialect: &Dialect) -> ClientError {
    ClientError::protocol(format!("the dialect {} does not speak this transport", dialect.name))
}
