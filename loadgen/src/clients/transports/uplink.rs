//! The way up beside long polling: signals posted on a connection of their own, for the other is taken by a poll.

use std::{cell::Ref, io::Write};

use protocol::wire::SEND_PATH;

use super::{
    ClientError, Endpoint, Payload, Request, Scratch, Stream,
    answer::Answer,
    exchange::{Exchange, State},
};

/// A connection to post on.
#[derive(Debug)]
pub struct Uplink {
    exchange: Exchange,
    /// What every request begins with.
    head: Box<str>,
}

impl Uplink {
    /// Takes a connection, which will lie idle until there is a signal: the server need not keep it for so long.
    pub fn new(stream: Stream, request: &Request) -> Self {
        let Endpoint { base, query, .. } = &*request.endpoint;
        let query = query.replacen('&', "?", 1);
        let head = format!("POST {base}{SEND_PATH}{query} HTTP/1.1\r\n{}content-length: ", request.lines());
        Self { exchange: Exchange::new(stream, State::Kept), head: head.into() }
    }

    /// Posts a signal, and waits for what acknowledges it.
    ///
    /// After [`ClientError::Ended`] the same signal is to be posted again once this is [reopened](Self::reopen). That a
    /// server takes it twice does no harm: its id says that it is the same (RFC 9110, section 9.2.2).
    pub async fn signal<'a>(&mut self, signal: &str, scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        self.exchange.request.clear();
        write!(self.exchange.request, "{}{}\r\n\r\n{signal}", self.head, signal.len())?;
        match self.exchange.ask(scratch).await? {
            (Answer { status: 200, body, .. }, bytes) => Ok(Payload::lines(Ref::map(bytes, |bytes| &bytes[body]))),
            (answer, bytes) => Err(answer.refusal(&bytes)),
        }
    }

    /// Goes on over another connection.
    pub fn reopen(&mut self, stream: Stream) {
        self.exchange.reopen(stream);
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
        let (scratch, mut endpoint) = (Scratch::default(), Endpoint::of(([127, 0, 0, 1], 80).into()));
        (endpoint.base, endpoint.query) = ("/app".to_owned(), "&k=a%26b".to_owned());
        endpoint.headers.append(http::header::AUTHORIZATION, "Bearer t".parse().unwrap());
        let mut uplink = Uplink::new(script.stream, &Request { endpoint: endpoint.into(), ..script.request });
        let ack = uplink.signal("one\r\n\r\n", &scratch).await.unwrap();
        assert_eq!(ack.messages().collect::<Vec<_>>(), [b"{\"id\":1}\n"]);
        drop(ack);
        let error = uplink.signal("second", &scratch).await.unwrap_err();
        assert_eq!(error.to_string(), "status 400: bad");
        drop(uplink);
        let posted = |signal: &str| {
            let head =
                "POST /app/send?k=a%26b HTTP/1.1\r\nhost: 127.0.0.1:80\r\nauthorization: Bearer t\r\ncontent-length: ";
            format!("{head}{}\r\n\r\n{signal}", signal.len())
        };
        assert_eq!(String::from_utf8(script.heard.await.unwrap()).unwrap(), posted("second"));
    }
}
