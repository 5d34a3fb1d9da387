//! Clients' own signals: acknowledged alike, whichever way they come.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use protocol::{
    clock,
    signal::{Ack, MalformedSignal, Signal},
    wire::Refusal,
};

use crate::{
    connection::bounds::Bounds,
    metrics::{Bound, Metrics},
};

/// Reads a signal and gives its acknowledgement, as JSON.
pub(crate) fn acknowledge(metrics: &Metrics, text: &[u8]) -> Result<String, MalformedSignal> {
    let received_ns = clock::now_ns();
    let Signal { id, .. } = Signal::parse(text)?;
    metrics.signals.inc();
    Ok(serde_json::to_string(&Ack { id, received_ns }).expect("plain data"))
}

/// Reads the whole body of a request, bounded in length and in time.
pub(crate) async fn body(body: Incoming, bounds: &Bounds, metrics: &Metrics) -> Result<Bytes, Refusal> {
    let Bounds { max_body, header_timeout, .. } = *bounds;
    let collected = tokio::time::timeout(header_timeout, Limited::new(body, max_body as usize).collect()).await;
    let collected = collected.map_err(|_| {
        metrics.met.inc(Bound::HeaderTimeout);
        let seconds = header_timeout.as_secs_f64();
        Refusal::BodyTooSlow { message: format!("not complete after {seconds} s: see --header-timeout") }
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            metrics.met.inc(Bound::Body);
            Err(Refusal::BodyTooLarge { message: format!("more than {max_body} bytes: see --max-body") })
        }
        Err(error) => Err(Refusal::BadSignal { message: format!("the body cannot be read: {error}") }),
    }
}
