//! What one read brought a client, as it came: nothing is taken apart before the receipt is stamped.

use std::{cell::Ref, ops::Range};

use super::{chunks, event, frame, inbox::Front};

/// One message or several, each holding updates.
#[derive(Debug)]
pub struct Payload<'a> {
    bytes: Ref<'a, [u8]>,
    /// Where messages begin: behind an answer's head.
    from: usize,
    framing: Framing,
}

/// How messages lie in it.
#[derive(Debug, Clone, Copy)]
enum Framing {
    /// It is one.
    One,
    /// As WebSocket frames.
    Frames,
    /// As server-sent events.
    Events,
    /// As server-sent events in chunks, each of which holds whole ones.
    Chunks,
}

impl<'a> Payload<'a> {
    /// One message.
    pub(super) fn lines(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framing: Framing::One }
    }

    /// Whole frames, one after another.
    pub(super) fn frames(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framing: Framing::Frames }
    }

    /// Whole events.
    pub(super) fn events(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framing: Framing::Events }
    }

    /// Chunks of whole events.
    pub(super) fn chunks(bytes: Ref<'a, [u8]>) -> Self {
        Self { bytes, from: 0, framing: Framing::Chunks }
    }

    /// A whole answer, with its head. Its body, which ends it, is one message.
    pub(super) fn answer(bytes: Ref<'a, [u8]>, body: Range<usize>) -> Self {
        Self { bytes: Ref::map(bytes, |bytes| &bytes[..body.end]), from: body.start, framing: Framing::One }
    }

    /// An answer's head, if there is one, and what follows it.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.from)
    }

    /// The messages, in the order in which they came.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let (mut rest, mut chunk) = (&self.bytes[self.from..], &[][..]);
        std::iter::from_fn(move || {
            loop {
                let (message, after) = match self.framing {
                    Framing::One | Framing::Frames if rest.is_empty() => return None,
                    Framing::One => (rest, &[][..]),
                    Framing::Frames => frame::split(rest).expect("whole frames, checked as they came"),
                    Framing::Events => event::split(rest)?,
                    Framing::Chunks => match event::split(chunk) {
                        Some((message, after)) => {
                            chunk = after;
                            return Some(message);
                        }
                        None => {
                            let Ok(Front::Whole(Some(range), length)) = chunks::first(rest) else { return None };
                            (chunk, rest) = (&rest[range], &rest[length..]);
                            continue;
                        }
                    },
                };
                rest = after;
                return Some(message);
            }
        })
    }
}
