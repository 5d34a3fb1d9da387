//! A WebSocket client: every message is a payload.
//!
//! The library opens the connection. Plain messages, which are all that a server sends while all is well, are then read
//! past it. The first thing that is anything else gives the connection back to the library for good:
//! control frames, fragments, Close and everything that is wrong are its business.

use std::{io, mem};

use futures_util::{SinkExt, StreamExt};
use protocol::wire::{CURSOR_HEADER, WS_PATH};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        error::ProtocolError,
        handshake::client::Response,
        http::{HeaderValue, Request as HttpRequest, header::SET_COOKIE},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    ClientError, Payload, Request, Stream,
    exchange::Exchange,
    frame::{self, Kind},
    handshake::HeadOnly,
    inbox::{Front, Inbox, Scratch},
    request::cursor,
};

/// Longer messages than this are refused.
const MESSAGE_BYTES_MAX: usize = protocol::update::PAYLOAD_BYTES_MAX as usize * 2;

/// An upgraded connection.
#[derive(Debug)]
pub struct Client(Reader);

#[derive(Debug)]
pub(super) enum Reader {
    Plain(Inbox),
    Library(Box<WebSocketStream<Stream>>),
    /// On its way from the one to the other.
    Neither,
}

impl Client {
    pub(super) async fn open(stream: Stream, request: &mut Request) -> Result<(Self, u64), ClientError> {
        let after = request.after.map_or_else(String::new, |after| format!("?after={after}"));
        let handshake = request.handshake(&format!("{WS_PATH}{after}"), None)?;
        let (client, response) = Self::upgrade(stream, handshake, request).await?;
        let cursor = cursor(response.headers().get(CURSOR_HEADER).map(HeaderValue::as_bytes))?;
        Ok((client, cursor))
    }

    /// Opens a WebSocket of a server that is measured, and keeps the cookies that it sets.
    pub(super) async fn upgrade(
        stream: Stream,
        handshake: HttpRequest<()>,
        request: &mut Request,
    ) -> Result<(Self, Response), ClientError> {
        let (client, response) = Self::connect(stream, handshake).await?;
        request.keep_cookies(response.headers().get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes));
        Ok((client, response))
    }

    /// Opens a WebSocket there, whatever it is for.
    pub(super) async fn connect(
        stream: Stream,
        handshake: impl IntoClientRequest + Unpin,
    ) -> Result<(Self, Response), ClientError> {
        let mut stream = HeadOnly::new(stream);
        match client_async_with_config(handshake, &mut stream, Some(limits(0))).await {
            Ok((_, response)) => Ok((Self(Reader::Plain(Inbox::new(stream.stream, stream.rest))), response)),
            Err(error) => Err(refusal(stream, error.into()).await),
        }
    }

    /// A payload that holds nothing stands for a sign of life. Dropping the future loses nothing.
    pub(super) async fn next<'a>(&mut self, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        self.read(scratch, |bytes| frame::front(bytes, MESSAGE_BYTES_MAX)).await
    }

    /// The same, one message at a time.
    pub(super) async fn next_message<'a>(&mut self, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        self.read(scratch, |bytes| frame::first(bytes, MESSAGE_BYTES_MAX)).await
    }

    async fn read<'a>(
        &mut self,
        scratch: &'a Scratch,
        front: impl Fn(&[u8]) -> Front<Kind>,
    ) -> Result<Payload<'a>, ClientError> {
        if let Reader::Plain(inbox) = &mut self.0 {
            let pong = match inbox.take(scratch, |bytes| Ok(front(bytes))).await? {
                Some((Kind::Messages, messages)) => return Ok(Payload::frames(messages)),
                Some((Kind::Ping, ping)) => Some(frame::pong(&ping)),
                Some((Kind::Other, _)) | None => None,
            };
            if let Some(pong) = pong {
                // Boxed, as what follows.
                Box::pin(inbox.stream().write_all(&pong)).await?;
                return Ok(Payload::lines(scratch.lend(&[])));
            }
        }
        // Boxed: its room would else be part of every client, all the time.
        Box::pin(self.next_by_library(scratch)).await
    }

    /// Sends a text.
    pub(super) async fn say(&mut self, text: &str) -> Result<(), ClientError> {
        match &mut self.0 {
            Reader::Plain(inbox) => Ok(inbox.stream().write_all(&frame::text(text)).await?),
            Reader::Library(socket) => Ok(socket.send(Message::text(text)).await?),
            Reader::Neither => Err(ClientError::Closed(String::new())),
        }
    }

    pub(super) fn acknowledge(&self) -> io::Result<()> {
        match &self.0 {
            Reader::Plain(inbox) => inbox.stream_ref().acknowledge(),
            Reader::Library(socket) => socket.get_ref().acknowledge(),
            Reader::Neither => Ok(()),
        }
    }

    pub(super) fn reader(&mut self) -> &mut Reader {
        &mut self.0
    }

    /// Gives the connection to the library, if it has not got it yet.
    pub(super) async fn library(
        &mut self,
        limits: WebSocketConfig,
    ) -> Result<&mut WebSocketStream<Stream>, ClientError> {
        if let Reader::Plain(_) = self.0
            && let Reader::Plain(inbox) = mem::replace(&mut self.0, Reader::Neither)
        {
            let (stream, rest) = inbox.into_parts();
            let socket = WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(limits)).await;
            self.0 = Reader::Library(Box::new(socket));
        }
        match &mut self.0 {
            Reader::Library(socket) => Ok(socket),
            _ => Err(ClientError::Closed(String::new())),
        }
    }

    async fn next_by_library<'a>(&mut self, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        let socket = self.library(limits(MESSAGE_BYTES_MAX)).await?;
        match socket.next().await.transpose()? {
            Some(Message::Text(text)) => Ok(Payload::lines(scratch.lend(text.as_bytes()))),
            Some(Message::Binary(bytes)) => Ok(Payload::lines(scratch.lend(&bytes))),
            // Answered by the library, with the next read.
            Some(Message::Ping(_) | Message::Pong(_)) => Ok(Payload::lines(scratch.lend(&[]))),
            Some(Message::Close(frame)) => {
                Err(ClientError::Closed(frame.map_or_else(String::new, |frame| format!(": {frame}"))))
            }
            Some(other) => Err(ClientError::Protocol(format!("unexpected {other:?}"))),
            None => Err(ClientError::Closed(String::new())),
        }
    }
}

