//! What a dialect says, key by key.

use serde::Deserialize;

use super::{
    said::{Heartbeat, Request, Step, Take},
    start::Start,
    template::Template,
};

/// How clients talk to a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// Its name, or that of its file.
    #[serde(skip)]
    pub name: String,
    /// What it is for.
    pub why: String,
    /// The built-in one that it speaks, in place of all that follows but the server.
    #[serde(rename = "dialect")]
    pub(super) like: Option<String>,
    /// Over a WebSocket, if it can.
    pub websocket: Option<WebSocket>,
    /// By long polling, if it can.
    pub long_poll: Option<LongPoll>,
    /// How an update is published by HTTP, if it can be.
    pub publish: Option<Request>,
    /// Whether who says an update gets it back like everybody else.
    #[serde(default = "back")]
    pub echo: bool,
    /// How the server is started that it lies beside, if it is a peer.
    pub server: Option<Start>,
}

fn back() -> bool {
    true
}

/// How a client of it talks over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocket {
    /// Path and query of the upgrade.
    pub path: Template,
    /// The subprotocol that it offers, if any.
    pub subprotocol: Option<Box<str>>,
    /// What follows the upgrade until updates may come.
    #[serde(default)]
    pub open: Vec<Step>,
    /// What it answers to be thought alive. Pings of the protocol are answered always.
    #[serde(default)]
    pub heartbeats: Vec<Heartbeat>,
    /// How it says an update for the server to relay, if it can.
    pub say: Option<Template>,
    /// How it says goodbye before its connection is closed, if it does.
    pub goodbye: Option<Template>,
}

/// How a client of it polls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPoll {
    /// What comes before the first poll.
    #[serde(default)]
    pub open: Vec<Step>,
    /// The poll.
    pub poll: Request,
    /// What is taken out of each answer, for the next poll to say.
    #[serde(default)]
    pub take: Take,
    /// Statuses beside 204 that say that nothing came in time.
    #[serde(default)]
    pub nothing_yet: Vec<u16>,
    /// What stands between the messages of an answer; without it an answer is one message.
    pub separator: Option<char>,
    /// What it answers to be thought alive.
    #[serde(default)]
    pub heartbeats: Vec<Heartbeat>,
    /// How it says an update for the server to relay, if it can: on a connection of its own, for the other is taken by a poll.
    pub say: Option<Request>,
    /// How it says goodbye, if it does: likewise.
    pub goodbye: Option<Request>,
}
