//! A client's connection: counted as it is on the wire, and under TLS or not.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use server::{connection::counted::Counted, metrics::Tally};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use crate::clients::{socket::Socket, tls::Tls};

/// A connection whose bytes are counted.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(Counted<Socket>),
    /// Under TLS. Boxed, for it would make room for itself in every plain client.
    Tls(Box<TlsStream<Counted<Socket>>>),
}

impl Stream {
    /// A connection as it is.
    pub fn new(socket: Socket, tally: Arc<Tally>) -> Self {
        Self::Plain(Counted::new(socket, tally))
    }

    /// The same under TLS, after the handshake.
    pub async fn secured(self, tls: &Tls) -> io::Result<Self> {
        match self {
            Self::Plain(stream) => tls.connect(stream).await.map(Box::new).map(Self::Tls),
            secured @ Self::Tls(_) => Ok(secured),
        }
    }

    /// Has the kernel acknowledge what came.
    pub(super) fn acknowledge(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.get_ref().acknowledge(),
            Self::Tls(stream) => stream.get_ref().0.get_ref().acknowledge(),
        }
    }

    /// What was agreed on, such as `TLSv1_3 TLS13_AES_256_GCM_SHA384`; nothing without TLS.
    pub fn agreed(&self) -> Option<String> {
        let Self::Tls(stream) = self else { return None };
        let connection = stream.get_ref().1;
        let suite = connection.negotiated_cipher_suite()?.suite();
        Some(format!("{:?} {suite:?}", connection.protocol_version()?))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
