//! The kinds of WebSocket frame that are read past the library (RFC 6455, section 5.2): whole messages, in which updates
//! come, and pings. Every other is the library's.

use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

use super::inbox::Front;

/// The first byte of a text that is whole in one frame: FIN, no extension, opcode 1.
const TEXT: u8 = 0x81;
/// The same of a binary message: opcode 2.
const BINARY: u8 = 0x82;
/// The same of a ping: opcode 9.
const PING: u8 = 0x89;

/// What stands at the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole messages, one after another.
    Messages,
    /// A ping. Answered past the library too, or a minute into a run every client would have been given back to it.
    Ping,
    /// Another control frame, a fragment, something masked, too long, not UTF-8: whatever is not a plain message.
    Other,
}

/// Takes as many whole messages as there are. Anything else is taken only from the front, and then left where it is.
pub fn front(bytes: &[u8], message_bytes_max: usize) -> Front<Kind> {
    let mut end = 0;
    loop {
        let ahead = &bytes[end..];
        let other = match head(ahead) {
            Head::Message { start, length } if length <= message_bytes_max => match ahead.get(start..start + length) {
                Some(message) if std::str::from_utf8(message).is_ok() || ahead[0] == BINARY => {
                    end += start + length;
                    continue;
                }
                Some(_) => Front::Whole(Kind::Other, 0),
                None => Front::Needs(start + length),
            },
            Head::Ping { length } if ahead.len() < 2 + length => Front::Needs(2 + length),
            Head::Ping { length } => Front::Whole(Kind::Ping, 2 + length),
            Head::Message { .. } | Head::Other => Front::Whole(Kind::Other, 0),
            Head::Needs(bytes) => Front::Needs(bytes),
        };
        return if end > 0 { Front::Whole(Kind::Messages, end) } else { other };
    }
}

/// Takes one whole message, if one is first; anything else as [`front`] does.
pub(super) fn first(bytes: &[u8], message_bytes_max: usize) -> Front<Kind> {
    match front(bytes, message_bytes_max) {
        Front::Whole(Kind::Messages, end) => {
            let after = split(&bytes[..end]).map_or(0, |(_, after)| after.len());
            Front::Whole(Kind::Messages, end - after)
        }
        other => other,
    }
}

/// The first of some whole messages, and the frames after it.
pub fn split(messages: &[u8]) -> Option<(&[u8], &[u8])> {
    let Head::Message { start, length } = head(messages) else { return None };
    messages[start..].split_at_checked(length)
}

/// The answer to a ping.
pub(super) fn pong(ping: &[u8]) -> Vec<u8> {
    masked(Frame::pong(ping[2..].to_vec()))
}

/// A whole text.
pub(super) fn text(text: &str) -> Vec<u8> {
    masked(Frame::message(text.to_owned(), OpCode::Data(Data::Text), true))
}

/// Whole messages, as they are sent back.
pub(super) fn echoed(mut messages: &[u8]) -> Vec<u8> {
    let mut back = Vec::new();
    while let Some((message, rest)) = split(messages) {
        back.extend(masked(Frame::message(message.to_vec(), OpCode::from(messages[0] & 0x0f), true)));
        messages = rest;
    }
    back
}

/// As clients send frames: masked, each with a key of its own.
fn masked(mut frame: Frame) -> Vec<u8> {
    frame.header_mut().mask = Some(rand::random());
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes).expect("a Vec takes every write");
    bytes
}

enum Head {
    Message { start: usize, length: usize },
    Ping { length: usize },
    Needs(usize),
    Other,
}

