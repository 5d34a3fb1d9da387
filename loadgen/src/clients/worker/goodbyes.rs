//! Goodbyes: what clients of a dialect say at the end of a run, before their connections are closed.

use std::{pin::Pin, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The kind of error by which it is counted who could not say it.
pub(super) const GOODBYE: &str = "Goodbye";
/// How long it may take until all of a worker's clients have said it.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many are said at once beside polls: each needs a descriptor that no client was counted for.
const BESIDE_MAX: usize = 16;

/// Ready when a client is to say goodbye; until this is dropped, it has not.
pub(super) type Leave = Pin<Box<dyn Future<Output = ()>>>;

/// When clients are to say it, and which of them have not.
#[derive(Debug)]
pub(super) struct Goodbyes {
    stop: CancellationToken,
    left: TaskTracker,
    beside: Semaphore,
}

impl Goodbyes {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self { stop, left: TaskTracker::new(), beside: Semaphore::new(BESIDE_MAX) }
    }

    /// For a client that is to say it.
    pub(super) fn leave(&self) -> Leave {
        Box::pin(self.left.track_future(self.stop.clone().cancelled_owned()))
    }

    /// Waits until one more may be said beside a poll.
    pub(super) async fn beside(&self) -> SemaphorePermit<'_> {
        self.beside.acquire().await.expect("never closed")
    }

    /// Waits until everybody has said it; what to tell where some have not in time.
    pub(super) async fn said(&self) -> Option<String> {
        self.left.close();
        timeout(PATIENCE, self.left.wait()).await.err()?;
        Some(format!("{} clients had not said goodbye after {PATIENCE:?}", self.left.len()))
    }
}
