//! Requests and answers on a connection, for as long as the server keeps it (RFC 9112, section 9).

use std::{cell::Ref, io::ErrorKind};

use tokio::io::AsyncWriteExt;

use super::{
    ClientError, Scratch, Stream,
    answer::{self, Answer},
    chunks,
    inbox::{Front, Inbox},
};

/// A connection that carries one request at a time.
#[derive(Debug)]
pub(super) struct Exchange {
    inbox: Inbox,
    state: State,
    /// The last request; the next is written over it.
    pub(super) request: Vec<u8>,
}

/// What may become of the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The connection was opened for it: if it ends instead of being answered on, something is wrong.
    Fresh,
    /// The connection was kept, as long as the server liked. That may be over, and nobody could tell before.
    Kept,
    /// The server has said that there will be none.
    Over,
}

type Found<'a> = Option<(Answer, Ref<'a, [u8]>)>;

impl Exchange {
    pub(super) fn new(stream: Stream, state: State) -> Self {
        Self { inbox: Inbox::new(stream, Vec::new()), state, request: Vec::new() }
    }

    /// A connection on which something was asked, and the beginning of what answers it.
    pub(super) fn answered(stream: Stream, begun: Vec<u8>) -> Self {
        Self { inbox: Inbox::new(stream, begun), state: State::Fresh, request: Vec::new() }
    }

    /// Takes another connection in place of one that has ended.
    pub(super) fn reopen(&mut self, stream: Stream) {
        (self.inbox, self.state) = (Inbox::new(stream, Vec::new()), State::Fresh);
    }

    /// Sends the request, and waits for what answers it. [`ClientError::Ended`] if the server did not keep the connection:
    /// then the same is to be asked on another.
    pub(super) async fn ask<'a>(&mut self, scratch: &'a Scratch) -> Result<(Answer, Ref<'a, [u8]>), ClientError> {
        if self.state == State::Over {
            return Err(ClientError::Ended);
        }
        match self.inbox.stream().write_all(&self.request).await {
            Ok(()) => self.answer(scratch).await,
            Err(error) => Box::pin(self.uncommon(Err(error.into()), scratch)).await,
        }
    }

    /// Waits for what answers a request.
    pub(super) async fn answer<'a>(&mut self, scratch: &'a Scratch) -> Result<(Answer, Ref<'a, [u8]>), ClientError> {
        match self.inbox.take(scratch, answer::front).await {
            Ok(Some((answer @ Answer { status: 200 | 204, chunked: false, closes: false, .. }, bytes))) => {
                self.state = State::Kept;
                Ok((answer, bytes))
            }
            // Boxed: its room would else be part of every client, all the time.
            found => Box::pin(self.uncommon(found, scratch)).await,
        }
    }

    /// What else HTTP allows a server to say. Sections are of RFC 9110.
    async fn uncommon<'a>(
        &mut self,
        mut found: Result<Found<'a>, ClientError>,
        scratch: &'a Scratch,
    ) -> Result<(Answer, Ref<'a, [u8]>), ClientError> {
        // Not the answer yet (section 15.2). To switch protocols would be one.
        while let Ok(Some((Answer { status: 100 | 102..200, .. }, _))) = found {
            drop(found);
            found = self.inbox.take(scratch, answer::front).await;
        }
        let (answer, bytes) = match found {
            Ok(Some(found)) => found,
            Ok(None) => self.last(scratch)?,
            Err(ClientError::Socket(error)) if self.state == State::Kept && self.is_gone(error.kind()) => {
                return Err(ClientError::Ended);
            }
            Err(error) => return Err(error),
        };
        if answer.status == 408 && self.state == State::Kept {
            // Said of an idle connection, before what was asked came there (section 15.5.9).
            return Err(ClientError::Ended);
        }
        self.state = if answer.closes { State::Over } else { State::Kept };
        Ok(if answer.chunked { joined(answer, bytes, scratch)? } else { (answer, bytes) })
    }

    /// The connection has ended: after what answers, or before.
    fn last<'a>(&mut self, scratch: &'a Scratch) -> Result<(Answer, Ref<'a, [u8]>), ClientError> {
        match self.inbox.rest() {
            [] if self.state == State::Kept => Err(ClientError::Ended),
            [] => Err(ClientError::Closed(String::new())),
            rest => match answer::last(rest)? {
                Front::Whole(answer, end) => Ok((answer, scratch.lend(&rest[..end]))),
                Front::Needs(_) => Err(ClientError::Closed(" in the middle of an answer".to_owned())),
            },
        }
    }

    fn is_gone(&self, kind: ErrorKind) -> bool {
        use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
        // The last is TLS's word for a connection that ends without its farewell.
        self.inbox.rest().is_empty()
            && matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
    }
}

