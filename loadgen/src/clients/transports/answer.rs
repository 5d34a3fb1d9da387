//! One answer, as it lies in what was read (RFC 9112).

use std::ops::Range;

use httparse::{EMPTY_HEADER, Header, Response, Status};
use protocol::wire::CURSOR_HEADER;

use super::{
    ClientError,
    chunks::{self, BODY_BYTES, BODY_BYTES_MAX},
    error::{retry_after_s, shown},
    head::values,
    inbox::Front,
    request::cursor,
};

/// A head longer than this is no answer of ours.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Room for the rest of a head that came in parts.
const HEAD_BYTES: usize = 1024;
/// Headers that there is room for at first: to make room costs instructions, and most answers have few.
const HEADERS: usize = 32;
/// Headers of an answer at most.
const HEADERS_MAX: usize = 256;

/// What an answer said.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Where the client stands, if it says so.
    pub cursor: Option<u64>,
    /// Where its body lies.
    pub body: Range<usize>,
    /// Whether it lies there in chunks.
    pub chunked: bool,
    /// Whether the connection ends with it.
    pub closes: bool,
}

impl Answer {
    /// An answer that was not asked for, as an error with what the server said.
    pub(super) fn refusal(&self, bytes: &[u8]) -> ClientError {
        let head = &bytes[..self.body.start];
        let location = values(head, "location").next();
        let body = match location.filter(|_| (300..400).contains(&self.status)) {
            // Followed, another server or path would be measured than was named.
            Some(location) => format!(
                "redirected to {}, and redirects are not followed: name what answers itself, in --server or in the dialect",
                String::from_utf8_lossy(location)
            ),
            None => String::from_utf8_lossy(&bytes[self.body.clone()]).trim().to_owned(),
        };
        ClientError::Status { status: self.status, body, retry_after_s: retry_after_s(head) }
    }
}

/// Finds a whole answer at the front.
pub fn front(bytes: &[u8]) -> Result<Front<Answer>, ClientError> {
    read::<HEADERS>(bytes, false)
}

/// Finds the last answer of a connection that has ended: it may have ended with it.
pub(super) fn last(bytes: &[u8]) -> Result<Front<Answer>, ClientError> {
    read::<HEADERS>(bytes, true)
}

/// Kept apart, for its room is not the common answer's.
#[cold]
#[inline(never)]
fn read_long(bytes: &[u8], ended: bool) -> Result<Front<Answer>, ClientError> {
    read::<HEADERS_MAX>(bytes, ended)
}

fn read<const HEADERS: usize>(bytes: &[u8], ended: bool) -> Result<Front<Answer>, ClientError> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut head = Response::new(&mut headers);
    match head.parse(bytes) {
        Ok(Status::Complete(head_bytes)) => framed(&head, head_bytes, bytes, ended),
        Err(httparse::Error::TooManyHeaders) if HEADERS < HEADERS_MAX => read_long(bytes, ended),
        other => Ok(Front::Needs(incomplete(other, bytes)?)),
    }
}

/// How much more of a head is needed, or why it is none.
fn incomplete(parsed: httparse::Result<usize>, bytes: &[u8]) -> Result<usize, ClientError> {
    match parsed {
        Ok(_) if bytes.len() <= HEAD_BYTES_MAX => Ok(bytes.len() + HEAD_BYTES),
        Ok(_) => {
            Err(ClientError::protocol(format!("a head of more than {} KiB that does not end", HEAD_BYTES_MAX >> 10)))
        }
        Err(httparse::Error::TooManyHeaders) => {
            Err(ClientError::protocol(format!("an answer of more than {HEADERS_MAX} headers")))
        }
        Err(error) => Err(ClientError::protocol(format!("{error}: `{}` is not how HTTP answers", shown(bytes)))),
    }
}

/// An answer whose body does not end.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its status code.
    pub(super) status: u16,
    /// Where the client stands, if it says so.
    pub(super) cursor: Option<u64>,
    /// Whether its body lies in chunks.
    pub(super) is_chunked: bool,
}

/// Finds the head of an answer at the front.
pub(super) fn begun(bytes: &[u8]) -> Result<Front<Begun>, ClientError> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut head = Response::new(&mut headers);
    match head.parse(bytes) {
        Ok(Status::Complete(head_bytes)) => {
            let Fields { cursor, chunked: is_chunked, .. } = Fields::of(&head)?;
            Ok(Front::Whole(Begun { status: head.code.unwrap_or_default(), cursor, is_chunked }, head_bytes))
        }
        other => Ok(Front::Needs(incomplete(other, bytes)?)),
    }
}

/// What the fields of a head say of the connection and of the body.
struct Fields<'a> {
    length: Option<&'a [u8]>,
    cursor: Option<u64>,
    chunked: bool,
    closes: bool,
}

