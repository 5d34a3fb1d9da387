//! An accepted connection: one end to read, and a writer that may be shared, which counts what passes through it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes, buf::Chain};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::counted::Tally;

/// Bytes on their way to a client: a head and a body, either of which may be shared with others and be empty.
pub(crate) type Outgoing = Chain<Bytes, Bytes>;

/// A connection to a client.
#[derive(Debug)]
pub(crate) struct Socket {
    /// Read already, and to be read again.
    unread: Bytes,
    reader: OwnedReadHalf,
    writer: Arc<Writer>,
}

impl Socket {
    /// Counts what passes through `stream` from here on.
    pub(crate) fn new(stream: TcpStream, tally: Arc<Tally>) -> Self {
        let (reader, half) = stream.into_split();
        Self { unread: Bytes::new(), reader, writer: Arc::new(Writer { half, tally }) }
    }

    /// Its writing end.
    pub(crate) fn writer(&self) -> &Arc<Writer> {
        &self.writer
    }

    /// Has the connection reset when it is closed: what is still to be sent is let go of.
    pub(crate) fn abort(&self) {
        // Fails on a connection that is gone already.
        let _ = socket2::SockRef::from(self.reader.as_ref()).set_linger(Some(Duration::ZERO));
    }

    /// Puts back what was read and is for somebody else.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        debug_assert!(self.unread.is_empty(), "put back twice");
        self.unread = bytes;
    }
}

/// The writing end of a connection.
///
/// Whoever writes must know that nobody else is in the middle of a message: see [`crate::shard::Subscription`].
#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    tally: Arc<Tally>,
}

impl Writer {
    /// Writes as much as the kernel takes at once, and says how much that was.
    pub(crate) fn try_write(&self, data: &Outgoing) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); 2];
        let written = match data.chunks_vectored(&mut slices) {
            0 => return Ok(0),
            1 => self.half.try_write(&slices[0]),
            _ => self.half.try_write_vectored(&slices),
        };
        self.tally.wrote(&written, data.remaining());
        written
    }

    /// Writes all of it.
    pub(crate) async fn write_all(&self, mut data: Outgoing) -> io::Result<()> {
        while data.has_remaining() {
            match self.try_write(&data) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => data.advance(written),
                // Boxed: seldom needed, and its room would else be part of every connection.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Box::pin(self.half.writable()).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn poll_write(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&OwnedWriteHalf) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match write(&self.half) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.half.as_ref().poll_write_ready(context))?;
                }
                written => {
                    self.tally.wrote(&written, 0);
                    return Poll::Ready(written);
                }
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let bytes = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread.split_to(bytes));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.reader).poll_read(context, buf));
        self.writer.tally.read(&result, buf.filled().len() - before);
        Poll::Ready(result)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.writer.poll_write(context, |half| half.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writer.poll_write(context, |half| half.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What the write half itself does, which is to be had only by value.
        Poll::Ready(rustix::net::shutdown(self.writer.half.as_ref(), rustix::net::Shutdown::Write).map_err(Into::into))
    }
}
