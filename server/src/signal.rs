//! Clients' own signals: acknowledged alike, whichever way they come.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use protocol::{
    clock,
    signal::{Ack, MalformedSignal, Signal},
    wire::Refusal,
};

use crate::metrics::Metrics;

/// Reads a signal and gives its acknowledgement, as JSON.
pub(crate) fn acknowledge(metrics: &Metrics, text: &[u8]) -> Result<String, MalformedSignal> {
    let received_ns = clock::now_ns();
    let Signal { id, .. } = Signal::parse(text)?;
    metrics.signals.inc();
    Ok(serde_json::to_string(&Ack { id, received_ns }).expect("plain data"))
}

/// Reads the whole body of a request, bounded in length and in time.
pub(crate) async fn body(body: Incoming, max_bytes: usize, timeout: Duration) -> Result<Bytes, Refusal> {
    let collected = tokio::time::timeout(timeout, Limited::new(body, max_bytes).collect()).await;
    let collected = collected.map_err(|_| Refusal::BodyTooSlow {
        message: format!("not complete after {} s: see --header-timeout", timeout.as_secs_f64()),
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::BodyTooLarge { message: format!("more than {max_bytes} bytes: see --max-body") })
        }
        Err(error) => Err(Refusal::BadSignal { message: format!("the body cannot be read: {error}") }),
    }
}
