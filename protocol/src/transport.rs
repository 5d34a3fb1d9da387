//! The transports that are compared, and their names.

use serde::{Deserialize, Serialize};

use crate::named::names;

/// A way of getting updates from the server to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// One connection, upgraded once, a text frame an update (RFC 6455).
    #[serde(rename = "websocket")]
    WebSocket,
    /// A kept-alive HTTP/1.1 connection, a request for every answer (RFC 6202).
    LongPoll,
    /// One answer that does not end, an event an update (HTML Standard, section 9.2).
    Sse,
    /// A kept-alive HTTP/1.1 connection, asked again and again at an interval; it holds no request.
    ShortPoll,
}

names!(Transport, "transport": WebSocket "websocket", LongPoll "long-poll", Sse "sse", ShortPoll "short-poll");

impl Transport {
    /// What a server tells apart.
    pub const SERVED: [Self; 3] = [Self::WebSocket, Self::LongPoll, Self::Sse];

    /// What is compared unless others are asked for.
    pub const DEFAULT: [Self; 2] = [Self::WebSocket, Self::LongPoll];

    /// Whether a client asks anew for every payload, so that an update may come between two requests.
    pub fn asks(self) -> bool {
        match self {
            Self::WebSocket | Self::Sse => false,
            Self::LongPoll | Self::ShortPoll => true,
        }
    }

    /// What a server takes it for, one of [`Self::SERVED`]: it sees a poll, and not how long its client will then wait.
    pub fn as_served(self) -> Self {
        match self {
            Self::WebSocket | Self::LongPoll | Self::Sse => self,
            Self::ShortPoll => Self::LongPoll,
        }
    }

    /// The name in prose.
    pub fn title(self) -> &'static str {
        match self {
            Self::WebSocket => "WebSocket",
            Self::LongPoll => "long polling",
            Self::Sse => "server-sent events",
            Self::ShortPoll => "short polling",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_agree_with_serde() {
        for transport in Transport::ALL {
            assert_eq!(transport.name().parse(), Ok(transport));
            assert_eq!(serde_json::to_value(transport).unwrap(), transport.name());
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "carrier-pigeon".parse::<Transport>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown transport `carrier-pigeon`: one of websocket, long-poll, sse, short-poll"
        );
    }
}
