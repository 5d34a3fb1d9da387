//! HTTP long polling (RFC 6202): a request is parked until there is something after its cursor, or time is up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue},
};
use protocol::{
    Transport,
    wire::{CURSOR_HEADER, NDJSON, Refusal, StreamQuery},
};

use super::{Context, Reply};
use crate::{
    hub::Batch,
    listener::Slot,
    shard::{Ended, Subscription},
};

/// A poll and how long it may wait.
#[derive(Debug)]
pub struct Parked {
    context: Arc<Context>,
    subscription: Subscription,
    wait: Duration,
}

pub(super) fn open(context: &Arc<Context>, query: StreamQuery, slot: &Slot) -> Result<Reply, Refusal> {
    context.metrics.polls.inc();
    let subscription = context.subscribe(Transport::LongPoll, query.after, slot)?;
    let wait =
        query.wait_ms.map_or(context.poll_timeout, |wait_ms| Duration::from_millis(wait_ms).min(context.poll_timeout));
    let poll = Parked { context: Arc::clone(context), subscription, wait };
    // Asked where the stream stands, and nothing else: not even what is published while this is answered.
    if wait.is_zero() && query.after.is_none() {
        return Ok(Reply::Now(poll.timed_out()));
    }
    Ok(Reply::Parked(poll))
}

struct TimedOut;

impl Parked {
    /// Waits, and answers: `200` with updates, `204` without, `410` if it fell out of the ring.
    pub async fn answer(mut self) -> Result<Response<Full<Bytes>>, Refusal> {
        match self.next().await {
            Ok(Ok(batch)) => Ok(Response::builder()
                .header(CONTENT_TYPE, HeaderValue::from_static(NDJSON))
                .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
                .body(Full::new(batch.lines()))
                .expect("a valid response")),
            Ok(Err(Ended::Expired(expired))) => Err(expired.into()),
            Ok(Err(Ended::Draining)) => {
                let mut response = self.nothing();
                // hyper adds it by itself only to what is answered after it was told to shut down.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                Ok(response)
            }
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

    fn timed_out(&self) -> Response<Full<Bytes>> {
        self.context.metrics.polls_timed_out.inc();
        self.nothing()
    }

    fn nothing(&self) -> Response<Full<Bytes>> {
        Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(CURSOR_HEADER, self.subscription.cursor())
            .body(Full::default())
            .expect("a valid response")
    }
}
