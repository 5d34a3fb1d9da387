//! HTTP long polling (RFC 6202): a request is parked until there is something after its cursor, or time is up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
};
use protocol::{
    Transport,
    wire::{CURSOR_HEADER, NDJSON, Refusal, StreamQuery},
};

use super::{Context, Reply};
use crate::shard::{Ended, Subscription};

/// A poll and how long it may wait.
#[derive(Debug)]
pub struct Parked {
    context: Arc<Context>,
    subscription: Subscription,
    wait: Duration,
}

pub(super) fn open(context: &Arc<Context>, query: StreamQuery) -> Result<Reply, Refusal> {
    context.metrics.polls.inc();
    let subscription = context.subscribe(Transport::LongPoll, query.after)?;
    let wait =
        query.wait_ms.map_or(context.poll_timeout, |wait_ms| Duration::from_millis(wait_ms).min(context.poll_timeout));
    Ok(Reply::Parked(Parked { context: Arc::clone(context), subscription, wait }))
}

impl Parked {
    /// Waits, and answers: `200` with updates, `204` without, `410` if it fell out of the ring.
    pub async fn answer(mut self) -> Result<Response<Full<Bytes>>, Refusal> {
        match tokio::time::timeout(self.wait, self.subscription.next()).await {
            Ok(Ok(batch)) => Ok(Response::builder()
                .header(CONTENT_TYPE, HeaderValue::from_static(NDJSON))
                .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
                .body(Full::new(batch.lines()))
                .expect("a valid response")),
            Ok(Err(Ended::Expired(expired))) => Err(expired.into()),
            // hyper adds `Connection: close` itself once it was told to shut down.
            Ok(Err(Ended::Draining)) => Ok(self.nothing()),
            Err(_timed_out) => {
                self.context.metrics.polls_timed_out.inc();
                Ok(self.nothing())
            }
        }
    }

    fn nothing(&self) -> Response<Full<Bytes>> {
        Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(CURSOR_HEADER, self.subscription.cursor())
            .body(Full::default())
            .expect("a valid response")
    }
}
