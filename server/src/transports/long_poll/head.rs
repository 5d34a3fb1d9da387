//! Which request heads are served without hyper: those of plain polls, and of plain requests for events.

use httparse::{EMPTY_HEADER, Header, Request, Status};
use protocol::{
    Transport,
    wire::{LAST_EVENT_ID, POLL_PATH, SSE_PATH, StreamQuery},
};

use crate::connection::access::Access;

/// A request longer than this is hyper's, and so is one with more headers.
pub(super) const READ_MAX: usize = 4096;
const HEADERS_MAX: usize = 32;

/// Whether this is the beginning of a head, and not a long one.
pub(super) fn is_begun(bytes: &[u8]) -> bool {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    bytes.len() < READ_MAX && matches!(Request::new(&mut headers).parse(bytes), Ok(Status::Partial))
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) transport: Transport,
    pub(super) query: StreamQuery,
    /// How long its head is.
    pub(super) length: usize,
}

/// A plain request for the stream; `None` for anything that is not plainly one.
pub(super) fn plain(bytes: &[u8], access: &Access, max_target: u32) -> Option<Asked> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let Ok(Status::Complete(length)) = request.parse(bytes) else { return None };
    if request.path?.len() > max_target as usize {
        return None;
    }
    let (path, query) =
        request.path?.split_once('?').map_or((request.path?, None), |(path, query)| (path, Some(query)));
    let transport = match path {
        POLL_PATH => Transport::LongPoll,
        SSE_PATH => Transport::Sse,
        _ => return None,
    };
    let header = |name| request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if !access.admits(query, header("authorization").map(|header| header.value)) {
        return None;
    }
    if request.method != Some("GET") || request.version != Some(1) || !request.headers.iter().all(is_harmless) {
        return None;
    }
    let mut query = StreamQuery::parse(query).ok()?;
    if transport == Transport::Sse {
        query = query.resumed(header(LAST_EVENT_ID).map(|header| header.value)).ok()?;
    }
    Some(Asked { transport, query, length })
}

/// Whether a header leaves the connection and the message as they are.
fn is_harmless(header: &Header<'_>) -> bool {
    const OTHERS: [&str; 6] = ["connection", "content-length", "expect", "origin", "transfer-encoding", "upgrade"];
    OTHERS.iter().all(|name| !header.name.eq_ignore_ascii_case(name))
        || header.name.eq_ignore_ascii_case("connection") && header.value.eq_ignore_ascii_case(b"keep-alive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_poll_is_read_and_what_follows_left() {
        let bytes = b"GET /poll?after=7&wait_ms=9 HTTP/1.1\r\nHost: a\r\nconnection: Keep-Alive\r\n\r\nGET";
        let query = StreamQuery { after: Some(7), wait_ms: Some(9), ..StreamQuery::default() };
        let (open, transport) = (Access::default(), Transport::LongPoll);
        assert_eq!(plain(bytes, &open, 100), Some(Asked { transport, query, length: bytes.len() - 3 }));
        assert!(plain(b"GET /poll?_=17 HTTP/1.1\r\n\r\n", &open, 100).is_some(), "a page's key");
        let query = StreamQuery::default();
        assert_eq!(plain(b"GET /poll HTTP/1.1\r\n\r\n", &open, 5), Some(Asked { transport, query, length: 22 }));
    }

    #[test]
    fn events_go_on_after_the_last_that_came_wherever_they_began() {
        let after = |text: &str| {
            let head = format!("GET /sse{text}\r\n\r\n");
            plain(head.as_bytes(), &Access::default(), 100).map(|asked| (asked.transport, asked.query.after))
        };
        for (text, seq) in [
            (" HTTP/1.1", None),
            ("?after=3 HTTP/1.1\r\naccept: text/event-stream", Some(3)),
            (" HTTP/1.1\r\nLast-Event-ID: 8", Some(8)),
            ("?after=3 HTTP/1.1\r\nlast-event-id: 8", Some(8)),
        ] {
            assert_eq!(after(text), Some((Transport::Sse, seq)), "{text}");
        }
        assert_eq!(after(" HTTP/1.1\r\nlast-event-id: x"), None, "hyper says what is wrong with it");
    }

    #[test]
    fn a_poll_that_does_not_show_the_token_is_refused_by_hyper() {
        let access = Access { token: Some("t".to_owned()), ..Access::default() };
        let poll = |query: &str, header: &str| {
            plain(format!("GET /poll{query} HTTP/1.1\r\n{header}\r\n").as_bytes(), &access, 100).is_some()
        };
        assert!(poll("?token=t", "") && poll("", "authorization: Bearer t\r\n"));
        assert!(!poll("", "") && !poll("?token=x", "") && !poll("", "authorization: Basic t\r\n"));
    }

    #[test]
    fn whatever_is_out_of_the_ordinary_is_not_plain() {
        for head in [
            "GET /poll HTTP/1.1\r\nHost: a\r\n",
            "HEAD /poll HTTP/1.1\r\n\r\n",
            "GET /poll HTTP/1.0\r\n\r\n",
            "GET /polls HTTP/1.1\r\n\r\n",
            "GET /ws HTTP/1.1\r\n\r\n",
            "GET http://a/poll HTTP/1.1\r\n\r\n",
            "GET /poll?after=x HTTP/1.1\r\n\r\n",
            "GET /poll HTTP/1.1\r\nConnection: close\r\n\r\n",
            "GET /poll HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            "GET /poll HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /poll HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
            "GET /poll HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "GET /poll HTTP/1.1\r\nOrigin: https://a.example\r\n\r\n",
            &format!("GET /poll?user={} HTTP/1.1\r\n\r\n", "x".repeat(100)),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            assert_eq!(plain(head.as_bytes(), &Access::default(), 100), None, "{head}");
        }
    }
}
