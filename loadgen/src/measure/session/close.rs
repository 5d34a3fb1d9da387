//! How a run ends: clients, server, and what is made of it all.

use std::time::Duration;

use protocol::{
    clock,
    results::{Failure, Run},
};
use tokio::task::spawn_blocking;

use super::{LOOK_NS, Session};
use crate::clients::worker::Worker;

/// How long the server may take to notice that its clients are gone, before its memory is read all the same.
const EMPTYING: Duration = Duration::from_secs(2);

impl Session<'_> {
    /// Closes every connection, and looks at the server once it is empty again.
    pub(in crate::measure) async fn disconnect(&mut self) -> anyhow::Result<()> {
        self.workers.iter().for_each(Worker::end);
        for worker in self.workers.drain(..) {
            // What the server says meanwhile is to be read.
            self.gathered.reports.push(spawn_blocking(move || worker.stop()).await??);
        }
        let patience_ns = clock::now_ns() + EMPTYING.as_nanos() as u64;
        loop {
            // Whatever ended the run, its server may have ended as well.
            let in_use = self.in_use().await.unwrap_or(None);
            let empty = self.gathered.sample_drained(in_use).unwrap_or(true);
            if empty || clock::now_ns() >= patience_ns {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_nanos(LOOK_NS)).await;
        }
    }

    /// The same, and ends the server.
    pub(in crate::measure) async fn close(&mut self) -> anyhow::Result<()> {
        (self.awake, self.apart, self.publishing) = (None, None, None);
        self.disconnect().await?;
        let proxy = match self.proxy.take() {
            Some(proxy) => proxy.stop().await,
            None => Ok(()),
        };
        match self.server.take() {
            Some(server) => server.stop().await.and(proxy),
            None => proxy,
        }
    }

    /// Has the workers hand over what came of the measure phase; clients stay.
    pub(in crate::measure) async fn hand_over(&mut self) -> anyhow::Result<()> {
        for worker in &self.workers {
            self.gathered.reports.push(worker.hand_over().await?);
        }
        Ok(())
    }

    /// What was measured. Another measure phase may follow.
    pub(in crate::measure) fn take_run(&mut self, started_utc: String, failure: Option<Failure>) -> Run {
        self.gathered.take_run(&self.planned, started_utc, failure, self.measure.take())
    }
}
