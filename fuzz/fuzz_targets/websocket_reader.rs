//! The short way of plain messages and pings in the generator's WebSocket client, against the library that reads the rest: the
//! same messages, in the same order, however the bytes are cut.
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
    let (messages, rest) = short_way(bytes);
    // A part of it is read to the same texts as far as it goes, and never further than it reaches.
    let part = &bytes[..usize::from(cut).min(bytes.len())];
    let (some, _) = short_way(part);
    assert!(messages.starts_with(&some), "cut at {cut}");

    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX)).max_frame_size(Some(MESSAGE_BYTES_MAX));
    let mut library =
        WebSocket::from_partially_read(Cursor::new(Vec::new()), bytes.to_vec(), Role::Client, Some(config));
    for message in &messages {
        let read = loop {
            match library.read() {
                Ok(read @ (Message::Text(_) | Message::Binary(_))) => break read.into_data(),
                Ok(Message::Ping(_)) => {}
                other => panic!("the library has {other:?} for {message:?}; {} bytes are left", rest.len()),
            }
        };
        assert_eq!(read, message);
    }
});

/// The messages that the short way reads, and what it leaves.
fn short_way(bytes: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let (mut messages, mut rest) = (Vec::new(), bytes);
    loop {
        match front(rest, MESSAGE_BYTES_MAX) {
            Front::Whole(Kind::Messages, end) => {
                assert!(0 < end && end <= rest.len());
                let mut whole = &rest[..end];
                while let Some((message, after)) = split(whole) {
                    messages.push(message.to_vec());
                    whole = after;
                }
                assert!(whole.is_empty(), "split takes all that front found");
                rest = &rest[end..];
            }
            Front::Whole(Kind::Ping, end) => rest = &rest[end..],
            Front::Whole(Kind::Other, end) => {
                assert_eq!(end, 0, "what is the library's is left where it is");
                return (messages, rest);
            }
            Front::Needs(bytes) => {
                assert!(bytes > rest.len(), "more is asked for than there is");
                return (messages, rest);
            }
        }
    }
}
