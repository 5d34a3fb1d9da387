//! A stream that counts what passes through it: bytes as they were sent, not as somebody computes them.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What passed, summed over the streams that share it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Bytes read.
    pub bytes_in: AtomicU64,
    /// Bytes written.
    pub bytes_out: AtomicU64,
    /// Reads that returned bytes.
    pub reads: AtomicU64,
    /// Writes that took bytes.
    pub writes: AtomicU64,
    /// Writes of which the kernel did not take all.
    pub full: AtomicU64,
    /// Connections that TCP gave up because the peer acknowledged nothing any more.
    pub timed_out: AtomicU64,
}

impl Tally {
    /// Counts a read that returned so many bytes.
    pub(crate) fn read(&self, result: &io::Result<()>, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
        self.reads.fetch_add(u64::from(bytes > 0), Relaxed);
        result.as_ref().err().into_iter().for_each(|error| self.failed(error));
    }

    /// Counts a write that was offered so many bytes.
    pub(crate) fn wrote(&self, written: &io::Result<usize>, offered: usize) {
        match written {
            Ok(bytes) => {
                self.bytes_out.fetch_add(*bytes as u64, Relaxed);
                self.writes.fetch_add(u64::from(*bytes > 0), Relaxed);
                if *bytes < offered {
                    self.full.fetch_add(1, Relaxed);
                }
            }
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::WouldBlock => self.full.fetch_add(1, Relaxed),
            // Said once a connection.
            io::ErrorKind::TimedOut => self.timed_out.fetch_add(1, Relaxed),
            _ => return,
        };
    }
}

/// A stream whose bytes are added to a [`Tally`].
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    tally: Arc<Tally>,
}

impl<S> Counted<S> {
    /// Counts what passes through `stream` from here on.
    pub fn new(stream: S, tally: Arc<Tally>) -> Self {
        Self { stream, tally }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    fn wrote(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        self.tally.wrote(&written, 0);
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buf));
        self.tally.read(&result, buf.filled().len() - before);
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, buf));
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bufs));
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
