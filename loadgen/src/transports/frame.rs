//! The one kind of WebSocket frame that updates come in (RFC 6455, section 5.2). Every other is the library's to read.

use super::inbox::Front;

/// The first byte of a text that is whole in one frame: FIN, no extension, opcode 1.
const TEXT: u8 = 0x81;

/// What stands at the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole texts, one after another.
    Texts,
    /// A control frame, a fragment, something masked, too long, not UTF-8: whatever is not a plain text.
    Other,
}

/// Takes as many whole texts as there are. Anything else is taken only from the front, and then left where it is.
pub(super) fn front(bytes: &[u8], text_bytes_max: usize) -> Front<Kind> {
    let mut end = 0;
    loop {
        let ahead = &bytes[end..];
        let other = match head(ahead) {
            Head::Text { start, length } if length <= text_bytes_max => match ahead.get(start..start + length) {
                Some(text) if std::str::from_utf8(text).is_ok() => {
                    end += start + length;
                    continue;
                }
                Some(_) => Front::Whole(Kind::Other, 0),
                None => Front::Needs(start + length),
            },
            Head::Text { .. } | Head::Other => Front::Whole(Kind::Other, 0),
            Head::Needs(bytes) => Front::Needs(bytes),
        };
        return if end > 0 { Front::Whole(Kind::Texts, end) } else { other };
    }
}

/// The first of some whole texts, and the frames after it.
pub(super) fn split(texts: &[u8]) -> Option<(&[u8], &[u8])> {
    let Head::Text { start, length } = head(texts) else { return None };
    texts[start..].split_at_checked(length)
}

enum Head {
    Text { start: usize, length: usize },
    Needs(usize),
    Other,
}

fn head(bytes: &[u8]) -> Head {
    let (start, length) = match bytes {
        [TEXT, length @ 0..=125, ..] => (2, u64::from(*length)),
        [TEXT, 126, rest @ ..] => match rest.first_chunk() {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Head::Needs(4),
        },
        [TEXT, 127, rest @ ..] => match rest.first_chunk() {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Head::Needs(10),
        },
        [] | [TEXT] => return Head::Needs(2),
        _ => return Head::Other,
    };
    usize::try_from(length).map_or(Head::Other, |length| Head::Text { start, length })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };

    use super::*;

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
            assert_eq!(whole(&frame), Ok((Kind::Texts, frame.len())));
            let mut have = 0;
            while let Err(needs) = whole(&frame[..have]) {
                assert!(have < needs && needs <= frame.len(), "{needs} after {have} of {}", frame.len());
                have = needs;
            }
            assert_eq!(have, frame.len());
        }
    }

    #[test]
    fn whatever_is_not_a_plain_text_is_other() {
        let too_long = texts(&["x".repeat(MAX + 1)]);
        for bytes in [
            &[0x01, 1, b'x'][..],   // the first fragment
            &[0x80, 1, b'x'],       // the last
            &[0x82, 1, b'x'],       // binary
            &[0x88, 0],             // Close
            &[0x89, 0],             // ping
            &[0xc1, 1, b'x'],       // an extension's bit
            &[0x81, 0x81, 0, 0, 0], // masked
            &[0x81, 1, 0xff],       // not UTF-8
            &[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255],
            &too_long[..10],
        ] {
            assert_eq!(whole(bytes), Ok((Kind::Other, 0)), "{bytes:x?}");
            let behind = [&texts(&["a".to_owned()]), bytes].concat();
            assert_eq!(whole(&behind), Ok((Kind::Texts, 3)), "what came before it first");
        }
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
