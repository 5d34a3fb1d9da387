//! What a poll is answered, and an answer as the bytes that hyper would make of it.

use std::time::{Duration, SystemTime};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use httpdate::HttpDate;
use hyper::{
    Response, StatusCode,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue},
};
use protocol::wire::{CURSOR_HEADER, NDJSON};
use rustix::time::{ClockId, clock_gettime};

use crate::{connection::socket::Outgoing, stream::batch::Batch};

/// A body up to this long is copied behind its head: one copy, made once for all who get it, is cheaper than a second
/// part in every write.
const JOINED_MAX: usize = 4096;

/// `200`: updates as lines.
pub(super) fn updates(batch: &Batch) -> Response<Bytes> {
    let response = Response::builder()
        .header(CONTENT_TYPE, HeaderValue::from_static(NDJSON))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.body(batch.lines()).expect("a valid response")
}

/// `204`: nothing came, and the client still stands there.
pub(super) fn nothing(cursor: u64) -> Response<Bytes> {
    let response = Response::builder().status(StatusCode::NO_CONTENT).header(CURSOR_HEADER, cursor);
    response.body(Bytes::new()).expect("a valid response")
}

/// `204`, and nothing will come any more on this connection.
pub(super) fn draining(cursor: u64) -> Response<Bytes> {
    let mut response = nothing(cursor);
    // hyper adds it by itself only to what is answered after it was told to shut down.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(crate) fn frame(batch: &Batch) -> Outgoing {
    encode(updates(batch))
}

/// As HTTP/1.1 (RFC 9112, sections 4 and 6.2), with the date that an origin server must send (RFC 9110, section 6.6.1).
pub(super) fn encode(response: Response<Bytes>) -> Outgoing {
    let (parts, body) = response.into_parts();
    let mut head = BytesMut::with_capacity(256 + if body.len() <= JOINED_MAX { body.len() } else { 0 });
    head.put_slice(b"HTTP/1.1 ");
    head.put_slice(parts.status.as_str().as_bytes());
    head.put_u8(b' ');
    head.put_slice(parts.status.canonical_reason().unwrap_or_default().as_bytes());
    for (name, value) in &parts.headers {
        field(&mut head, name.as_str(), value.as_bytes());
    }
    if parts.status != StatusCode::NO_CONTENT {
        field(&mut head, "content-length", body.len().to_string().as_bytes());
    }
    field(&mut head, "date", date().as_bytes());
    head.put_slice(b"\r\n\r\n");
    if body.len() <= JOINED_MAX {
        head.put_slice(&body);
        return head.freeze().chain(Bytes::new());
    }
    head.freeze().chain(body)
}

fn field(head: &mut BytesMut, name: &str, value: &[u8]) {
    head.put_slice(b"\r\n");
    head.put_slice(name.as_bytes());
    head.put_slice(b": ");
    head.put_slice(value);
}

fn date() -> String {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(now.tv_sec as u64)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_not_copied() {
        let body = Bytes::from(vec![b'x'; JOINED_MAX + 1]);
        let encoded = encode(Response::new(body.clone()));
        assert_eq!(encoded.last_ref().as_ptr(), body.as_ptr());
        let short = encode(Response::new(body.slice(1..)));
        assert!(short.first_ref().ends_with(b"xx") && short.last_ref().is_empty());
    }
}
