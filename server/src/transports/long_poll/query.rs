//! What a poll asks for.

use std::time::Duration;

use protocol::wire::StreamQuery;

use crate::transports::context::Context;

/// How long a poll may be parked.
pub(super) fn wait(context: &Context, query: &StreamQuery) -> Duration {
    query.wait_ms.map_or(context.poll_timeout, |wait_ms| Duration::from_millis(wait_ms).min(context.poll_timeout))
}

/// Asked where the stream stands, and nothing else: not even what is published while this is answered.
pub(super) fn only_asks_where(query: &StreamQuery) -> bool {
    query.wait_ms == Some(0) && query.after.is_none()
}
