//! Answers that are known at once, among them the JSON of every refusal, and an answer as the bytes that hyper would make of it.

use std::time::{Duration, SystemTime};

use bytes::{Buf, BufMut, Bytes, BytesMut, buf::Chain};
use httpdate::HttpDate;
use hyper::{
    Response, StatusCode,
    header::{
        ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE,
    },
    http::response::Parts,
};
use protocol::wire::Refusal;
use rustix::time::{ClockId, clock_gettime};

/// Content type of [`json`].
pub(crate) const JSON: &str = "application/json";

/// A body up to this long is copied behind its head: one copy, made once for all who get it, is cheaper than a second
/// part in every write.
const JOINED_MAX: usize = 4096;

/// A refusal as an answer.
pub(crate) fn refuse(refusal: &Refusal) -> Response<Bytes> {
    let status = match refusal {
        Refusal::CursorExpired { .. } => StatusCode::GONE,
        Refusal::BadQuery { .. } | Refusal::BadSignal { .. } | Refusal::BadSetting { .. } => StatusCode::BAD_REQUEST,
        Refusal::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::BadHandshake { .. } => StatusCode::UPGRADE_REQUIRED,
        Refusal::Unauthorised { .. } => StatusCode::UNAUTHORIZED,
        Refusal::OriginNotAllowed { .. } => StatusCode::FORBIDDEN,
        Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
        Refusal::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::TooManyTopics { .. } | Refusal::TooManyConnections { .. } => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = json(status, refusal);
    let headers = response.headers_mut();
    match refusal {
        // RFC 6455, section 4.4, and RFC 9110, section 15.5.22: say what would be accepted.
        Refusal::BadHandshake { .. } => {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        }
        // RFC 6750, section 3.
        Refusal::Unauthorised { .. } => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"pushbench\""));
        }
        Refusal::MethodNotAllowed { message } => {
            headers.insert(ALLOW, HeaderValue::from_str(message).expect("method names"));
        }
        // What is left of the body is not read, so nothing can follow it.
        Refusal::BodyTooSlow { .. } | Refusal::BodyTooLarge { .. } => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Refusal::TooManyConnections { .. } => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// A value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl serde::Serialize) -> Response<Bytes> {
    respond(status, JSON, serde_json::to_string(value).expect("plain data") + "\n")
}

/// A text.
pub(crate) fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
        .body(body.into())
        .expect("a valid response")
}

/// As HTTP/1.1 (RFC 9112, sections 4 and 6.2), with the date that an origin server must send (RFC 9110, section 6.6.1).
pub(crate) fn encode(response: Response<Bytes>) -> Chain<Bytes, Bytes> {
    let (parts, body) = response.into_parts();
    let mut head = begun(&parts, if body.len() <= JOINED_MAX { body.len() } else { 0 });
    if parts.status != StatusCode::NO_CONTENT {
        field(&mut head, "content-length", body.len().to_string().as_bytes());
    }
    ended(&mut head);
    if body.len() <= JOINED_MAX {
        head.put_slice(&body);
        return head.freeze().chain(Bytes::new());
    }
    head.freeze().chain(body)
}

/// The head of an answer that ends with its connection.
pub(crate) fn encode_endless(response: Response<()>) -> Chain<Bytes, Bytes> {
    let mut head = begun(&response.into_parts().0, 0);
    ended(&mut head);
    head.freeze().chain(Bytes::new())
}

/// A head but for what follows from its body, with room for so much more.
fn begun(parts: &Parts, more: usize) -> BytesMut {
    let mut head = BytesMut::with_capacity(256 + more);
    head.put_slice(b"HTTP/1.1 ");
    head.put_slice(parts.status.as_str().as_bytes());
    head.put_u8(b' ');
    head.put_slice(parts.status.canonical_reason().unwrap_or_default().as_bytes());
    for (name, value) in &parts.headers {
        field(&mut head, name.as_str(), value.as_bytes());
    }
    head
}

fn ended(head: &mut BytesMut) {
    field(head, "date", date().as_bytes());
    head.put_slice(b"\r\n\r\n");
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
