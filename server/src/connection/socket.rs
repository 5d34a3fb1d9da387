//! An accepted connection: one end to read, and a writer that may be shared, which counts what passes through it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes, buf::Chain};
use futures_util::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::counted::Counted;
use crate::metrics::Tally;

/// Bytes on their way to a client: a head and a body, either of which may be shared with others and be empty.
pub(crate) type Outgoing = Chain<Bytes, Bytes>;

/// A connection to a client.
#[derive(Debug)]
pub(crate) struct Socket {
    /// Read already, and to be read again.
    unread: Bytes,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Plain {
        reader: OwnedReadHalf,
        writer: Arc<Writer>,
    },
    /// Counted as it is on the wire. Boxed, for it would make room for itself in every plain connection.
    Tls(Box<TlsStream<Counted<TcpStream>>>),
}

impl Socket {
    /// Counts what passes through `stream` from here on.
    pub(crate) fn new(stream: TcpStream, tally: Arc<Tally>) -> Self {
        let (reader, half) = stream.into_split();
        let stream = Stream::Plain { reader, writer: Arc::new(Writer { half, tally }) };
        Self { unread: Bytes::new(), stream }
    }

    /// The same under TLS, once the client has agreed to it.
    pub(crate) async fn accept(stream: TcpStream, tally: Arc<Tally>, acceptor: &TlsAcceptor) -> io::Result<Self> {
        let stream = acceptor.accept(Counted::new(stream, tally)).await?;
        Ok(Self { unread: Bytes::new(), stream: Stream::Tls(Box::new(stream)) })
    }

    /// Its writing end, which can be written to past it; none under TLS.
    pub(crate) fn writer(&self) -> Option<&Arc<Writer>> {
        match &self.stream {
            Stream::Plain { writer, .. } => Some(writer),
            Stream::Tls(_) => None,
        }
    }

    /// Writes all of it.
    pub(crate) async fn send(&mut self, data: Outgoing) -> io::Result<()> {
        match self.writer() {
            Some(writer) => writer.write_all(data).await,
            // Boxed: its room would else be part of every connection.
            None => Box::pin(self.send_secret(data)).await,
        }
    }

    /// The same under TLS.
    async fn send_secret(&mut self, mut data: Outgoing) -> io::Result<()> {
        self.write_all_buf(&mut data).await?;
        self.flush().await
    }

    /// Nothing is to be said any more. Under TLS that is said too (RFC 8446, section 6.1).
    pub(crate) fn farewell(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            // One record: it fits into the kernel's buffer, or the client does not read.
            let _ = stream.shutdown().now_or_never();
        }
    }

    /// Has the connection reset when it is closed: what is still to be sent is let go of.
    pub(crate) fn abort(&self) {
        // Fails on a connection that is gone already.
        let _ = socket2::SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO));
    }

    /// Puts back what was read and is for somebody else.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        debug_assert!(self.unread.is_empty(), "put back twice");
        self.unread = bytes;
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain { reader, .. } => reader.as_ref(),
            Stream::Tls(stream) => stream.get_ref().0.get_ref(),
        }
    }
}

/// The writing end of a connection.
///
/// Whoever writes must know that nobody else is in the middle of a message: see [`crate::stream::shard::Subscription`].
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
        match &mut self.stream {
            Stream::Plain { reader, writer } => {
                let before = buf.filled().len();
                let result = ready!(Pin::new(reader).poll_read(context, buf));
                writer.tally.read(&result, buf.filled().len() - before);
                Poll::Ready(result)
            }
            Stream::Tls(stream) => {
                let (before, room) = (buf.filled().len(), buf.remaining());
                let result = ready!(Pin::new(&mut *stream).poll_read(context, buf));
                if result.is_ok() && room > 0 && buf.filled().len() == before {
                    stream.get_ref().0.tally().notified.fetch_add(1, Relaxed);
                }
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain { writer, .. } => writer.poll_write(context, |half| half.try_write(buf)),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain { writer, .. } => writer.poll_write(context, |half| half.try_write_vectored(bufs)),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain { .. } => Poll::Ready(Ok(())),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            // What the write half itself does, which is to be had only by value.
            Stream::Plain { writer, .. } => Poll::Ready(
                rustix::net::shutdown(writer.half.as_ref(), rustix::net::Shutdown::Write).map_err(Into::into),
            ),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
