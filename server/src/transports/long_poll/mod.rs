//! HTTP long polling (RFC 6202): a request is parked until there is something after its cursor, or time is up.
//!
//! hyper serves any poll. One that is plain, as most are, is served by `lean.rs` before hyper sees it.

mod answer;
pub(crate) mod lean;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use hyper::Response;
use protocol::{
    Transport,
    wire::{Refusal, StreamQuery},
};

pub(super) use answer::dress;

use super::{Context, Reply};
use crate::{
    connection::listener::Slot,
    stream::{
        hub::Batch,
        shard::{Ended, Subscription},
    },
};

/// A poll and how long it may wait.
#[derive(Debug)]
pub struct Parked {
    context: Arc<Context>,
    subscription: Subscription,
    wait: Duration,
}

/// How long a poll may be parked.
fn wait(context: &Context, query: &StreamQuery) -> Duration {
    query.wait_ms.map_or(context.poll_timeout, |wait_ms| Duration::from_millis(wait_ms).min(context.poll_timeout))
}

/// Asked where the stream stands, and nothing else: not even what is published while this is answered.
fn only_asks_where(query: &StreamQuery) -> bool {
    query.wait_ms == Some(0) && query.after.is_none()
}

pub(super) fn open(context: &Arc<Context>, query: &StreamQuery, slot: &Slot) -> Result<Reply, Refusal> {
    let subscription = context.subscribe(Transport::LongPoll, query.after, slot)?;
    context.metrics.polls.inc();
    let poll = Parked { context: Arc::clone(context), subscription, wait: wait(context, query) };
    if only_asks_where(query) {
        return Ok(Reply::Now(poll.timed_out()));
    }
    Ok(Reply::Parked(poll))
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
