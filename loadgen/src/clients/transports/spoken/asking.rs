//! A request beside polls, and what answers it.

use super::speaker::Speaker;
use crate::clients::{
    dialects,
    transports::{ClientError, Payload, Scratch, answer::Answer, exchange::Exchange},
};

/// Asks with that update in it, and gives what answers it with a status of success. Who also says things on another connection does so
/// one at a time, as browsers do: some servers end a session whose requests overlap.
pub(in crate::clients::transports) async fn ask<'a>(
    exchange: &mut Exchange,
    speaker: &mut Speaker,
    request: &dialects::Request,
    data: &[u8],
    scratch: &'a Scratch,
) -> Result<Payload<'a>, ClientError> {
    speaker.request(request, data, &mut exchange.request)?;
    let asking = speaker.asking();
    let _alone = asking.lock().await;
    match exchange.ask(scratch).await? {
        (Answer { status: 200..300, body, .. }, bytes) => Ok(Payload::answer(bytes, body)),
        (answer, bytes) => Err(answer.refusal(&bytes)),
    }
}
