//! Why a client ended, and what the server said of it.

use std::{borrow::Cow, io, time::Duration};

use serde_json::Value;

use super::head::values;

/// Characters of an error in words at most: a server may answer with a whole page.
const WORDS_MAX: usize = 200;
/// So much is shown of what came.
const SHOWN_BYTES: usize = 200;

/// Why a client ended.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket failed.
    #[error("{0}")]
    Socket(#[from] io::Error),
    /// The server ended the connection.
    #[error("closed by the server{0}")]
    Closed(String),
    /// The server ended a connection that it need not have kept, as HTTP allows: the same is to be asked on another.
    #[error("closed by the server")]
    Ended,
    /// The server answered with another status than asked for.
    #[error("status {status}{}", said(body))]
    Status {
        /// The status code.
        status: u16,
        /// What the server said.
        body: String,
        /// After how many seconds it wants to be asked again, if it says so.
        retry_after_s: Option<u64>,
    },
    /// What came is not the protocol.
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl ClientError {
    #[cold]
    pub(super) fn protocol(error: impl Into<String>) -> Self {
        Self::Protocol(error.into())
    }

    /// A short name under which such errors are counted.
    pub fn kind(&self) -> String {
        match self {
            Self::Socket(error) => format!("{:?}", error.kind()),
            Self::Closed(_) | Self::Ended => "Closed".to_owned(),
            Self::Status { status, .. } => format!("Status{status}"),
            Self::Protocol(_) => "Protocol".to_owned(),
        }
    }

    /// One line for people, whatever the server wrote into it.
    pub fn in_words(&self) -> String {
        let text = self.to_string().replace(char::is_control, " ");
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(WORDS_MAX) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Whether a client that never was ready would hear the same again.
    pub fn is_final(&self) -> bool {
        match self {
            // TLS: who is not trusted now will not be trusted then.
            Self::Socket(error) => error.kind() == io::ErrorKind::InvalidData,
            Self::Closed(_) | Self::Ended => false,
            Self::Status { status, .. } => *status < 500 && ![408, 425, 429].contains(status),
            Self::Protocol(_) => true,
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Status { retry_after_s: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => Duration::ZERO,
        }
    }
}

/// The seconds of a `Retry-After` (RFC 9110, section 10.2.3) in a head; its dates are passed over.
pub(super) fn retry_after_s(head: &[u8]) -> Option<u64> {
    values(head, "retry-after").find_map(|value| std::str::from_utf8(value).ok()?.parse().ok())
}

/// The beginning of what came, as text.
pub fn shown(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN_BYTES)])
}

/// The sentence in a body: the `message` of a JSON object, or all of it.
fn said(body: &str) -> String {
    let message =
        serde_json::from_str::<Value>(body).ok().and_then(|body| Some(body.get("message")?.as_str()?.to_owned()));
    match message.as_deref().unwrap_or(body).trim() {
        "" => String::new(),
        sentence => format!(": {sentence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, body: &str) -> ClientError {
        ClientError::Status { status, body: body.to_owned(), retry_after_s: None }
    }

    #[test]
    fn the_servers_sentence_is_told_in_one_short_line() {
        let page = "<html>\r\n  <h1>busy\x1b[2J</h1>\r\n".to_owned() + &"ü".repeat(300);
        for (body, words) in [
            (r#"{"error":"unauthorised","message":"show the token"}"#, "status 503: show the token"),
            (r#"{"error":"cursor_expired","oldest":3}"#, r#"status 503: {"error":"cursor_expired","oldest":3}"#),
            (" come back\nlater ", "status 503: come back later"),
            ("", "status 503"),
        ] {
            assert_eq!(status(503, body).in_words(), words);
        }
        let words = status(502, &page).in_words();
        assert!(words.starts_with("status 502: <html> <h1>busy [2J</h1> üü") && words.ends_with("ü…"), "{words}");
        assert_eq!(words.chars().count(), WORDS_MAX + 1);
    }

    #[test]
    fn who_is_busy_is_asked_again_and_who_refuses_is_not() {
        for (code, is_final) in [(401, true), (400, true), (307, true), (429, false), (503, false), (500, false)] {
            assert_eq!(status(code, "").is_final(), is_final, "{code}");
        }
        assert!(!ClientError::from(io::Error::from(io::ErrorKind::ConnectionRefused)).is_final());
        assert!(ClientError::from(io::Error::from(io::ErrorKind::InvalidData)).is_final());
    }

    #[test]
    fn seconds_to_wait_are_read_and_dates_are_not() {
        let of = |value: &str| retry_after_s(format!("HTTP/1.1 503 X\r\nretry-AFTER: {value}\r\n\r\n").as_bytes());
        assert_eq!(of("2"), Some(2));
        assert_eq!(of("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(retry_after_s(b"HTTP/1.1 503 X\r\n\r\n"), None);
    }
}
