//! A request beside polls, and what answers it.

use super::speaker::Speaker;
use crate::clients::{
    dialects,
    transports::{ClientError, Payload, Scratch, answer::Answer, exchange::Exchange},
};

/// Asks, and gives what answers it with a status of success.
pub(super) async fn ask<'a>(
    exchange: &mut Exchange,
    speaker: &mut Speaker,
    request: &dialects::Request,
    scratch: &'a Scratch,
) -> Result<Payload<'a>, ClientError> {
    speaker.request(request, &[], &mut exchange.request)?;
    match exchange.ask(scratch).await? {
        (Answer { status: 200..300, body, .. }, bytes) => Ok(Payload::answer(bytes, body)),
        (answer, bytes) => Err(answer.refusal(&bytes)),
    }
}
