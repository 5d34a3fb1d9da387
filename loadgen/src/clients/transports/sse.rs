//! A client of server-sent events (HTML Standard, section 9.2): asks once, and reads events for as long as the answer goes on.

use std::{cell::Ref, io, ops::Range};

use protocol::wire::{EVENT_STREAM, SSE_PATH};
use tokio::io::AsyncWriteExt;

use super::{
    ClientError, Endpoint, Payload, Request, Scratch, Stream,
    answer::{self, Begun},
    chunks,
    exchange::Exchange,
    head::values,
    inbox::{Front, Inbox},
    request::cursor,
};

/// What ends an event, as this server writes it.
const END: &[u8] = b"\n\n";
/// Room for more of an event that has begun.
const MORE_BYTES: usize = 16 * 1024;
/// A longer event is none of ours.
const EVENT_BYTES_MAX: usize = protocol::update::PAYLOAD_BYTES_MAX as usize * 2;

/// A client, and the answer that it reads.
#[derive(Debug)]
pub struct Client {
    inbox: Inbox,
    is_chunked: bool,
}

/// What lies at the front of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole events.
    Events,
    /// Chunks, each of whole events.
    Chunks,
    /// Chunks that hold whole events together.
    Pieces,
    /// What ends it.
    End,
}

impl Client {
    /// The head of the answer says where the stream stands, and proves that the server is there.
    pub(super) async fn open(
        mut stream: Stream,
        request: &mut Request,
        scratch: &Scratch,
    ) -> Result<(Self, u64), ClientError> {
        let (Endpoint { base, .. }, query) = (&*request.endpoint, request.query());
        let query = match request.after {
            Some(after) => format!("?after={after}{query}"),
            None => query.replacen('&', "?", 1),
        };
        let asked =
            format!("GET {base}{SSE_PATH}{query} HTTP/1.1\r\n{}accept: {EVENT_STREAM}\r\n\r\n", request.lines());
        stream.write_all(asked.as_bytes()).await?;
        let mut inbox = Inbox::new(stream, Vec::new());
        let begun = |bytes: &[u8]| {
            Ok(match answer::begun(bytes)? {
                Front::Whole(begun, _) if begun.status != 200 => Front::Whole(None, 0),
                Front::Whole(begun, end) => Front::Whole(Some(begun), end),
                Front::Needs(bytes) => Front::Needs(bytes),
            })
        };
        match inbox.take(scratch, begun).await? {
            Some((Some(Begun { cursor: found, is_chunked, .. }), head)) => {
                let is_events = |value: &[u8]| value.to_ascii_lowercase().starts_with(EVENT_STREAM.as_bytes());
                if !values(&head, "content-type").any(is_events) {
                    return Err(ClientError::protocol(format!("an answer to {SSE_PATH} that is no {EVENT_STREAM}")));
                }
                request.keep_cookies(values(&head, "set-cookie"));
                let cursor = found.map_or_else(|| cursor(None), Ok)?;
                Ok((Self { inbox, is_chunked }, cursor))
            }
            Some((None, nothing)) => {
                drop(nothing);
                let (stream, rest) = inbox.into_parts();
                let mut exchange = Exchange::answered(stream, rest);
                let (answer, bytes) = exchange.answer(scratch).await?;
                Err(answer.refusal(&bytes))
            }
            None => Err(ClientError::Closed(String::new())),
        }
    }

    /// A payload that holds nothing is a comment: a sign of life. Dropping the future loses nothing.
    pub(super) async fn next<'a>(&mut self, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        let front = if self.is_chunked { in_chunks } else { as_it_is };
        match self.inbox.take(scratch, front).await? {
            Some((Kind::Events, bytes)) => Ok(Payload::events(bytes)),
            Some((Kind::Chunks, bytes)) => Ok(Payload::chunks(bytes)),
            Some((Kind::Pieces, bytes)) => joined(bytes, scratch),
            Some((Kind::End, _)) => Err(ClientError::Closed(String::new())),
            None if self.inbox.rest().is_empty() => Err(ClientError::Closed(String::new())),
            None => Err(ClientError::Closed(" in the middle of an event".to_owned())),
        }
    }

    pub(super) fn acknowledge(&self) -> io::Result<()> {
        self.inbox.stream_ref().acknowledge()
    }
}

/// As many whole events as there are, in a body that ends with its connection.
pub fn as_it_is(bytes: &[u8]) -> Result<Front<Kind>, ClientError> {
    match memchr::memmem::rfind(bytes, END) {
        Some(last) => Ok(Front::Whole(Kind::Events, last + END.len())),
        None => more(bytes, 0),
    }
}

/// The same in a body of chunks.
pub fn in_chunks(bytes: &[u8]) -> Result<Front<Kind>, ClientError> {
    let (mut at, mut found, mut kind) = (0, 0, Kind::Chunks);
    // The last bytes so far: an event's end may be cut in two.
    let mut last = [0; END.len()];
    loop {
        match chunks::first(&bytes[at..])? {
            Front::Whole(Some(Range { start, end }), length) => {
                let data = &bytes[at + start..at + end];
                let kept = data.len().min(last.len());
                last.rotate_left(kept);
                let room = last.len() - kept;
                last[room..].copy_from_slice(&data[data.len() - kept..]);
                at += length;
                match (&kind, last == END) {
                    (Kind::Chunks, true) => found = at,
                    (Kind::Chunks, false) if found > 0 => return Ok(Front::Whole(kind, found)),
                    (_, true) => return Ok(Front::Whole(kind, at)),
                    (_, false) => kind = Kind::Pieces,
                }
            }
            Front::Whole(None, length) if found == 0 => return Ok(Front::Whole(Kind::End, at + length)),
            Front::Needs(least) if found == 0 => return more(bytes, at + least),
            _ => return Ok(Front::Whole(Kind::Chunks, found)),
        }
    }
}

