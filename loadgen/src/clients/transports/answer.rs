//! One answer to a poll, as it lies in what was read.

use std::ops::Range;

use protocol::wire::CURSOR_HEADER;

use super::{ClientError, inbox::Front, request::cursor};

/// A head longer than this is no answer of ours.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A body longer than this is no answer of ours: a batch is bounded, and so is an update.
const BODY_BYTES_MAX: usize = 128 << 20;
/// Room for the rest of a head that came in parts.
const HEAD_BYTES: usize = 1024;

/// What an answer said.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Where the client stands, if it says so.
    pub cursor: Option<u64>,
    /// Where its body lies.
    pub body: Range<usize>,
}

/// Finds a whole answer at the front.
pub fn front(bytes: &[u8]) -> Result<Front<Answer>, ClientError> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let protocol = |error: String| ClientError::Protocol(error);
    let httparse::Status::Complete(head_bytes) = head.parse(bytes).map_err(|error| protocol(error.to_string()))? else {
        return match bytes.len() {
            ..=HEAD_BYTES_MAX => Ok(Front::Needs(bytes.len() + HEAD_BYTES)),
            _ => Err(protocol("endless head".to_owned())),
        };
    };
    let header = |name: &str| head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let status = head.code.unwrap_or_default();
    let cursor = header(CURSOR_HEADER).map(|header| cursor(Some(header.value))).transpose()?;
    let body_bytes = match header("content-length") {
        _ if status == 204 => 0,
        Some(length) => std::str::from_utf8(length.value)
            .ok()
            .and_then(|length| length.parse::<usize>().ok())
            .filter(|length| *length <= BODY_BYTES_MAX)
            .ok_or_else(|| protocol("bad content-length".to_owned()))?,
        None => return Err(protocol("an answer without content-length".to_owned())),
    };
    let body = head_bytes..head_bytes + body_bytes;
    Ok(if bytes.len() < body.end {
        Front::Needs(body.end)
    } else {
        Front::Whole(Answer { status, cursor, body: body.clone() }, body.end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: &str =
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\nb\nHTTP/1.1 204 No Content\r\npushbench-cursor: 7\r\n\r\n";

    #[test]
    fn answers_are_taken_one_by_one_however_they_are_cut() {
        for cut in 0..TWO.len() {
            let (mut bytes, mut answers) = (Vec::new(), Vec::new());
            for part in [&TWO[..cut], &TWO[cut..]] {
                bytes.extend_from_slice(part.as_bytes());
                while let Front::Whole(Answer { status, cursor, body }, end) = front(&bytes).unwrap() {
                    answers.push((status, cursor, bytes[body].to_vec()));
                    bytes.drain(..end);
                }
            }
            assert_eq!(answers, [(200, None, b"a\nb\n".to_vec()), (204, Some(7), Vec::new())], "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
            "HTTP/1.1 204 No Content\r\npushbench-cursor: x\r\n\r\n",
        ] {
            assert!(front(text.as_bytes()).is_err(), "{text}");
        }
        let endless = "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(HEAD_BYTES_MAX);
        assert!(front(endless.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = front(&bytes);
        }
    }
}
