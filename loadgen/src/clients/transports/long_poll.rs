//! A long-polling client: asks, waits for the answer, and asks again at once, on the same connection if the server keeps it.

use std::{cell::Ref, io::Write, time::Duration};

use protocol::wire::POLL_PATH;

use super::{
    ClientError, Endpoint, Payload, Request, Scratch, Stream,
    answer::Answer,
    exchange::{Exchange, State},
    head::values,
    request::cursor,
};

/// A client, and its connection of the moment.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    /// What stands before the cursor in every request, and what follows it.
    around: [Box<str>; 2],
    /// What follows it once a client that came back has its first answer.
    then: Option<Box<str>>,
}

impl Client {
    /// The first poll asks not to be held: its answer says where the stream stands, and proves that the server is there: the
    /// kernel completes connections also for a server that is stopped. That of a client that goes on asks for what it lacks,
    /// which is for [`Self::next`] to bring.
    pub(super) async fn open(
        stream: Stream,
        request: &mut Request,
        scratch: &Scratch,
    ) -> Result<(Self, u64), ClientError> {
        let mut client = Self { exchange: Exchange::new(stream, State::Fresh), around: around(request), then: None };
        if let Some(after) = request.after {
            let [_, tail] = &mut client.around;
            client.then = Some(std::mem::replace(tail, tail_of(request, Duration::ZERO)));
            return Ok((client, after));
        }
        let (Endpoint { base, .. }, query) = (&*request.endpoint, request.query());
        write!(client.exchange.request, "GET {base}{POLL_PATH}?wait_ms=0{query} HTTP/1.1\r\n{}\r\n", request.lines())?;
        match client.exchange.ask(scratch).await? {
            (Answer { status: 204, cursor: Some(cursor), body, .. }, bytes) => {
                request.keep_cookies(values(&bytes[..body.start], "set-cookie"));
                client.around = around(request);
                Ok((client, cursor))
            }
            (Answer { status: 204, cursor: None, .. }, _) => Err(cursor(None).expect_err("no header, no cursor")),
            (answer, bytes) => Err(answer.refusal(&bytes)),
        }
    }

    pub(super) async fn next<'a>(&mut self, cursor: u64, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        // Put together by hand: this is done for every update, and formatting costs as much as taking the update apart.
        let request = &mut self.exchange.request;
        request.clear();
        let [head, tail] = &self.around;
        for part in [head, itoa::Buffer::new().format(cursor), tail] {
            request.extend_from_slice(part.as_bytes());
        }
        match self.exchange.ask(scratch).await? {
            (Answer { status: 200 | 204, body, .. }, bytes) => {
                if let Some(tail) = self.then.take() {
                    self.around[1] = tail;
                }
                Ok(Payload::lines(Ref::map(bytes, |bytes| &bytes[body])))
            }
            (answer, bytes) => Err(answer.refusal(&bytes)),
        }
    }

    /// Whether the server has answered it.
    pub(super) fn is_answered(&self) -> bool {
        self.then.is_none()
    }

    pub(super) fn reopen(&mut self, stream: Stream) {
        self.exchange.reopen(stream);
    }
}

/// What stands before the cursor in every poll, and what follows it.
fn around(request: &Request) -> [Box<str>; 2] {
    let base = &request.endpoint.base;
    [format!("GET {base}{POLL_PATH}?after=").into(), tail_of(request, request.poll_wait)]
}

fn tail_of(request: &Request, wait: Duration) -> Box<str> {
    let (query, lines) = (request.query(), request.lines());
    format!("&wait_ms={}{query} HTTP/1.1\r\n{lines}\r\n", wait.as_millis()).into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use tokio::task::JoinHandle;

    use super::{super::script::*, *};

    #[tokio::test]
    async fn an_answer_comes_whole_however_it_is_cut() {
        for (body_bytes, part_bytes) in [(1, 1), (200, 30), (300_000, 1_000), (300_000, 1 << 20)] {
            let body = "y".repeat(body_bytes);
            let answers = format!(
                "HTTP/1.1 204 No Content\r\nset-cookie: a=1; Secure\r\npushbench-cursor: 7\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {body_bytes}\r\n\r\n{body}"
            );
            let sent = answers.len() as u64;
            let mut script = scripted(move |_| cut(answers.as_bytes(), part_bytes)).await;
            let scratch = Scratch::default();
            let (mut client, cursor) = Client::open(script.stream, &mut script.request, &scratch).await.unwrap();
            assert_eq!(cursor, 7);
            let payload = client.next(cursor, &scratch).await.unwrap();
            assert_eq!(payload.messages().collect::<Vec<_>>(), [body.as_bytes()]);
            drop(payload);
            assert!(matches!(client.next(8, &scratch).await, Err(ClientError::Ended)));
            drop(client);
            assert_eq!(script.tally.bytes_in.load(Relaxed), sent);
            let host = script.request.endpoint.host.clone();
            let asked = |after| {
                format!("GET /poll?after={after}&wait_ms=20000 HTTP/1.1\r\nhost: {host}\r\ncookie: a=1\r\n\r\n")
            };
            assert_eq!(String::from_utf8(script.heard.await.unwrap()).unwrap(), asked(7) + &asked(8));
        }
    }

    /// A client that has everything up to 7 comes back, and is given these answers.
    async fn back(answers: &'static str) -> (Client, JoinHandle<Vec<u8>>) {
        let mut script = scripted(move |asked| {
            assert!(asked.starts_with("GET /poll?after=7&wait_ms=0 HTTP/1.1\r\n"), "{asked}");
            cut(answers.as_bytes(), 1_000)
        })
        .await;
        script.request.after = Some(7);
        let opened = Client::open(script.stream, &mut script.request, &Scratch::default()).await;
        let (client, cursor) = opened.unwrap();
        assert_eq!(cursor, 7);
        assert!(!client.is_answered(), "that it is connected is the kernel's doing");
        (client, script.heard)
    }

    #[tokio::test]
    async fn a_client_that_comes_back_is_answered_before_it_is_held() {
        for (answers, updates) in [
            ("HTTP/1.1 204 No Content\r\npushbench-cursor: 7\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny", 0),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nx\nxHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny", 2),
        ] {
            let ((mut client, heard), scratch) = (back(answers).await, Scratch::default());
            let first = client.next(7, &scratch).await.unwrap();
            let lines: usize = first.messages().map(|lines| lines.split(|byte| *byte == b'\n').count()).sum();
            assert_eq!(lines, updates, "{answers}");
            drop(first);
            assert!(client.is_answered());
            let next = client.next(7 + updates as u64, &scratch).await.unwrap();
            assert_eq!(next.messages().collect::<Vec<_>>(), [b"y"]);
            drop((next, client));
            let heard = String::from_utf8(heard.await.unwrap()).unwrap();
            let parked = format!("GET /poll?after={}&wait_ms=20000 HTTP/1.1\r\n", 7 + updates);
            assert!(heard.starts_with(&parked), "{heard}");
        }
    }

    #[tokio::test]
    async fn a_client_that_comes_back_too_late_is_not_answered() {
        let gone = "HTTP/1.1 410 Gone\r\ncontent-length: 26\r\n\r\n{\"error\":\"cursor_expired\"}";
        let ((mut client, _), scratch) = (back(gone).await, Scratch::default());
        let refused = client.next(7, &scratch).await;
        assert!(matches!(refused, Err(ClientError::Status { status: 410, .. })), "{refused:?}");
        assert!(!client.is_answered());
    }
}