fn more(bytes: &[u8], least: usize) -> Result<Front<Kind>, ClientError> {
    if bytes.len() > EVENT_BYTES_MAX {
        return Err(ClientError::protocol(format!(
            "an event of more than {} MiB that does not end",
            EVENT_BYTES_MAX >> 20
        )));
    }
    Ok(Front::Needs(least.max(bytes.len() + MORE_BYTES)))
}

fn joined<'a>(pieces: Ref<'_, [u8]>, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
    let (mut whole, mut at) = (Vec::new(), 0);
    while let Some(Front::Whole(Some(range), length)) = pieces.get(at..).map(chunks::first).transpose()? {
        whole.extend_from_slice(&pieces[at..][range]);
        at += length;
    }
    drop(pieces);
    Ok(Payload::events(scratch.lend(&whole)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::script::*, *};

    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\npushbench-cursor: 7\r\n";

    fn event(seq: u64) -> String {
        format!("data: line {seq}\nid: {seq}\n\n")
    }

    fn chunk(data: &str) -> String {
        format!("{:x}\r\n{data}\r\n", data.len())
    }

    /// What a client is given of this body, cut so, and how it ends.
    async fn read(fields: &str, body: &str, part_bytes: usize) -> (Vec<String>, String) {
        let answer = format!("{HEAD}{fields}\r\n{body}");
        let mut script = scripted(move |_| cut(answer.as_bytes(), part_bytes)).await;
        let scratch = Scratch::default();
        let (mut client, cursor) = Client::open(script.stream, &mut script.request, &scratch).await.unwrap();
        assert_eq!(cursor, 7);
        let mut messages = Vec::new();
        loop {
            match client.next(&scratch).await {
                Ok(payload) => {
                    messages.extend(payload.messages().map(|text| String::from_utf8(text.to_vec()).unwrap()));
                }
                Err(error) => return (messages, error.to_string()),
            }
        }
    }

    #[tokio::test]
    async fn events_are_read_however_the_body_is_framed_and_cut() {
        let events: Vec<String> = (8..11).map(event).collect();
        let all = events.concat();
        let middle = all.len() / 2;
        for (fields, body) in [
            ("", format!(":\n\n{all}:\n\n")),
            (
                "transfer-encoding: chunked\r\n",
                events.iter().map(|event| chunk(event)).collect::<String>() + "0\r\n\r\n",
            ),
            ("transfer-encoding: chunked\r\n", chunk(":\n\n") + &chunk(&all)),
            // As what lies between may cut them.
            ("transfer-encoding: chunked\r\n", chunk(&all[..middle]) + &chunk(&all[middle..])),
            ("transfer-encoding: chunked\r\n", chunk(&all[..all.len() - 1]) + &chunk("\n") + "0\r\n\r\n"),
        ] {
            for part_bytes in [1, 7, 1_000] {
                let read = read(fields, &body, part_bytes).await;
                let expected = ["line 8", "line 9", "line 10"].map(str::to_owned).to_vec();
                assert_eq!(read, (expected, "closed by the server".to_owned()), "{body} in parts of {part_bytes}");
            }
        }
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_says_where() {
        for (fields, body) in
            [("", event(8) + "data: "), ("transfer-encoding: chunked\r\n", chunk(&event(8)) + "9\r\ndata")]
        {
            let (messages, error) = read(fields, &body, 1_000).await;
            assert_eq!((messages.len(), &*error), (1, "closed by the server in the middle of an event"), "{body}");
        }
    }

    #[tokio::test]
    async fn a_client_that_comes_back_says_what_it_had_and_a_refusal_says_why() {
        let body = r#"{"error":"cursor_expired"}"#;
        let gone = format!("HTTP/1.1 410 Gone\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut script = scripted(move |asked| {
            assert!(asked.starts_with("GET /sse?after=3 HTTP/1.1\r\nhost: "), "{asked}");
            assert!(asked.ends_with("\r\naccept: text/event-stream\r\n\r\n"), "{asked}");
            cut(gone.as_bytes(), 10)
        })
        .await;
        script.request.after = Some(3);
        let refused = Client::open(script.stream, &mut script.request, &Scratch::default()).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("status 410: {body}"));
    }

    #[tokio::test]
    async fn what_is_no_stream_of_events_is_none() {
        for (answer, sentence) in [
            ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\npushbench-cursor: 1\r\n\r\n", "no text/event-stream"),
            ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", "no pushbench-cursor header"),
        ] {
            let mut script = scripted(move |_| cut(answer.as_bytes(), 1_000)).await;
            let error = Client::open(script.stream, &mut script.request, &Scratch::default()).await.unwrap_err();
            assert!(error.to_string().contains(sentence), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (as_it_is(&bytes).is_ok(), in_chunks(&bytes).is_ok());
        }

        #[test]
        fn chunks_of_whole_events_are_taken_together_and_nothing_behind_them(
            events in proptest::collection::vec("[a-z]{1,9}", 1..9),
            begun in "[a-z]{0,9}",
        ) {
            let whole: String = events.iter().map(|data| chunk(&format!("data: {data}\n\n"))).collect();
            let bytes = format!("{whole}{}", if begun.is_empty() { String::new() } else { chunk(&begun) });
            let Front::Whole(kind, end) = in_chunks(bytes.as_bytes()).unwrap() else { panic!("{bytes}") };
            prop_assert_eq!((kind, end), (Kind::Chunks, whole.len()));
        }
    }
}
