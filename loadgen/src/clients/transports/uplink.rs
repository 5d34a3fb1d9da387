//! The way up beside long polling: signals posted on a connection of their own, for the other is taken by a poll.

use std::{cell::Ref, io::Write};

use protocol::wire::SEND_PATH;
use tokio::io::AsyncWriteExt;

use super::{
    ClientError, Payload, Request, Scratch, Stream,
    answer::{self, Answer},
    inbox::Inbox,
    long_poll::unexpected,
};

/// A kept-alive connection to post on.
#[derive(Debug)]
pub struct Uplink {
    inbox: Inbox,
    /// The last request; the next is written over it.
    request: Vec<u8>,
    /// What every request begins with.
    head: Box<str>,
}

impl Uplink {
    /// Takes a connection.
    pub fn new(stream: Stream, request: &Request) -> Self {
        let token = request.token().replacen('&', "?", 1);
        let head = format!("POST {SEND_PATH}{token} HTTP/1.1\r\nhost: {}\r\ncontent-length: ", request.server);
        Self { inbox: Inbox::new(stream, Vec::new()), request: Vec::new(), head: head.into() }
    }

    /// Posts a signal, and waits for what acknowledges it.
    pub async fn signal<'a>(&mut self, signal: String, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        self.request.clear();
        write!(self.request, "{}{}\r\n\r\n{signal}", self.head, signal.len())?;
        self.inbox.stream().write_all(&self.request).await?;
        let answered = self.inbox.take(scratch, answer::front).await?;
        match answered.ok_or_else(|| ClientError::Closed(String::new()))? {
            (Answer { status: 200, body, .. }, bytes) => Ok(Payload::lines(Ref::map(bytes, |bytes| &bytes[body]))),
            (answer, bytes) => Err(unexpected(&answer, &bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::script::*, *};

    #[tokio::test]
    async fn signals_follow_each_other_on_one_connection_and_a_refusal_says_why() {
        let answers =
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\":1}\nHTTP/1.1 400 No\r\ncontent-length: 4\r\n\r\nbad\n";
        let script = scripted(move |_| cut(answers.as_bytes(), 7)).await;
        let (scratch, host) = (Scratch::default(), script.request.server);
        let mut uplink = Uplink::new(script.stream, &Request { token: Some("a&b".into()), ..script.request });
        let ack = uplink.signal("one\r\n\r\n".to_owned(), &scratch).await.unwrap();
        assert_eq!(ack.messages().collect::<Vec<_>>(), [b"{\"id\":1}\n"]);
        drop(ack);
        let error = uplink.signal("second".to_owned(), &scratch).await.unwrap_err();
        assert_eq!(error.to_string(), "status 400: bad");
        drop(uplink);
        let posted = |signal: &str| {
            let head = format!("POST /send?token=a%26b HTTP/1.1\r\nhost: {host}\r\ncontent-length: ");
            format!("{head}{}\r\n\r\n{signal}", signal.len())
        };
        assert_eq!(String::from_utf8(script.heard.await.unwrap()).unwrap(), posted("second"));
    }
}
