//! Updates as requests on a connection that is kept.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use hdrhistogram::Histogram;
use protocol::clock;
use server::stream::publisher::{Due, Outlet};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::clients::{
    dialects::Dialect,
    socket::Socket,
    tls::Tls,
    transports::{ClientError, Request, Scratch, Stream, Uplink, Voice},
};

/// A server that does not acknowledge an update for so long will not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where they go, and what every request says.
#[derive(Debug)]
pub(super) struct To {
    pub(super) address: SocketAddr,
    pub(super) tls: Option<Tls>,
    pub(super) dialect: Arc<Dialect>,
    pub(super) request: Request,
}

/// A request for each update; the next is sent once it is acknowledged.
#[derive(Debug)]
pub(super) struct Post {
    to: To,
    runtime: Runtime,
    uplink: Uplink,
    scratch: Scratch,
    line: Vec<u8>,
    acknowledged: Arc<Mutex<Histogram<u64>>>,
}

impl Post {
    /// Connects; on the thread that publishes, where no other runtime is at work.
    pub(super) fn connect(to: To, acknowledged: Arc<Mutex<Histogram<u64>>>) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
        let stream = runtime.block_on(async {
            timeout(PATIENCE, connect(to.address, to.tls.as_ref()))
                .await
                .map_err(anyhow::Error::from)?
                .map_err(Into::into)
        });
        let said = to.dialect.publish.clone().context("the dialect does not say how to publish")?;
        let uplink = Uplink::new(
            stream.map_err(|error: anyhow::Error| error.context("cannot connect to publish by HTTP"))?,
            Voice::new(&to.request, said),
        );
        Ok(Self { to, runtime, uplink, scratch: Scratch::default(), line: Vec::new(), acknowledged })
    }
}

impl Outlet for Post {
    fn publish(&mut self, Due { seq, due_ns, source, .. }: Due<'_>) -> anyhow::Result<()> {
        let Self { to, runtime, uplink, scratch, line, acknowledged } = self;
        line.clear();
        source.stamp_into(seq, due_ns, line);
        let sent_ns = clock::now_ns();
        let posted = runtime.block_on(async { timeout(PATIENCE, post(to, uplink, line, scratch)).await });
        posted
            .map_err(|_| anyhow::anyhow!("it was not acknowledged in {PATIENCE:?}"))
            .and_then(|posted| posted.map_err(|error| anyhow::anyhow!(error.in_words())))
            .with_context(|| format!("update {seq} could not be published by HTTP"))?;
        let took_ns = clock::now_ns() - sent_ns;
        acknowledged.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(took_ns);
        Ok(())
    }
}

async fn post(to: &To, uplink: &mut Uplink, line: &[u8], scratch: &Scratch) -> Result<(), ClientError> {
    loop {
        match uplink.post(line, scratch).await {
            // As HTTP allows: the same is posted on another connection.
            Err(ClientError::Ended) => uplink.reopen(connect(to.address, to.tls.as_ref()).await?),
            posted => return posted.map(drop),
        }
    }
}

/// A connection that is no client's.
pub(super) async fn connect(address: SocketAddr, tls: Option<&Tls>) -> Result<Stream, ClientError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = Stream::new(Socket::new(stream, None)?, Arc::default());
    match tls {
        Some(tls) => Ok(stream.secured(tls).await?),
        None => Ok(stream),
    }
}
