//! A subscriber's own end: from its shard it takes what follows its cursor.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering::SeqCst},
    task::{Context, Poll, Waker},
};

use protocol::Transport;
use tokio::time::Instant;

use super::Shard;
use crate::{
    connection::socket::{Outgoing, Writer},
    metrics::TransportMetrics,
    stream::{
        batch::Batch,
        fault::Tamper,
        log::Expired,
        subscribers::{Subscriber, Waits},
        topic::{Place, Topic},
    },
};

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its cursor has left the ring: it was too slow.
    #[error(transparent)]
    Expired(#[from] Expired),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
}

/// A subscriber: a cursor into a topic's ring, and a place to wait in a shard.
#[derive(Debug)]
pub struct Subscription {
    shard: Arc<Shard>,
    topic: Arc<Topic>,
    key: usize,
    tamper: Option<Box<Tamper>>,
    /// When it was last answered without its task.
    answered: Option<Instant>,
}

impl Subscription {
    /// Subscribes to what follows `after` in a topic of the shard's hub, or to what is published from now on.
    pub fn new(
        shard: &Arc<Shard>,
        topic: Arc<Topic>,
        metrics: &Arc<TransportMetrics>,
        after: Option<u64>,
    ) -> Result<Self, Expired> {
        let place = topic.place(shard.number);
        // Before the cursor is chosen: who publishes something later than that knows of a subscriber.
        place.there.fetch_add(1, SeqCst);
        let cursor = topic.cursor(after).inspect_err(|_| {
            place.there.fetch_sub(1, SeqCst);
        })?;
        let (waits, metrics) = (Waits::No, Arc::clone(metrics));
        let key = place.subscribers.insert(Subscriber { cursor, waits, waker: None, unfinished: None, metrics });
        Ok(Self { shard: Arc::clone(shard), topic, key, tamper: None, answered: None })
    }

    fn place(&self) -> &Place {
        self.topic.place(self.shard.number)
    }

    /// What it subscribes to.
    pub(crate) fn topic(&self) -> &Arc<Topic> {
        &self.topic
    }

    /// The same with a fault for this client, if it has one.
    #[must_use]
    pub fn tampered_with(mut self, tamper: Option<Box<Tamper>>) -> Self {
        self.tamper = tamper;
        self
    }

    /// The last update taken, or where the subscription began.
    pub fn cursor(&self) -> u64 {
        self.place().subscribers.all()[self.key].cursor
    }

    /// Goes on after another update, or from now on.
    pub(crate) fn seek(&mut self, after: Option<u64>) -> Result<(), Expired> {
        let cursor = self.topic.cursor(after)?;
        self.place().subscribers.all()[self.key].cursor = cursor;
        Ok(())
    }

    /// Everything published after the cursor, as soon as there is anything; moves the cursor past it.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Batch, Ended> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The same, for as long as it is polled.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch, Ended>> {
        if let Poll::Ready(taken) = self.take(context) {
            return Poll::Ready(taken);
        }
        self.wait(context.waker(), Waits::ToBeWoken);
        // Looked at again: for what was published in between, the shard may have been woken before.
        self.take(context)
    }

    /// As [`Self::next`], but what is published from now on is written by the shard, for as long as this is
    /// polled and not ready: nobody else may be in the middle of writing. Ready with what is left to be written. Without
    /// a writer the task is woken instead.
    ///
    /// `None` once a transport that asks was answered so: its task is not woken for that, and learns it when it polls.
    pub(crate) fn poll_unwritten(
        &mut self,
        context: &mut Context<'_>,
        writer: Option<&Arc<Writer>>,
        transport: Transport,
    ) -> Poll<Result<Option<Outgoing>, Ended>> {
        {
            let subscriber = &mut self.topic.place(self.shard.number).subscribers.all()[self.key];
            if let Some(rest) = subscriber.unfinished.take() {
                return Poll::Ready(Ok(Some(*rest)));
            }
            if let Waits::Answered(at) = subscriber.waits {
                subscriber.waits = Waits::No;
                self.answered = Some(at);
                return Poll::Ready(Ok(None));
            }
        }
        let frame = self.shard.frame;
        let framed = |taken: Result<Batch, Ended>| taken.map(|batch| Some(frame(transport, &batch)));
        if let Poll::Ready(taken) = self.take(context) {
            return Poll::Ready(framed(taken));
        }
        // Whoever is tampered with is served by its task.
        let waits = match (writer, &self.tamper) {
            (Some(writer), None) => Waits::ToBeWritten { writer: Arc::clone(writer), transport },
            _ => Waits::ToBeWoken,
        };
        self.wait(context.waker(), waits);
        self.take(context).map(framed)
    }

    /// When what [`Self::poll_unwritten`] told of with `None` was written. Once.
    pub(crate) fn answered(&mut self) -> Option<Instant> {
        self.answered.take()
    }

    /// Ready once the server is shutting down; waits for nothing else.
    pub(crate) fn poll_draining(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.topic.is_draining() {
            return Poll::Ready(());
        }
        self.wait(context.waker(), Waits::No);
        Poll::Pending
    }

    /// From here on nothing is written but by the task. What was begun is for it to finish.
    pub(crate) fn stand_down(&mut self) -> Option<Outgoing> {
        let subscriber = &mut self.place().subscribers.all()[self.key];
        subscriber.waits = Waits::No;
        subscriber.unfinished.take().map(|rest| *rest)
    }

    fn take(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch, Ended>> {
        let mut subscribers = self.topic.place(self.shard.number).subscribers.all();
        let subscriber = &mut subscribers[self.key];
        let batch = match self.topic.after(subscriber.cursor) {
            Err(expired) => {
                subscriber.waits = Waits::No;
                subscriber.metrics.slow_consumers.inc();
                return Poll::Ready(Err(expired.into()));
            }
            Ok(batch) => batch,
        };
        let (done, batch) = match &mut self.tamper {
            None => (batch.len() as u64, batch),
            Some(tamper) => tamper.take(subscriber.cursor, &batch, context),
        };
        subscriber.cursor += done;
        if !batch.is_empty() {
            // The task writes now, so nobody else may.
            subscriber.waits = Waits::No;
            subscriber.metrics.took(batch.len() as u64);
            self.shard.spin.of_deliveries(batch.len() as u64);
            return Poll::Ready(Ok(batch));
        }
        if !self.topic.is_draining() {
            return Poll::Pending;
        }
        subscriber.waits = Waits::No;
        Poll::Ready(Err(Ended::Draining))
    }

    fn wait(&self, waker: &Waker, waits: Waits) {
        let subscriber = &mut self.place().subscribers.all()[self.key];
        subscriber.waits = waits;
        if !subscriber.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            subscriber.waker = Some(waker.clone());
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let place = self.place();
        let subscriber = place.subscribers.all().remove(self.key);
        place.there.fetch_sub(1, SeqCst);
        // Dropped here, outside the lock.
        drop(subscriber);
    }
}
