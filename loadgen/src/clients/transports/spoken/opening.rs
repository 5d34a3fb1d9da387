//! What is said before updates may come, and what must come back.

use super::{
    asking::ask,
    heartbeats::{heard, parts},
    speaker::Speaker,
};
use crate::clients::{
    dialects::{LongPoll, Said, Step, WebSocket},
    transports::{ClientError, Scratch, exchange::Exchange, websocket},
};

/// So much is shown of what came instead of what was expected.
const SHOWN_BYTES: usize = 200;

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

/// Gives the heartbeats that came meanwhile, to be answered.
pub(super) async fn by_polling(
    exchange: &mut Exchange,
    speaker: &mut Speaker,
    dialect: &LongPoll,
    scratch: &Scratch,
) -> Result<Vec<u8>, ClientError> {
    let mut unanswered = Vec::new();
    for step in &dialect.open {
        let Some(Said::Request(request)) = &step.said else { continue };
        loop {
            let payload = ask(exchange, speaker, request, &[], scratch).await?;
            let (head, body) = payload.parts();
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
    let shown = || String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES)]).into_owned();
    if let Some(expected) = step.expect.as_deref().filter(|expected| !body.starts_with(expected.as_bytes())) {
        return Err(ClientError::protocol(format!("`{expected}` was to come, and `{}` came", shown())));
    }
    speaker.take(&step.take, head, body);
    match speaker.lacks(&step.take) {
        None => Ok(()),
        Some(name) => Err(ClientError::protocol(format!("{{{name}}} is not where it was to stand in `{}`", shown()))),
    }
}
