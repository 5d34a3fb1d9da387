//! The threads that serve clients: each has a runtime, which owns its connections and the shards in which they wait.

use std::{sync::Arc, thread, time::Duration};

use anyhow::Context as _;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tracing::warn;

use crate::{
    connection::listener::Accepted,
    http::{self, Http},
    stream::shard::Shard,
};

/// The threads that were started.
#[derive(Debug)]
pub(crate) struct Threads {
    /// Where each takes its connections from.
    pub(crate) queues: Vec<mpsc::UnboundedSender<Accepted>>,
    ends: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts one for each of what is served: the first is this thread, each other one of its own.
    pub(crate) fn start(
        served: impl Iterator<Item = (Arc<Http>, Vec<Arc<Shard>>)>,
        drain_timeout: Duration,
    ) -> anyhow::Result<Self> {
        let (mut queues, mut ends) = (Vec::new(), Vec::new());
        for (number, (http, shards)) in served.enumerate() {
            let (queue, accepted) = mpsc::unbounded_channel();
            queues.push(queue);
            let thread = serve(http, shards, accepted, drain_timeout);
            ends.push(if number == 0 {
                tokio::spawn(thread)
            } else {
                let runtime = runtime()?;
                let (ended, end) = oneshot::channel();
                thread::Builder::new().name(format!("shard-{number}")).spawn(move || {
                    runtime.block_on(thread);
                    let _ = ended.send(());
                })?;
                tokio::spawn(async move { end.await.expect("the thread panicked") })
            });
        }
        Ok(Self { queues, ends })
    }

    /// Waits for their ends. No further connection will come: each ends when its last is done, or its time is up.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        drop(self.queues);
        for end in self.ends {
            end.await.context("a thread panicked")?;
        }
        Ok(())
    }
}

/// A runtime for one thread.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start a runtime")
}

/// Serves the connections of one thread until no more come and the last has ended, or its time is up.
async fn serve(
    http: Arc<Http>,
    shards: Vec<Arc<Shard>>,
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    drain_timeout: Duration,
) {
    let shards: Vec<_> = shards.into_iter().map(|shard| tokio::spawn(async move { shard.serve().await })).collect();
    while let Some(Accepted { stream, slot }) = accepted.recv().await {
        let http = Arc::clone(&http);
        let tasks = http.context.tasks.clone();
        tasks.spawn(async move {
            match tokio::net::TcpStream::from_std(stream) {
                Ok(stream) => http::serve(http, stream, slot).await,
                Err(error) => warn!(%error, "cannot serve a connection"),
            }
        });
    }
    let tasks = &http.context.tasks;
    tasks.close();
    if tokio::time::timeout(drain_timeout, tasks.wait()).await.is_err() {
        warn!(connections = tasks.len(), "left undrained after --drain-timeout");
    }
    shards.iter().for_each(tokio::task::JoinHandle::abort);
}
