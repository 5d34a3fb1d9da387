//! What one read brought a client, as it came: nothing is taken apart before the receipt is stamped.

use std::cell::Ref;

use super::frame;

/// One message or several, each holding lines of updates.
#[derive(Debug)]
pub struct Payload<'a> {
    bytes: Ref<'a, [u8]>,
    framed: bool,
}

impl<'a> Payload<'a> {
    /// One message.
    pub(super) fn lines(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, framed: false }
    }

    /// Whole frames, one after another.
    pub(super) fn frames(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, framed: true }
    }

    /// The messages, in the order in which they came.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.bytes;
        std::iter::from_fn(move || {
            let (message, after) = match rest {
                [] => return None,
                _ if self.framed => frame::split(rest).expect("whole frames, checked as they came"),
                _ => (rest, &[][..]),
            };
            rest = after;
            Some(message)
        })
    }
}