/// Puts the chunks of a body together, behind the head.
fn joined<'a>(
    mut answer: Answer,
    bytes: Ref<'_, [u8]>,
    scratch: &'a Scratch,
) -> Result<(Answer, Ref<'a, [u8]>), ClientError> {
    let mut whole = bytes[..answer.body.start].to_vec();
    chunks::split(&bytes[answer.body.clone()], |part| whole.extend_from_slice(part))?;
    drop(bytes);
    answer.body.end = whole.len();
    Ok((answer, scratch.lend(&whole)))
}

#[cfg(test)]
mod tests {
    use super::{super::script::*, *};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
    const PLAIN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";

    async fn exchange(answering: &Answering, state: State) -> Exchange {
        let mut exchange = Exchange::new(answering.dial().await, state);
        exchange.request = REQUEST.to_vec();
        exchange
    }

    /// The body that the next request is answered.
    async fn asked(exchange: &mut Exchange, scratch: &Scratch) -> Result<String, ClientError> {
        let (answer, bytes) = exchange.ask(scratch).await?;
        match answer.status {
            200 => Ok(String::from_utf8(bytes[answer.body].to_vec()).unwrap()),
            _ => Err(answer.refusal(&bytes)),
        }
    }

    fn heard(requests: usize) -> Vec<u8> {
        [REQUEST, b"|"].concat().repeat(requests)
    }

    #[tokio::test]
    async fn nothing_is_asked_on_a_connection_that_the_server_said_it_would_end() {
        for last in [
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nbody",
            "HTTP/1.0 200 OK\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\n\r\nbody",
        ] {
            let first = vec![PLAIN.to_owned(), last.to_owned()];
            let answering = Answering::start(vec![(first, End::Orderly), (vec![PLAIN.to_owned()], End::Orderly)]).await;
            let (scratch, mut exchange) = (Scratch::default(), exchange(&answering, State::Fresh).await);
            for _ in 0..2 {
                assert_eq!(asked(&mut exchange, &scratch).await.unwrap(), "body", "{last}");
            }
            assert!(matches!(asked(&mut exchange, &scratch).await, Err(ClientError::Ended)), "{last}");
            exchange.reopen(answering.dial().await);
            assert_eq!(asked(&mut exchange, &scratch).await.unwrap(), "body");
            drop(exchange);
            assert_eq!(answering.heard.await.unwrap(), [heard(2), heard(1)], "{last}");
        }
    }

    #[tokio::test]
    async fn what_a_connection_that_was_kept_did_not_answer_is_to_be_asked_again_once() {
        let farewell = format!("{PLAIN}HTTP/1.0 408 Request Time-out\r\nconnection: close\r\n\r\n");
        for (answers, end) in [
            (vec![PLAIN.to_owned()], End::Orderly),
            (vec![PLAIN.to_owned()], End::Reset),
            (vec![farewell], End::Orderly),
        ] {
            let connections = vec![(answers.clone(), end), (vec![PLAIN.to_owned()], end), (vec![], end)];
            let answering = Answering::start(connections).await;
            let (scratch, mut exchange) = (Scratch::default(), exchange(&answering, State::Fresh).await);
            for _ in 0..2 {
                assert_eq!(asked(&mut exchange, &scratch).await.unwrap(), "body", "{answers:?}");
                let ended = asked(&mut exchange, &scratch).await;
                assert!(matches!(ended, Err(ClientError::Ended)), "{ended:?} after {answers:?}, {end:?}");
                exchange.reopen(answering.dial().await);
            }
            let error = asked(&mut exchange, &scratch).await.unwrap_err();
            assert!(matches!(error, ClientError::Closed(_) | ClientError::Socket(_)), "{error:?}: once, and no more");
        }
    }

