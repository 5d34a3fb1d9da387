//! The listening socket, and handing its connections to the threads that serve them.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Context;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use crate::{config::Config, metrics::Metrics};

/// Wait before the next try when no connection can be accepted (descriptors have run out, say).
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Binds with the configured backlog and buffers, which accepted connections inherit.
pub(crate) fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let listen = || -> std::io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(config.listen), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.set_send_buffer_size(config.send_buffer as usize)?;
        // An update is small and late ones are what is measured: never wait to fill a segment.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&config.listen.into())?;
        socket.listen(config.backlog as i32)?;
        Ok(socket.into())
    };
    listen().with_context(|| {
        format!("cannot listen on {}: choose another --listen address, or port 0 for any free port", config.listen)
    })
}

/// An accepted connection, and whether it is over the bound.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) slot: Slot,
}

/// A connection's share of `--max-connections`, given back when dropped: to be kept for as long as the socket is.
#[derive(Debug)]
pub struct Slot {
    taken: Arc<AtomicU32>,
    pub(crate) over: bool,
    /// Which connection it is, in the order in which they are accepted, from 0.
    pub(crate) number: u64,
}

impl Slot {
    fn take(taken: &Arc<AtomicU32>, max: u32, number: u64) -> Self {
        let over = taken.fetch_add(1, Relaxed) >= max;
        Self { taken: Arc::clone(taken), over, number }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Relaxed);
    }
}

/// Accepts for ever, dealing connections to the shards in turn.
pub(crate) async fn accept(
    listener: tokio::net::TcpListener,
    max_connections: u32,
    metrics: &Metrics,
    shards: &[UnboundedSender<Accepted>],
) {
    let taken = Arc::default();
    for (number, shard) in (0..).zip(shards.iter().cycle()) {
        let stream = next(&listener, metrics).await;
        let slot = Slot::take(&taken, max_connections, number);
        metrics.accepted.inc();
        metrics.turned_away.inc_by(u64::from(slot.over));
        if shard.send(Accepted { stream, slot }).is_err() {
            return;
        }
    }
}

async fn next(listener: &tokio::net::TcpListener, metrics: &Metrics) -> TcpStream {
    loop {
        // Taken off this thread's reactor, to be put on that of the thread which will serve it.
        match listener.accept().await.and_then(|(stream, _): (_, SocketAddr)| stream.into_std()) {
            Ok(stream) => return stream,
            Err(error) => {
                if metrics.accept_errors.inc() == 0 {
                    warn!(%error, "cannot accept connections; trying again (later failures are only counted)");
                }
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}
