//! The short way of plain texts and pings in the generator's WebSocket client, against the library that reads the rest: the
//! same texts, in the same order, however the bytes are cut.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use loadgen::clients::transports::{
    frame::{Kind, front, split},
    inbox::Front,
};
use tungstenite::{
    Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

const MESSAGE_BYTES_MAX: usize = 1 << 20;

// The first byte says where the rest is cut.
fuzz_target!(|input: &[u8]| {
    let Some((&cut, bytes)) = input.split_first() else { return };
    let (texts, rest) = short_way(bytes);
    // A part of it is read to the same texts as far as it goes, and never further than it reaches.
    let part = &bytes[..usize::from(cut).min(bytes.len())];
    let (some, _) = short_way(part);
    assert!(texts.starts_with(&some), "cut at {cut}");

    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX)).max_frame_size(Some(MESSAGE_BYTES_MAX));
    let mut library =
        WebSocket::from_partially_read(Cursor::new(Vec::new()), bytes.to_vec(), Role::Client, Some(config));
    for text in &texts {
        let read = loop {
            match library.read() {
                Ok(Message::Text(read)) => break read,
                Ok(Message::Ping(_)) => {}
                other => panic!("the library has {other:?} for {text:?}; {} bytes are left", rest.len()),
            }
        };
        assert_eq!(read.as_bytes(), text);
    }
});

/// The texts that the short way reads, and what it leaves.
fn short_way(bytes: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let (mut texts, mut rest) = (Vec::new(), bytes);
    loop {
        match front(rest, MESSAGE_BYTES_MAX) {
            Front::Whole(Kind::Texts, end) => {
                assert!(0 < end && end <= rest.len());
                let mut whole = &rest[..end];
                while let Some((text, after)) = split(whole) {
                    texts.push(text.to_vec());
                    whole = after;
                }
                assert!(whole.is_empty(), "split takes all that front found");
                rest = &rest[end..];
            }
            Front::Whole(Kind::Ping, end) => rest = &rest[end..],
            Front::Whole(Kind::Other, end) => {
                assert_eq!(end, 0, "what is the library's is left where it is");
                return (texts, rest);
            }
            Front::Needs(bytes) => {
                assert!(bytes > rest.len(), "more is asked for than there is");
                return (texts, rest);
            }
        }
    }
}
