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
}

names!(Transport, "transport": WebSocket "websocket", LongPoll "long-poll");

impl Transport {
    /// Whether a client asks anew for every payload, so that an update may come between two requests.
    pub fn asks(self) -> bool {
        match self {
            Self::WebSocket => false,
            Self::LongPoll => true,
        }
    }

    /// The name in prose.
    pub fn title(self) -> &'static str {
        match self {
            Self::WebSocket => "WebSocket",
            Self::LongPoll => "long polling",
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
        assert_eq!(error.to_string(), "unknown transport `carrier-pigeon`: one of websocket, long-poll");
    }
}
