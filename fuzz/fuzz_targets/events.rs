//! Server-sent events as the generator reads them: what is whole holds whole events, and taken apart gives the same however it is framed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::clients::transports::{
    event,
    inbox::Front,
    sse::{Kind, as_it_is, in_chunks},
};

fn messages(mut events: &[u8]) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| {
        let (message, after) = event::split(events)?;
        assert!(after.len() < events.len(), "it goes on");
        events = after;
        Some(message.to_vec())
    })
    .collect()
}

fuzz_target!(|bytes: &[u8]| {
    match as_it_is(bytes) {
        Ok(Front::Whole(kind, end)) => {
            assert!(kind == Kind::Events && bytes[..end].ends_with(b"\n\n"));
            assert!(matches!(as_it_is(&bytes[end..]), Ok(Front::Needs(_)) | Err(_)), "all that is whole was taken");
            // The same in a chunk, and in two that cut it anywhere.
            let half = end / 2;
            let (all, halves) = (chunk(&bytes[..end]), [chunk(&bytes[..half]), chunk(&bytes[half..end])].concat());
            assert!(matches!(in_chunks(&all), Ok(Front::Whole(Kind::Chunks, length)) if length == all.len()));
            assert!(matches!(in_chunks(&halves), Ok(Front::Whole(Kind::Chunks | Kind::Pieces, length)) if length > 0));
            messages(&bytes[..end]);
        }
        Ok(Front::Needs(more)) => assert!(more > bytes.len()),
        Err(_) => {}
    }
    match in_chunks(bytes) {
        Ok(Front::Whole(_, end)) => assert!(end <= bytes.len()),
        Ok(Front::Needs(more)) => assert!(more > bytes.len()),
        Err(_) => {}
    }
});

fn chunk(data: &[u8]) -> Vec<u8> {
    if data.is_empty() { Vec::new() } else { [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat() }
}