fn head(bytes: &[u8]) -> Head {
    let (start, length) = match bytes {
        [TEXT | BINARY, length @ 0..=125, ..] => (2, u64::from(*length)),
        [TEXT | BINARY, 126, rest @ ..] => match rest.first_chunk() {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Head::Needs(4),
        },
        [TEXT | BINARY, 127, rest @ ..] => match rest.first_chunk() {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Head::Needs(10),
        },
        [PING, length @ 0..=125, ..] => return Head::Ping { length: usize::from(*length) },
        [] | [TEXT | BINARY | PING] => return Head::Needs(2),
        _ => return Head::Other,
    };
    usize::try_from(length).map_or(Head::Other, |length| Head::Message { start, length })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 100_000;

    fn texts(texts: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in texts {
            Frame::message(text.clone(), OpCode::Data(Data::Text), true).format(&mut bytes).unwrap();
        }
        bytes
    }

    fn whole(bytes: &[u8]) -> Result<(Kind, usize), usize> {
        match front(bytes, MAX) {
            Front::Whole(kind, end) => Ok((kind, end)),
            Front::Needs(bytes) => Err(bytes),
        }
    }

    #[test]
    fn a_text_of_any_length_asks_for_no_more_than_itself() {
        for length in [0, 1, 125, 126, 65_535, 65_536, MAX] {
            let frame = texts(&["x".repeat(length)]);
            assert_eq!(whole(&frame), Ok((Kind::Messages, frame.len())));
            let mut have = 0;
            while let Err(needs) = whole(&frame[..have]) {
                assert!(have < needs && needs <= frame.len(), "{needs} after {have} of {}", frame.len());
                have = needs;
            }
            assert_eq!(have, frame.len());
        }
    }

    #[test]
    fn whatever_is_not_a_plain_message_is_other() {
        let too_long = texts(&["x".repeat(MAX + 1)]);
        for bytes in [
            &[0x01, 1, b'x'][..], // the first fragment
            &[0x80, 1, b'x'],     // the last
            &[0xc2, 1, b'x'],     // binary, with an extension's bit
            &[0x88, 0],           // Close
            &[0x8a, 0],           // pong
            &[0x89, 0x80, 0, 0, 0, 0],
            &[0x09, 0],
            &[0x89, 126, 0, 126],
            &[0xc1, 1, b'x'],       // an extension's bit
            &[0x81, 0x81, 0, 0, 0], // masked
            &[0x81, 1, 0xff],       // not UTF-8
            &[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255],
            &too_long[..10],
        ] {
            assert_eq!(whole(bytes), Ok((Kind::Other, 0)), "{bytes:x?}");
            let behind = [&texts(&["a".to_owned()]), bytes].concat();
            assert_eq!(whole(&behind), Ok((Kind::Messages, 3)), "what came before it first");
        }
    }

    #[test]
    fn binary_messages_are_messages_whatever_they_hold_and_go_back_as_such() {
        let frames = [0x82, 2, 0xff, b'a', 0x81, 1, b'b', 0x82, 0];
        assert_eq!(whole(&frames), Ok((Kind::Messages, frames.len())));
        let messages: Vec<_> = std::iter::successors(split(&frames), |(_, rest)| split(rest)).map(|(m, _)| m).collect();
        assert_eq!(messages, [&[0xff, b'a'][..], b"b", b""]);
        let back = echoed(&frames);
        assert_eq!((back[0], back[1], back[8], back[9], &back[15..17]), (0x82, 0x82, 0x81, 0x81, &[0x82, 0x80][..]));
    }

    #[test]
    fn a_ping_is_taken_alone_and_answered_masked_with_what_it_carried() {
        let ping = [0x89, 3, b'a', b'b', b'c', 0x81];
        for (cut, needs) in [(0, 2), (1, 2), (2, 5), (4, 5)] {
            assert_eq!(whole(&ping[..cut]), Err(needs), "cut at {cut}");
        }
        assert_eq!(whole(&ping), Ok((Kind::Ping, 5)));
        let pong = pong(&ping[..5]);
        let unmasked: Vec<u8> = pong[6..].iter().zip(&pong[2..6]).map(|(byte, key)| byte ^ key).collect();
        assert_eq!((&pong[..2], &unmasked[..]), (&[0x8a, 0x83][..], &b"abc"[..]));
    }

    proptest! {
        #[test]
        fn texts_come_out_as_they_went_in(sent in proptest::collection::vec(".{0,200}", 1..8), cut in 0..2_000_usize) {
            let bytes = texts(&sent);
            let bytes = &bytes[..cut.min(bytes.len())];
            let mut rest = whole(bytes).map_or(&[][..], |(_, end)| &bytes[..end]);
            let mut count = 0;
            while let Some((text, after)) = split(rest) {
                prop_assert_eq!(text, sent[count].as_bytes());
                (rest, count) = (after, count + 1);
            }
            prop_assert!(rest.is_empty());
            prop_assert!(count == sent.len() || bytes.len() < texts(&sent[..=count]).len(), "all that are whole");
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = front(&bytes, MAX);
        }
    }
}
