//! Heartbeats among what came.

use crate::clients::dialects::Heartbeat;

/// Which heartbeat a message is, by its place in the dialect.
pub(super) fn heard(heartbeats: &[Heartbeat], message: &[u8]) -> Option<u8> {
    // The dialect's own are few.
    heartbeats.iter().position(|heartbeat| heartbeat.on.is_on(message)).map(|place| place as u8)
}

/// The messages of an answer.
pub(super) fn parts(body: &[u8], separator: Option<char>) -> impl Iterator<Item = &[u8]> {
    body.split(move |byte| separator.is_some_and(|separator| *byte == separator as u8))
}
