//! What a poll is answered.

use bytes::Bytes;
use hyper::{
    Response, StatusCode,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue},
};
use protocol::wire::{CURSOR_HEADER, NDJSON};

use crate::{connection::socket::Outgoing, response::encode, stream::batch::Batch};

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
