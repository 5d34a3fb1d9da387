//! Lets the WebSocket library read the server's answer and not a byte further: it would keep what it had read too much.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stream;

/// What ends an HTTP head.
const END: &[u8; 4] = b"\r\n\r\n";

/// A stream that hands on one HTTP head and keeps what came after it.
#[derive(Debug)]
pub(super) struct HeadOnly<S = Stream> {
    /// The stream.
    pub(super) stream: S,
    /// The head, or what has come of it.
    pub(super) head: Vec<u8>,
    /// What came after the head.
    pub(super) rest: Vec<u8>,
    /// How many bytes of [`END`] have come.
    matched: usize,
}

impl<S> HeadOnly<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, head: Vec::new(), rest: Vec::new(), matched: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadOnly<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buf))?;
        for place in before..buf.filled().len() {
            let byte = buf.filled()[place];
            self.matched = if byte == END[self.matched] { self.matched + 1 } else { usize::from(byte == END[0]) };
            if self.matched == END.len() {
                self.rest = buf.filled()[place + 1..].to_vec();
                self.matched = 0;
                buf.set_filled(place + 1);
                break;
            }
        }
        self.head.extend_from_slice(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadOnly<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn what_follows_the_head_is_kept_however_it_was_cut() {
        let (head, after) = ("HTTP/1.1 101 X\r\na: \r\r\nb: \r\n\r\n", "\x01\r\n\r\nz");
        let all = [head, after].concat();
        for cut in 1..all.len() {
            let mut stream = HeadOnly::new(all.as_bytes()[..cut].chain(&all.as_bytes()[cut..]));
            let mut read = Vec::new();
            while read.len() < head.len() {
                assert!(stream.read_buf(&mut read).await.unwrap() > 0);
            }
            assert_eq!((&read[..], &stream.head[..]), (head.as_bytes(), head.as_bytes()), "cut at {cut}");
            stream.stream.read_to_end(&mut stream.rest).await.unwrap();
            assert_eq!(stream.rest, after.as_bytes(), "cut at {cut}");
        }
    }
}
