//! What one read brought a client, as it came: nothing is taken apart before the receipt is stamped.

use std::{cell::Ref, ops::Range};

use super::frame;

/// One message or several, each holding updates.
#[derive(Debug)]
pub struct Payload<'a> {
    bytes: Ref<'a, [u8]>,
    /// Where messages begin: behind an answer's head.
    from: usize,
    framed: bool,
}

impl<'a> Payload<'a> {
    /// One message.
    pub(super) fn lines(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framed: false }
    }

    /// Whole frames, one after another.
    pub(super) fn frames(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framed: true }
    }

    /// A whole answer, with its head. Its body, which ends it, is one message.
    pub(super) fn answer(bytes: Ref<'a, [u8]>, body: Range<usize>) -> Self {
        Self { bytes: Ref::map(bytes, |bytes| &bytes[..body.end]), from: body.start, framed: false }
    }

    /// An answer's head, if there is one, and what follows it.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.from)
    }

    /// The messages, in the order in which they came.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[self.from..];
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
