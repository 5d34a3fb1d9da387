//! Answers that are known at once, among them the JSON of every refusal.

use bytes::Bytes;
use hyper::{
    Response, StatusCode,
    header::{
        ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE,
    },
};
use protocol::wire::Refusal;

/// Content type of [`json`].
pub(crate) const JSON: &str = "application/json";

/// A refusal as an answer.
pub(crate) fn refuse(refusal: &Refusal) -> Response<Bytes> {
    let status = match refusal {
        Refusal::CursorExpired { .. } => StatusCode::GONE,
        Refusal::BadQuery { .. } | Refusal::BadSignal { .. } => StatusCode::BAD_REQUEST,
        Refusal::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::BadHandshake { .. } => StatusCode::UPGRADE_REQUIRED,
        Refusal::Unauthorised { .. } => StatusCode::UNAUTHORIZED,
        Refusal::OriginNotAllowed { .. } => StatusCode::FORBIDDEN,
        Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
        Refusal::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::TooManyConnections { .. } => StatusCode::SERVICE_UNAVAILABLE,
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
