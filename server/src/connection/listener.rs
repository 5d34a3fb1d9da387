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
use protocol::{Transport, wire::StreamQuery};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::{bounds::Bounds, turned_away::TurnedAway, watch::Watched};
use crate::metrics::{Bound, Metrics};

/// Wait before the next try when no connection can be accepted (descriptors have run out, say).
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// TCP keep-alive knows nothing finer.
const KEEPALIVE_MIN: Duration = Duration::from_secs(1);
/// So many probes go out before a silent path is given up, lest one that is lost ends it.
const PROBES: u32 = 4;

/// Binds with the backlog and the buffers of these bounds, which accepted connections inherit.
pub(crate) fn bind(address: SocketAddr, bounds: &Bounds) -> anyhow::Result<TcpListener> {
    let listen = || -> std::io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.set_send_buffer_size(bounds.send_buffer as usize)?;
        notice_dead_peers(&socket, bounds.ping_interval)?;
        // An update is small and late ones are what is measured: never wait to fill a segment.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(bounds.backlog as i32)?;
        Ok(socket.into())
    };
    listen().with_context(|| {
        format!("cannot listen on {address}: choose another --listen address, or port 0 for any free port")
    })
}

/// Has the kernel give up a peer that acknowledges nothing, be it probes or data, for twice the interval; and one that has
/// not made room for what it is sent for so long. Nobody else can tell while a poll is parked or a write is stuck.
fn notice_dead_peers(socket: &Socket, interval: Duration) -> std::io::Result<()> {
    // The kernel counts in seconds here, and goes by the user timeout alone once that is set.
    let idle = interval.max(KEEPALIVE_MIN);
    let probes = (interval / PROBES).max(KEEPALIVE_MIN);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(probes))?;
    socket.set_tcp_user_timeout(Some(2 * idle))
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) slot: Slot,
}

/// A connection's share of `--max-connections`, given back when dropped: to be kept for as long as the socket is.
#[derive(Debug)]
pub struct Slot {
    taken: Arc<AtomicU32>,
    /// Which connection it is, in the order in which they are accepted, from 0.
    pub(crate) number: u64,
    /// Present where pages are watched.
    pub(crate) watched: Option<Watched>,
}

impl Slot {
    /// Nothing if all are taken.
    fn take(taken: &Arc<AtomicU32>, max: u32, number: u64) -> Option<Self> {
        // One too many is given back by being dropped.
        let (before, slot) = (taken.fetch_add(1, Relaxed), Self { taken: Arc::clone(taken), number, watched: None });
        (before < max).then_some(slot)
    }

    /// Notes who asks for the stream on this connection, where pages are watched.
    pub(crate) fn asked(&self, transport: Transport, query: &StreamQuery) {
        if let Some(watched) = &self.watched {
            watched.asked(query.user.as_deref().map(|user| (user, transport)));
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Relaxed);
    }
}

/// Accepts for ever, dealing connections to the shards in turn. One too many goes no further.
pub(crate) async fn accept(
    listener: tokio::net::TcpListener,
    max_connections: u32,
    is_tls: bool,
    metrics: &Metrics,
    shards: &[UnboundedSender<Accepted>],
) {
    let taken = Arc::default();
    let turned_away = TurnedAway::new(&metrics.tally);
    for (number, shard) in (0..).zip(shards.iter().cycle()) {
        let stream = next(&listener, metrics).await;
        metrics.accepted.inc();
        let Some(slot) = Slot::take(&taken, max_connections, number) else {
            metrics.met.inc(Bound::Connections);
            // Nothing can be said to a client that is only about to come to TLS.
            if !is_tls {
                turned_away.turn_away(stream);
            }
            continue;
        };
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
