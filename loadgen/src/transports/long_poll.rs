//! A long-polling client: asks, waits for the answer, and asks again at once on the same connection.

use std::{io::Write, net::SocketAddr, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use protocol::wire::{CURSOR_HEADER, POLL_PATH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ClientError, Request, Stream, cursor};

/// Room for the answer that carries one small update; more is reserved where more comes.
const READ_BYTES: usize = 1024;
/// A head longer than this is no answer of ours.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A kept-alive connection.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    server: SocketAddr,
    poll_wait: Duration,
    buffer: BytesMut,
}

struct Answer {
    status: u16,
    cursor: Option<u64>,
    body: Bytes,
}

impl Client {
    /// The first poll asks not to be held: its answer says where the stream stands, and proves that the server is there.
    pub(super) async fn open(stream: Stream, request: Request) -> Result<(Self, u64), ClientError> {
        let Request { server, poll_wait } = request;
        let mut client = Self { stream, server, poll_wait, buffer: BytesMut::new() };
        match client.ask(format_args!("wait_ms=0")).await? {
            Answer { status: 204, cursor: Some(cursor), .. } => Ok((client, cursor)),
            Answer { status: 204, cursor: None, .. } => Err(cursor(None).expect_err("no header, no cursor")),
            answer => Err(answer.unexpected()),
        }
    }

    pub(super) async fn next(&mut self, cursor: u64) -> Result<Bytes, ClientError> {
        let wait_ms = self.poll_wait.as_millis();
        let answer = self.ask(format_args!("after={cursor}&wait_ms={wait_ms}")).await?;
        match answer.status {
            200 => Ok(answer.body),
            204 => Ok(Bytes::new()),
            _ => Err(answer.unexpected()),
        }
    }

    async fn ask(&mut self, query: std::fmt::Arguments<'_>) -> Result<Answer, ClientError> {
        let mut request = Vec::with_capacity(128);
        write!(request, "GET {POLL_PATH}?{query} HTTP/1.1\r\nhost: {}\r\n\r\n", self.server)?;
        self.stream.write_all(&request).await?;
        loop {
            if let Some(answer) = take_answer(&mut self.buffer)? {
                return Ok(answer);
            }
            self.buffer.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ClientError::Closed(String::new()));
            }
        }
    }
}

impl Answer {
    fn unexpected(self) -> ClientError {
        ClientError::Status { status: self.status, body: String::from_utf8_lossy(&self.body).trim().to_owned() }
    }
}

/// Takes a whole answer off the buffer, or nothing if it has not all come.
fn take_answer(buffer: &mut BytesMut) -> Result<Option<Answer>, ClientError> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let protocol = |error: String| ClientError::Protocol(error);
    let httparse::Status::Complete(head_bytes) = head.parse(buffer).map_err(|error| protocol(error.to_string()))?
    else {
        return if buffer.len() > HEAD_BYTES_MAX { Err(protocol("endless head".to_owned())) } else { Ok(None) };
    };
    let header = |name: &str| head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let status = head.code.unwrap_or_default();
    let position = header(CURSOR_HEADER).map(|header| cursor(Some(header.value))).transpose()?;
    let body_bytes = match header("content-length") {
        _ if status == 204 => 0,
        Some(length) => std::str::from_utf8(length.value)
            .ok()
            .and_then(|length| length.parse::<usize>().ok())
            .ok_or_else(|| protocol("bad content-length".to_owned()))?,
        None => return Err(protocol("an answer without content-length".to_owned())),
    };
    if buffer.len() < head_bytes + body_bytes {
        // One allocation for a large body, not one a read.
        buffer.reserve(head_bytes + body_bytes - buffer.len());
        return Ok(None);
    }
    buffer.advance(head_bytes);
    Ok(Some(Answer { status, cursor: position, body: buffer.split_to(body_bytes).freeze() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: &str =
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\nb\nHTTP/1.1 204 No Content\r\npushbench-cursor: 7\r\n\r\n";

    #[test]
    fn answers_are_taken_one_by_one_however_they_are_cut() {
        for cut in 0..TWO.len() {
            let (mut buffer, mut answers) = (BytesMut::new(), Vec::new());
            for part in [&TWO[..cut], &TWO[cut..]] {
                buffer.extend_from_slice(part.as_bytes());
                while let Some(answer) = take_answer(&mut buffer).unwrap() {
                    answers.push((answer.status, answer.cursor, answer.body));
                }
            }
            assert_eq!(answers, [(200, None, Bytes::from("a\nb\n")), (204, Some(7), Bytes::new())], "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 204 No Content\r\npushbench-cursor: x\r\n\r\n",
        ] {
            assert!(take_answer(&mut BytesMut::from(text)).is_err(), "{text}");
        }
        let endless = "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(HEAD_BYTES_MAX);
        assert!(take_answer(&mut BytesMut::from(endless.as_str())).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            let _ = take_answer(&mut buffer);
        }
    }
}