/// Why there is no WebSocket: what the server answered instead, if it was HTTP. The library was not let read the body, and
/// reads less of HTTP than a server may say.
async fn refusal(stream: HeadOnly, error: ClientError) -> ClientError {
    let mut exchange = Exchange::answered(stream.stream, [stream.head, stream.rest].concat());
    match exchange.answer(&Scratch::default()).await {
        Ok((answer, bytes)) if answer.status != 101 => answer.refusal(&bytes),
        // In words of its own, which show what came.
        Err(unread @ ClientError::Protocol(_)) => unread,
        _ => error,
    }
}

/// Buffers for thousands of clients in one process; the library's defaults cost each 128 KiB.
pub(super) fn limits(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

impl From<Error> for ClientError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::Socket(error),
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Closed(String::new()),
            Error::Http(response) => {
                Self::Status { status: response.status().as_u16(), body: String::new(), retry_after_s: None }
            }
            Error::Protocol(ProtocolError::NonZeroReservedBits) => Self::protocol(
                "its frames are compressed (RFC 7692), or extended otherwise, which no client here offers: turn \
                 permessage-deflate off in the server",
            ),
            error => Self::Protocol(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use tokio_tungstenite::tungstenite::{
        handshake::derive_accept_key,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    };

    use super::{super::script::*, *};

    const TEXT_BEGINS: u8 = 0x01;
    const BINARY: u8 = 0x82;
    const ENDS: u8 = 0x80;
    const CLOSE: u8 = 0x88;
    const PING: u8 = 0x89;

    fn accepted(request: &str) -> Vec<u8> {
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = derive_accept_key(key.trim().as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\n{CURSOR_HEADER}: 7\r\n\r\n"
        )
        .into_bytes()
    }

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Frame::message(text.to_owned(), OpCode::Data(Data::Text), true).format(&mut bytes).unwrap();
        bytes
    }

    fn short(first: u8, data: &[u8]) -> Vec<u8> {
        [&[first, data.len() as u8], data].concat()
    }

    /// What a client makes of these frames, written in parts behind the server's answer; and how it ends.
    async fn received(frames: Vec<u8>, part_bytes: usize) -> (Vec<String>, ClientError, Vec<u8>) {
        let sent = frames.len();
        let mut script = scripted(move |request| cut(&[accepted(request), frames].concat(), part_bytes)).await;
        let (mut client, cursor) = Client::open(script.stream, &mut script.request).await.unwrap();
        assert_eq!(cursor, 7);
        let (scratch, mut messages) = (Scratch::default(), Vec::new());
        let error = loop {
            match client.next(&scratch).await {
                Ok(payload) => {
                    messages.extend(payload.messages().map(|text| String::from_utf8(text.to_vec()).unwrap()));
                }
                Err(error) => break error,
            }
        };
        drop(client);
        assert!(script.tally.bytes_in.load(Relaxed) > sent as u64, "counted once, with the head");
        (messages, error, script.heard.await.unwrap())
    }

    #[tokio::test]
    async fn texts_come_whole_however_they_are_cut() {
        let sent = ["a".to_owned(), "b".repeat(126), "c".repeat(300_000), "d".to_owned(), "ü".repeat(64 * 1024)];
        let frames = sent.iter().flat_map(|sent| text(sent)).collect::<Vec<u8>>();
        for part_bytes in [7, 150, 1_000, 65_536, 1 << 20] {
            let (messages, error, _) = received(frames.clone(), part_bytes).await;
            assert_eq!(messages, sent, "in parts of {part_bytes}");
            assert_eq!(
                error.to_string(),
                "protocol error: WebSocket protocol error: Connection reset without closing handshake"
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_plain_text_is_the_librarys_and_what_follows_it_too() {
        let frames = [
            text("one"),
            text("two"),
            short(PING, b"are you there?"),
            short(BINARY, b"three"),
            short(TEXT_BEGINS, b"fo"),
            short(PING, b""),
            short(ENDS, b"ur"),
            text(&"x".repeat(64 * 1024)),
            short(CLOSE, b"\x03\xe9bye"),
        ]
        .concat();
        for part_bytes in [1 << 20, 60_000, 90, 20] {
            let (messages, error, heard) = received(frames.clone(), part_bytes).await;
            assert_eq!(messages[..4], ["one", "two", "three", "four"], "in parts of {part_bytes}");
            assert_eq!((messages.len(), messages[4].len()), (5, 64 * 1024));
            assert_eq!(error.to_string(), "closed by the server: bye (1001)");
            assert_eq!((heard[0], heard[1]), (0x8a, 0x8e), "a masked pong of as many bytes");
        }
    }

    #[tokio::test]
    async fn frames_of_one_read_are_one_payload() {
        let mut script = scripted(|request| vec![accepted(request), [text("1"), text("2"), vec![0x81]].concat()]).await;
        let (mut client, _) = Client::open(script.stream, &mut script.request).await.unwrap();
        let scratch = Scratch::default();
        assert_eq!(client.next(&scratch).await.unwrap().messages().collect::<Vec<_>>(), [b"1", b"2"]);
    }

    #[tokio::test]
    async fn what_breaks_the_rules_is_an_error() {
        let too_long = [&[0x81, 127][..], &(MESSAGE_BYTES_MAX as u64 + 1).to_be_bytes()].concat();
        for bad in [&[0x81, 1, 0xff][..], &[0xc1, 0], &[0x83, 0], &too_long] {
            let (messages, error, _) = received([&text("good"), bad].concat(), 1 << 20).await;
            assert_eq!((messages, error.kind()), (vec!["good".to_owned()], "Protocol".to_owned()), "{bad:x?}");
            assert_eq!(error.to_string().contains("turn permessage-deflate off"), bad[0] == 0xc1, "{error}");
        }
    }

    #[tokio::test]
    async fn binary_messages_are_messages_for_the_library_too() {
        let frames = [short(BINARY, b"\xff1"), short(0x02, b"fo"), short(ENDS, b"ur"), short(BINARY, b"5")].concat();
        let mut script = scripted(|request| vec![[accepted(request), frames].concat()]).await;
        let (mut client, _) = Client::open(script.stream, &mut script.request).await.unwrap();
        let scratch = Scratch::default();
        for message in [&b"\xff1"[..], b"four", b"5"] {
            assert_eq!(client.next(&scratch).await.unwrap().messages().collect::<Vec<_>>(), [message]);
        }
    }

    #[tokio::test]
    async fn a_refusal_says_why_however_http_lets_it_be_said() {
        for (answer, sentence) in [
            ("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nfull", "status 503: full"),
            ("HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfull\r\n0\r\n\r\n", "status 503: full"),
            ("HTTP/1.0 503 Busy\r\n\r\nfull", "status 503: full"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "status 200: hi"),
            (
                "HTTP/1.1 307 X\r\nlocation: /real/ws\r\ncontent-length: 0\r\n\r\n",
                "status 307: redirected to /real/ws, and redirects are not followed: name what answers itself, in --server or in the dialect",
            ),
        ] {
            for part_bytes in [1, 50, 1_000] {
                let mut script = scripted(move |_| cut(answer.as_bytes(), part_bytes)).await;
                let error = Client::open(script.stream, &mut script.request).await.unwrap_err();
                assert_eq!(error.to_string(), sentence, "in parts of {part_bytes}");
                assert_eq!(error.retry_after().as_secs(), if answer.contains("retry-after: 7") { 7 } else { 0 });
            }
        }
    }

    #[tokio::test]
    async fn a_bad_acceptance_is_the_librarys_to_refuse() {
        let mut script = scripted(|_| vec![b"HTTP/1.1 101 X\r\nupgrade: websocket\r\n\r\n".to_vec()]).await;
        let error = Client::open(script.stream, &mut script.request).await.unwrap_err();
        assert!(error.to_string().contains("upgrade"), "{error}");
    }
}
