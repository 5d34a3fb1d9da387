//! Dialects, as data: how a client of each transport talks to a server of others, read from TOML. No sockets.

mod check;
mod dialect;
mod place;
mod said;
mod start;
mod template;

use std::{path::Path, sync::Arc};

use anyhow::{Context, ensure};
use protocol::Transport;

pub use dialect::{Dialect, LongPoll, WebSocket};
pub use place::Place;
pub use said::{Heartbeat, Mark, Request, Said, Step, Take};
pub use start::{Need, Start};
pub use template::{CLIENT, COUNT, DATA, RANDOM, Template};

/// The own protocol: it needs no file, and its clients no driver.
pub const PUSHBENCH: &str = "pushbench";

/// Dialects that come with pushbench, each tried against its server: name and TOML.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("faye", include_str!("../../../../peers/faye/dialect.toml")),
    ("nchan", include_str!("../../../../peers/nchan/dialect.toml")),
    ("pushpin", include_str!("../../../../peers/pushpin/dialect.toml")),
    ("socketio", include_str!("../../../../peers/socketio/dialect.toml")),
    ("sockjs", include_str!("../../../../peers/sockjs/dialect.toml")),
    ("ws", include_str!("../../../../peers/ws/dialect.toml")),
];

/// Whether that is the name of a dialect, and not of a file.
pub fn is_built_in(name: &str) -> bool {
    name == PUSHBENCH || BUILT_IN.iter().any(|(built_in, _)| *built_in == name)
}

impl Dialect {
    /// The dialect of that name, or in that file; none for the own protocol.
    pub fn find(name: &str) -> anyhow::Result<Option<Arc<Self>>> {
        if name == PUSHBENCH {
            return Ok(None);
        }
        if let Some((_, text)) = BUILT_IN.into_iter().find(|(built_in, _)| *built_in == name) {
            return Self::parse(name, text).map(Arc::new).map(Some);
        }
        let text = std::fs::read_to_string(name).with_context(|| {
            let names = BUILT_IN.map(|(name, _)| name).join(", ");
            format!("no dialect `{name}`: built in are {PUSHBENCH}, {names}; or give the path of a TOML file")
        })?;
        let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&stem, &text).map(Arc::new).map(Some)
    }

    /// Reads a dialect; `name` is said in errors.
    pub fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let dialect: Self = toml::from_str(text).with_context(|| format!("dialect {name} cannot be read"))?;
        let dialect = Self { name: name.to_owned(), ..dialect }.with_shared()?;
        check::check(&dialect).map_err(|(key, error)| {
            let line = check::line_of(text, &key).map_or_else(String::new, |line| format!(", line {line}"));
            anyhow::anyhow!("dialect {name}{line}: {error}")
        })?;
        Ok(dialect)
    }

    /// With all that is in the built-in one that it names, if it does: two servers of one protocol share a file.
    fn with_shared(self) -> anyhow::Result<Self> {
        let Some(like) = &self.like else { return Ok(self) };
        let name = &self.name;
        let text = BUILT_IN.into_iter().find_map(|(built_in, text)| (built_in == like).then_some(text));
        let text = text.with_context(|| {
            let names = BUILT_IN.map(|(name, _)| name).join(", ");
            format!("dialect {name}: no dialect `{like}`: built in are {names}")
        })?;
        ensure!(
            self.websocket.is_none() && self.long_poll.is_none() && self.publish.is_none(),
            "dialect {name}: beside dialect = \"{like}\" it has transports of its own; leave the one or the other out"
        );
        let Self { websocket, long_poll, publish, .. } = Self::parse(like, text)?;
        Ok(Self { websocket, long_poll, publish, ..self })
    }

    /// The transports that it speaks.
    pub fn transports(&self) -> Vec<Transport> {
        let speaks = |transport: &Transport| match transport {
            Transport::WebSocket => self.websocket.is_some(),
            Transport::LongPoll => self.long_poll.is_some(),
            Transport::Sse | Transport::ShortPoll => false,
        };
        Transport::ALL.into_iter().filter(speaks).collect()
    }

    /// The messages in one, or in an answer, that are no heartbeats.
    pub fn updates<'a>(&'a self, transport: Transport, message: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let (websocket, long_poll) = (self.websocket.as_ref(), self.long_poll.as_ref());
        let (heartbeats, separator) = match transport {
            Transport::WebSocket => (websocket.map(|websocket| &*websocket.heartbeats), None),
            Transport::LongPoll => {
                (long_poll.map(|long_poll| &*long_poll.heartbeats), long_poll.and_then(|long_poll| long_poll.separator))
            }
            Transport::Sse | Transport::ShortPoll => (None, None),
        };
        let heartbeats = heartbeats.unwrap_or_default();
        let parts = message.split(move |byte| separator.is_some_and(|separator| *byte == separator as u8));
        parts.filter(|part| !part.is_empty() && heartbeats.iter().all(|heartbeat| !heartbeat.on.is_on(part)))
    }

    /// Whether a client of that transport can say an update.
    pub fn says(&self, transport: Transport) -> bool {
        match transport {
            Transport::WebSocket => self.websocket.as_ref().is_some_and(|websocket| websocket.say.is_some()),
            Transport::LongPoll => self.long_poll.as_ref().is_some_and(|long_poll| long_poll.say.is_some()),
            Transport::Sse | Transport::ShortPoll => false,
        }
    }

    /// Whether a client of that transport says goodbye.
    pub fn has_goodbye(&self, transport: Transport) -> bool {
        match transport {
            Transport::WebSocket => self.websocket.as_ref().is_some_and(|websocket| websocket.goodbye.is_some()),
            Transport::LongPoll => self.long_poll.as_ref().is_some_and(|long_poll| long_poll.goodbye.is_some()),
            Transport::Sse | Transport::ShortPoll => false,
        }
    }
}

#[cfg(test)]
mod tests;