    #[tokio::test]
    async fn a_connection_that_lay_idle_before_its_first_request_may_have_ended_too() {
        let answering = Answering::start(vec![(vec![], End::Orderly), (vec![PLAIN.to_owned()], End::Orderly)]).await;
        let (scratch, mut exchange) = (Scratch::default(), exchange(&answering, State::Kept).await);
        assert!(matches!(asked(&mut exchange, &scratch).await, Err(ClientError::Ended)));
        exchange.reopen(answering.dial().await);
        assert_eq!(asked(&mut exchange, &scratch).await.unwrap(), "body");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_an_error() {
        for cut in
            ["HTTP/1.1 2", &PLAIN[..PLAIN.len() - 1], "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbo"]
        {
            let answering = Answering::start(vec![(vec![PLAIN.to_owned(), cut.to_owned()], End::Orderly)]).await;
            let (scratch, mut exchange) = (Scratch::default(), exchange(&answering, State::Fresh).await);
            assert_eq!(asked(&mut exchange, &scratch).await.unwrap(), "body");
            let error = asked(&mut exchange, &scratch).await.unwrap_err();
            assert_eq!(error.to_string(), "closed by the server in the middle of an answer", "{cut}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_read_however_http_lets_it_be_said_and_however_it_is_cut() {
        let many = "x-more: y\r\n".repeat(40);
        for answer in [
            PLAIN.to_owned(),
            format!("HTTP/1.1 200 OK\r\n{many}content-length: 4\r\n\r\nbody"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nbo\r\n2\r\ndy\r\n0\r\nx: y\r\n\r\n"
                .to_owned(),
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nbody".to_owned(),
            format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n{PLAIN}"),
            "HTTP/1.1 200 OK\r\n\r\nbody".to_owned(),
        ] {
            for part_bytes in [1, 7, 1_000] {
                let sent = answer.clone();
                let script = scripted(move |_| cut(sent.as_bytes(), part_bytes)).await;
                let mut exchange = Exchange::new(script.stream, State::Fresh);
                exchange.request = REQUEST.to_vec();
                let body = asked(&mut exchange, &Scratch::default()).await;
                assert_eq!(body.unwrap(), "body", "{answer} in parts of {part_bytes}");
            }
        }
    }

    #[tokio::test]
    async fn a_redirect_is_refused_with_where_it_leads_and_any_refusal_with_its_body() {
        for (answer, sentence) in [
            (
                "HTTP/1.1 307 X\r\nlocation: /real/poll\r\ncontent-length: 0\r\n\r\n",
                "status 307: redirected to /real/poll, and redirects are not followed: name what answers itself, in --server or in the dialect",
            ),
            ("HTTP/1.1 503 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfull\n\r\n0\r\n\r\n", "status 503: full"),
        ] {
            let answering = Answering::start(vec![(vec![answer.to_owned()], End::Orderly)]).await;
            let mut exchange = exchange(&answering, State::Fresh).await;
            assert_eq!(asked(&mut exchange, &Scratch::default()).await.unwrap_err().to_string(), sentence);
        }
    }

    #[tokio::test]
    async fn a_body_without_end_is_refused_once_all_clients_hold_too_much() {
        for head in ["transfer-encoding: chunked\r\n\r\nffffff\r\n", "content-length: 99999999\r\n\r\n", "\r\n"] {
            let script = scripted(move |_| {
                let begins = format!("HTTP/1.1 200 OK\r\n{head}").into_bytes();
                std::iter::once(begins).chain(std::iter::repeat_n(vec![b'y'; 1 << 20], 5)).collect()
            })
            .await;
            let (scratch, mut exchange) = (Scratch::of(4 << 20), Exchange::new(script.stream, State::Fresh));
            exchange.request = REQUEST.to_vec();
            let error = asked(&mut exchange, &scratch).await.unwrap_err().to_string();
            assert!(error.contains("MiB of it have come, and no end"), "{error}");
        }
    }
}