impl<'a> Fields<'a> {
    fn of(head: &Response<'_, 'a>) -> Result<Self, ClientError> {
        let mut fields = Self { length: None, cursor: None, chunked: false, closes: head.version == Some(0) };
        for Header { name, value } in head.headers.iter() {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            match name.len() {
                14 if is("content-length") => fields.length = Some(*value),
                16 if is(CURSOR_HEADER) => fields.cursor = Some(cursor(Some(value))?),
                10 if is("connection") => {
                    fields.closes = lists(value, "close") || fields.closes && !lists(value, "keep-alive");
                }
                17 if is("transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") => fields.chunked = true,
                17 if is("transfer-encoding") => return Err(unread(name, value)),
                16 if is("content-encoding") && !value.eq_ignore_ascii_case(b"identity") => {
                    return Err(unread(name, value));
                }
                _ => {}
            }
        }
        Ok(fields)
    }
}

/// Where the body behind a head ends: section 6.3.
fn framed(head: &Response<'_, '_>, head_bytes: usize, bytes: &[u8], ended: bool) -> Result<Front<Answer>, ClientError> {
    let status = head.code.unwrap_or_default();
    let Fields { length, cursor: found, chunked, mut closes } = Fields::of(head)?;
    let body = &bytes[head_bytes..];
    let none = matches!(status, 100..200 | 204 | 304);
    let body_bytes = match length {
        _ if none => 0,
        _ if chunked => match chunks::split(body, |_| ())? {
            Front::Whole((), end) => end,
            Front::Needs(more) => return Ok(Front::Needs(head_bytes + more)),
        },
        Some(length) => std::str::from_utf8(length)
            .ok()
            .and_then(|length| length.parse::<usize>().ok())
            .filter(|length| *length <= BODY_BYTES_MAX)
            .ok_or_else(|| bad_length(length))?,
        None if body.len() > BODY_BYTES_MAX => return Err(chunks::endless()),
        None if !ended => return Ok(Front::Needs(bytes.len() + BODY_BYTES)),
        None => {
            closes = true;
            body.len()
        }
    };
    let end = head_bytes + body_bytes;
    Ok(if bytes.len() < end {
        Front::Needs(end)
    } else {
        Front::Whole(Answer { status, cursor: found, body: head_bytes..end, chunked: chunked && !none, closes }, end)
    })
}

/// Whether a list such as `Connection` has it.
fn lists(value: &[u8], option: &str) -> bool {
    value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
}

#[cold]
fn bad_length(length: &[u8]) -> ClientError {
    let (length, most) = (String::from_utf8_lossy(length), BODY_BYTES_MAX >> 20);
    ClientError::protocol(format!("content-length: {length}, which is no number of bytes up to {most} MiB"))
}

#[cold]
fn unread(name: &str, value: &[u8]) -> ClientError {
    ClientError::protocol(format!("an answer with {name}: {}, which nobody asked for", String::from_utf8_lossy(value)))
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
                while let Front::Whole(Answer { status, cursor, body, .. }, end) = front(&bytes).unwrap() {
                    answers.push((status, cursor, bytes[body].to_vec()));
                    bytes.drain(..end);
                }
            }
            assert_eq!(answers, [(200, None, b"a\nb\n".to_vec()), (204, Some(7), Vec::new())], "cut at {cut}");
        }
    }

    fn read(text: &str) -> Result<Answer, String> {
        match front(text.as_bytes()).map_err(|error| error.to_string())? {
            Front::Whole(answer, _) => Ok(answer),
            Front::Needs(_) => Err("needs more".to_owned()),
        }
    }

    #[test]
    fn an_answer_says_whether_the_connection_ends_with_it() {
        for (version, headers, closes) in [
            ("1.1", "", false),
            ("1.1", "Connection: Keep-Alive\r\n", false),
            ("1.1", "connection: Close\r\n", true),
            ("1.1", "Connection: foo, close\r\n", true),
            ("1.0", "", true),
            ("1.0", "connection: keep-alive\r\n", false),
        ] {
            let text = format!("HTTP/{version} 200 OK\r\n{headers}content-length: 0\r\n\r\n");
            assert_eq!(read(&text).unwrap().closes, closes, "{text}");
        }
    }

    #[test]
    fn an_answer_without_length_ends_with_its_connection() {
        let text = "HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(read(text), Err("needs more".to_owned()));
        let Front::Whole(answer, end) = last(text.as_bytes()).unwrap() else { panic!("whole, for it has ended") };
        assert_eq!((&text[answer.body], answer.closes, end), ("abc", true, text.len()));
        let cut = last(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc").unwrap();
        assert!(matches!(cut, Front::Needs(_)), "it said how long it would be");
    }

    #[test]
    fn an_answer_may_have_many_headers_and_none_without_end() {
        let with = |count: usize| read(&format!("HTTP/1.1 204 X\r\n{}\r\n", "x-more: y\r\n".repeat(count)));
        for count in [0, HEADERS, HEADERS + 1, HEADERS_MAX] {
            assert_eq!(with(count).map(|answer| answer.status), Ok(204), "{count} headers");
        }
        let error = with(HEADERS_MAX + 1).unwrap_err();
        assert_eq!(error, format!("protocol error: an answer of more than {HEADERS_MAX} headers"));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
            "HTTP/1.1 204 No Content\r\npushbench-cursor: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
        ] {
            assert!(read(text).is_err_and(|error| error.starts_with("protocol error: ")), "{text}");
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
