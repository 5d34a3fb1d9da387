//! What is said before updates may come, and what must come back.

use super::{
    asking::ask,
    heartbeats::{heard, parts},
    speaker::Speaker,
};
use crate::clients::{
    dialects::{LongPoll, Said, Step, WebSocket},
    transports::{ClientError, Request, Scratch, Stream, exchange::Exchange, head::values, shown, websocket},
};

/// Gives the heartbeats that came meanwhile, to be answered: some servers send one at once.
pub(super) async fn over_websocket(
    client: &mut websocket::Client,
    speaker: &mut Speaker,
    dialect: &WebSocket,
    scratch: &Scratch,
) -> Result<Vec<u8>, ClientError> {
    let mut unanswered = Vec::new();
    for step in &dialect.open {
        if let Some(Said::Message(message)) = &step.said {
            client.say(&speaker.text(message, &[])?).await?;
        }
        if step.expect.is_none() {
            continue;
        }
        loop {
            // One by one: what follows the last may be updates already.
            let payload = client.next_message(scratch).await?;
            let Some(message) = payload.messages().next() else { continue };
            if let Some(heartbeat) = heard(&dialect.heartbeats, message) {
                unanswered.push(heartbeat);
                continue;
            }
            learn(step, speaker, &[], message)?;
            break;
        }
    }
    Ok(unanswered)
}

/// Gives the heartbeats that came meanwhile, to be answered. What the server would have the client show from now on is in the request then.
pub(super) async fn by_polling(
    exchange: &mut Exchange,
    speaker: &mut Speaker,
    dialect: &LongPoll,
    request: &mut Request,
    scratch: &Scratch,
    again: impl AsyncFn() -> Result<Stream, ClientError>,
) -> Result<Vec<u8>, ClientError> {
    let mut unanswered = Vec::new();
    for step in &dialect.open {
        let Some(Said::Request(said)) = &step.said else { continue };
        loop {
            let payload = match ask(exchange, speaker, said, &[], scratch).await {
                Err(ClientError::Ended) => {
                    exchange.reopen(again().await?);
                    continue;
                }
                payload => payload?,
            };
            let (head, body) = payload.parts();
            request.keep_cookies(values(head, "set-cookie"));
            speaker.says_of_itself(request);
            let mut told = false;
            for part in parts(body, dialect.separator) {
                match heard(&dialect.heartbeats, part) {
                    Some(heartbeat) => unanswered.push(heartbeat),
                    None if told => {}
                    None => {
                        learn(step, speaker, head, part)?;
                        told = true;
                    }
                }
            }
            if told {
                break;
            }
        }
    }
    Ok(unanswered)
}

/// Checks what came back, and takes out of it what is said later.
fn learn(step: &Step, speaker: &mut Speaker, head: &[u8], body: &[u8]) -> Result<(), ClientError> {
    if let Some(expected) = step.expect.as_deref().filter(|expected| !body.starts_with(expected.as_bytes())) {
        return Err(ClientError::protocol(format!("`{expected}` was to come, and `{}` came", shown(body))));
    }
    speaker.take(&step.take, head, body);
    match speaker.lacks(&step.take) {
        None => Ok(()),
        Some(name) => {
            Err(ClientError::protocol(format!("{{{name}}} is not where it was to stand in `{}`", shown(body))))
        }
    }
}
