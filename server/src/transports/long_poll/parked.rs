//! A poll that hyper serves: parked until there is something to answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use hyper::Response;
use protocol::{
    Transport,
    wire::{Refusal, StreamQuery},
};

use super::{
    answer,
    query::{only_asks_where, wait},
};
use crate::{
    connection::listener::Slot,
    stream::{
        batch::Batch,
        shard::{Ended, Subscription},
    },
    transports::context::Context,
};

/// A poll and how long it may wait.
#[derive(Debug)]
pub struct Parked {
    context: Arc<Context>,
    subscription: Subscription,
    wait: Duration,
}

/// What becomes of a poll.
#[derive(Debug)]
pub(crate) enum Opened {
    Ready(Response<Bytes>),
    Parked(Parked),
}

pub(crate) fn open(context: &Arc<Context>, query: &StreamQuery, slot: &Slot) -> Result<Opened, Refusal> {
    let subscription = context.subscribe(Transport::LongPoll, query, slot)?;
    context.metrics.polls.inc();
    let poll = Parked { context: Arc::clone(context), subscription, wait: wait(context, query) };
    if only_asks_where(query) {
        return Ok(Opened::Ready(poll.timed_out()));
    }
    Ok(Opened::Parked(poll))
}

struct TimedOut;

impl Parked {
    /// Waits, and answers: `200` with updates, `204` without, `410` if it fell out of the ring.
    pub async fn answer(mut self) -> Result<Response<Bytes>, Refusal> {
        match self.next().await {
            Ok(Ok(batch)) => Ok(answer::updates(&batch)),
            Ok(Err(Ended::Expired(expired))) => Err(expired.into()),
            Ok(Err(Ended::Draining)) => Ok(answer::draining(self.subscription.cursor())),
            Err(TimedOut) => Ok(self.timed_out()),
        }
    }

    /// What comes in time. A timer would fire up to a millisecond late, so a poll that is not to wait has none.
    async fn next(&mut self) -> Result<Result<Batch, Ended>, TimedOut> {
        let next = self.subscription.next();
        if self.wait.is_zero() {
            return next.now_or_never().ok_or(TimedOut);
        }
        tokio::time::timeout(self.wait, next).await.map_err(|_| TimedOut)
    }

    fn timed_out(&self) -> Response<Bytes> {
        self.context.metrics.polls_timed_out.inc();
        answer::nothing(self.subscription.cursor())
    }
}
