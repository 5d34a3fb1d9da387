//! A WebSocket client: every text message is a payload.

use bytes::Bytes;
use futures_util::StreamExt;
use protocol::wire::{CURSOR_HEADER, WS_PATH};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use super::{ClientError, Request, Stream, cursor};

/// An upgraded connection.
#[derive(Debug)]
pub struct Client(WebSocketStream<Stream>);

impl Client {
    pub(super) async fn open(stream: Stream, request: Request) -> Result<(Self, u64), ClientError> {
        let url = format!("ws://{}{WS_PATH}", request.server);
        let (socket, response) = client_async_with_config(url, stream, Some(limits())).await?;
        let cursor = cursor(
            response.headers().get(CURSOR_HEADER).map(tokio_tungstenite::tungstenite::http::HeaderValue::as_bytes),
        )?;
        Ok((Self(socket), cursor))
    }

    pub(super) async fn next(&mut self) -> Result<Bytes, ClientError> {
        loop {
            match self.0.next().await.transpose()? {
                Some(Message::Text(text)) => return Ok(text.into()),
                // Answered by the library.
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                Some(Message::Close(frame)) => {
                    return Err(ClientError::Closed(frame.map_or_else(String::new, |frame| format!(": {frame}"))));
                }
                Some(other) => return Err(ClientError::Protocol(format!("unexpected {other:?}"))),
                None => return Err(ClientError::Closed(String::new())),
            }
        }
    }
}

/// Buffers for thousands of clients in one process; the library's defaults cost each 128 KiB.
fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(Some(protocol::update::PAYLOAD_BYTES_MAX as usize * 2))
        .max_frame_size(Some(protocol::update::PAYLOAD_BYTES_MAX as usize * 2))
}

impl From<Error> for ClientError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::Socket(error),
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Closed(String::new()),
            Error::Http(response) => Self::Status {
                status: response.status().as_u16(),
                body: response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
            },
            error => Self::Protocol(error.to_string()),
        }
    }
}
