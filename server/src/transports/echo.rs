//! `/echo`: every message comes back as it came. For conformance suites; no transport, and no part of the stream.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::{Request, Response, body::Incoming, upgrade::OnUpgrade};
use protocol::wire::Refusal;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::WebSocketConfig};
use tracing::debug;

use super::{
    context::Context,
    websocket::{accept, fail, limits, upgraded},
};
use crate::connection::listener::Slot;

pub(crate) fn open(
    context: &Context,
    slot: &Arc<Slot>,
    mut request: Request<Incoming>,
) -> Result<Response<Bytes>, Refusal> {
    let response = accept(&request)?;
    let upgrade = hyper::upgrade::on(&mut request);
    // What comes back must fit as well, with its frame's head.
    let limits =
        limits(context.bounds.max_message).max_write_buffer_size(context.bounds.max_message as usize + 64 * 1024);
    let (slot, draining) = (Arc::clone(slot), context.draining.clone());
    context.tasks.spawn(async move {
        let _slot = slot;
        let ended = tokio::select! {
            ended = serve(upgrade, limits) => ended,
            // It has no stream to come to the end of.
            () = draining.cancelled() => Ok(()),
        };
        if let Err(error) = ended {
            debug!(%error, "echo ended");
        }
    });
    Ok(response)
}

async fn serve(upgrade: OnUpgrade, limits: WebSocketConfig) -> Result<(), Error> {
    let mut socket = upgraded(upgrade, limits).await?;
    while let Some(message) = socket.next().await {
        match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await?,
            // Answered by the library: with the next read, or here.
            Ok(_) => socket.flush().await?,
            Err(error) => return fail(&mut socket, error).await,
        }
    }
    Ok(())
}
