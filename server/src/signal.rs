//! Clients' own signals: acknowledged alike, whichever way they come; and what clients say, which is handed on to all who have the topic.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use protocol::{
    Update, clock,
    signal::{Ack, MalformedSignal, Signal},
    wire::Refusal,
};

use crate::{
    connection::bounds::Bounds,
    metrics::{Bound, Metrics},
    stream::{hub::Hub, topic::Topic},
};

/// A signal that is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unheard {
    #[error(transparent)]
    Malformed(#[from] MalformedSignal),
    #[error("clients say no updates here (a signal with due_ns is one): start the server with --speak")]
    MayNotSpeak,
    #[error("data must have no line break in it: an update is a line")]
    Lines,
}

/// Reads a signal and gives its acknowledgement, as JSON. What is said goes to the hub, if clients may say anything.
pub(crate) fn acknowledge(
    metrics: &Metrics,
    hub: Option<&Hub>,
    topic: &Arc<Topic>,
    text: &[u8],
) -> Result<String, Unheard> {
    let received_ns = clock::now_ns();
    let Signal { id, due_ns, data } = Signal::parse(text)?;
    let say = |due_ns| {
        let (hub, data) = (hub.ok_or(Unheard::MayNotSpeak)?, data.get().as_bytes());
        if memchr::memchr2(b'\n', b'\r', data).is_some() {
            return Err(Unheard::Lines);
        }
        Ok(hub.publish(topic, |seq, line| Update { seq, due_ns, data }.encode_into(line)))
    };
    let seq = due_ns.map(say).transpose()?;
    metrics.signals.inc();
    Ok(serde_json::to_string(&Ack { id, received_ns, seq }).expect("plain data"))
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
