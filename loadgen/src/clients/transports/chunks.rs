//! A body in chunks (RFC 9112, section 7.1).

use std::ops::Range;

use httparse::{EMPTY_HEADER, Status};

use super::{ClientError, inbox::Front};

/// A body longer than this is no answer of ours: a batch is bounded, and so is an update.
pub(super) const BODY_BYTES_MAX: usize = 128 << 20;
/// Room for more of a body that has not said how long it is.
pub(super) const BODY_BYTES: usize = 16 * 1024;
/// A body of more chunks is none of ours: each time that more of it comes, all are gone through.
const CHUNKS_MAX: usize = 100_000;
/// Lines that may follow the last chunk.
const TRAILERS_MAX: usize = 32;
const LENGTHLESS: &str = "a chunk that does not say how long it is";

#[cold]
pub(super) fn endless() -> ClientError {
    ClientError::protocol(format!("a body of more than {} MiB that does not end", BODY_BYTES_MAX >> 20))
}

/// Where the data of the first chunk lies, and how long the chunk is; without data the last one, whose trailers follow.
pub(super) fn first(bytes: &[u8]) -> Result<Front<Option<Range<usize>>>, ClientError> {
    match httparse::parse_chunk_size(bytes) {
        // The library takes no digits for none.
        Ok(Status::Complete((_, 0))) if bytes[0] != b'0' => Err(ClientError::protocol(LENGTHLESS)),
        Ok(Status::Complete((start, 0))) => Ok(Front::Whole(None, start)),
        Ok(Status::Complete((start, size))) => {
            let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
            match bytes.get(end..end.saturating_add(2)) {
                Some(b"\r\n") => Ok(Front::Whole(Some(start..end), end + 2)),
                Some(_) => Err(ClientError::protocol("a chunk that is longer than it says")),
                None => Ok(Front::Needs(end.saturating_add(2))),
            }
        }
        Ok(Status::Partial) => Ok(Front::Needs(0)),
        Err(_) => Err(ClientError::protocol(LENGTHLESS)),
    }
}

/// Hands on what each chunk at the front holds; whole once the last has come, and what trails it.
pub(super) fn split(bytes: &[u8], mut part: impl FnMut(&[u8])) -> Result<Front<()>, ClientError> {
    let (mut at, mut chunks) = (0_usize, 0);
    let needs = |least: usize| {
        let fits = bytes.len() <= BODY_BYTES_MAX && least <= BODY_BYTES_MAX;
        // More than that, or small chunks would be read one by one.
        if fits { Ok(Front::Needs(least.max(bytes.len() + BODY_BYTES))) } else { Err(endless()) }
    };
    loop {
        match first(&bytes[at..])? {
            Front::Whole(Some(range), length) => {
                part(&bytes[at..][range]);
                at += length;
            }
            Front::Whole(None, length) => {
                at += length;
                break;
            }
            Front::Needs(least) => return needs(at.saturating_add(least)),
        }
        chunks += 1;
        if chunks > CHUNKS_MAX {
            return Err(ClientError::protocol(format!("a body of more than {CHUNKS_MAX} chunks")));
        }
    }
    match httparse::parse_headers(&bytes[at..], &mut [EMPTY_HEADER; TRAILERS_MAX]) {
        Ok(Status::Complete((trailers, _))) => Ok(Front::Whole((), at + trailers)),
        Ok(Status::Partial) => needs(0),
        Err(error) => Err(ClientError::protocol(format!("trailers: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(bytes: &[u8]) -> Result<(Vec<u8>, usize), String> {
        let mut body = Vec::new();
        match split(bytes, |part| body.extend_from_slice(part)).map_err(|error| error.to_string())? {
            Front::Whole((), end) => Ok((body, end)),
            Front::Needs(more) => Err(format!("{} more", (more > bytes.len()).then_some("some").unwrap())),
        }
    }

    #[test]
    fn extensions_and_trailers_are_passed_over_and_what_follows_is_left() {
        let body = "4;name=\"a\"\r\nWiki\r\n00C \r\npedia in\r\n\r\n\r\n0\r\nExpires: never\r\n\r\n";
        let sent = format!("{body}HTTP/1.1");
        assert_eq!(taken(sent.as_bytes()), Ok((b"Wikipedia in\r\n\r\n".to_vec(), body.len())));
        for cut in 0..body.len() {
            assert_eq!(taken(&body.as_bytes()[..cut]), Err("some more".to_owned()), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_an_error() {
        let endless = "1\r\na\r\n".repeat(CHUNKS_MAX + 1);
        for bytes in
            [&*endless, "x\r\n", "\r\n", "1\r\nabc\r\n", "FFFFFFFFFFFFFFFF\r\na", "0FFFFFFFF\r\n", "0\r\n:\r\n\r\n"]
        {
            assert!(taken(bytes.as_bytes()).is_err_and(|error| error.starts_with("protocol error: ")), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_come_out_as_they_went_in(parts in proptest::collection::vec("\\PC{1,40}", 0..6)) {
            let chunks: Vec<_> = parts.iter().map(|part| format!("{:x}\r\n{part}\r\n", part.len())).collect();
            let sent = chunks.concat() + "0\r\n\r\n";
            prop_assert_eq!(taken(sent.as_bytes()), Ok((parts.concat().into_bytes(), sent.len())));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = split(&bytes, |_| ());
        }
    }
}
