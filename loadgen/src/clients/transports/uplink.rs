//! A connection to post on, beside a client's own or without one: signals, updates that a client says, updates published by HTTP.

use std::collections::BTreeMap;

use http::Method;
use protocol::wire::{SEND_PATH, TOPIC_KEY};

use super::{
    ClientError, Payload, Request, Scratch, Stream,
    exchange::{Exchange, State},
    spoken::{Speaker, ask},
};
use crate::clients::dialects::{self, Template};

/// Who posts, and what each time.
#[derive(Debug)]
pub struct Voice {
    speaker: Speaker,
    said: dialects::Request,
}

impl Voice {
    /// Somebody who is no client.
    pub fn new(request: &Request, said: dialects::Request) -> Self {
        Self::of(Speaker::new(request), said)
    }

    pub(super) fn of(speaker: Speaker, said: dialects::Request) -> Self {
        Self { speaker, said }
    }

    /// A client of the own protocol, with its signals.
    pub(super) fn of_signals(request: &Request) -> Self {
        // The keys of every query are added to it.
        let topic = request.topic.map(|topic| format!("?{TOPIC_KEY}={topic}")).unwrap_or_default();
        let [target, body] = [format!("{SEND_PATH}{topic}"), "{data}".to_owned()].map(Template::from);
        Self::new(
            request,
            dialects::Request { method: Method::POST, target, headers: BTreeMap::new(), body: Some(body) },
        )
    }
}

/// A connection to post on.
#[derive(Debug)]
pub struct Uplink {
    exchange: Exchange,
    voice: Voice,
}

impl Uplink {
    /// Takes a connection, which will lie idle until there is something to say: the server need not keep it for so long.
    pub fn new(stream: Stream, voice: Voice) -> Self {
        Self { exchange: Exchange::new(stream, State::Kept), voice }
    }

    /// Posts that, and waits for what acknowledges it with a status of success.
    ///
    /// After [`ClientError::Ended`] the same is to be posted again once this is [reopened](Self::reopen). That a server takes it twice
    /// does no harm: its id or its stamp says that it is the same (RFC 9110, section 9.2.2).
    pub async fn post<'a>(&mut self, data: &[u8], scratch: &'a Scratch) -> Result<Payload<'a>, ClientError> {
        let Voice { speaker, said } = &mut self.voice;
        ask(&mut self.exchange, speaker, said, data, scratch).await
    }

    /// Goes on over another connection.
    pub fn reopen(&mut self, stream: Stream) {
        self.exchange.reopen(stream);
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, sync::Arc};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::{
        super::{Endpoint, script::*},
        *,
    };
    use crate::clients::socket::Socket;

    #[tokio::test]
    async fn signals_follow_each_other_on_one_connection_and_a_refusal_says_why() {
        let answers =
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\":1}\nHTTP/1.1 400 No\r\ncontent-length: 4\r\n\r\nbad\n";
        let script = scripted(move |_| cut(answers.as_bytes(), 7)).await;
        let (scratch, mut endpoint) = (Scratch::default(), Endpoint::of(([127, 0, 0, 1], 80).into()));
        (endpoint.base, endpoint.query) = ("/app".to_owned(), "&k=a%26b".to_owned());
        endpoint.headers.append(http::header::AUTHORIZATION, "Bearer t".parse().unwrap());
        let voice = Voice::of_signals(&Request { endpoint: endpoint.into(), ..script.request });
        let mut uplink = Uplink::new(script.stream, voice);
        let ack = uplink.post(b"one\r\n\r\n", &scratch).await.unwrap();
        assert_eq!(ack.messages().collect::<Vec<_>>(), [b"{\"id\":1}\n"]);
        drop(ack);
        let error = uplink.post(b"second", &scratch).await.unwrap_err();
        assert_eq!(error.to_string(), "status 400: bad");
        drop(uplink);
        let posted = |signal: &str| {
            let head =
                "POST /app/send?k=a%26b HTTP/1.1\r\nhost: 127.0.0.1:80\r\nauthorization: Bearer t\r\ncontent-length: ";
            format!("{head}{}\r\n\r\n{signal}", signal.len())
        };
        assert_eq!(String::from_utf8(script.heard.await.unwrap()).unwrap(), posted("second"));
    }

    /// Engine.IO's servers end a session whose posts overlap: a heartbeat is not answered while an update is being said.
    #[tokio::test]
    async fn what_a_client_says_and_what_it_answers_do_not_overlap() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let dial = async || {
            let socket = Socket::new(TcpStream::connect(server).await.unwrap(), None).unwrap();
            (Stream::new(socket, Arc::default()), listener.accept().await.unwrap().0)
        };
        let post: dialects::Request = toml::from_str("post = \"/p\"\nbody = \"{data}\"").unwrap();
        let mut speaker = Speaker::new(&Request::of_no_client(Endpoint::of(server).into()));
        let voice = Voice::of(speaker.clone(), post.clone());
        let ((says, mut hears), (answers, hears_answer)) = (dial().await, dial().await);
        let (mut uplink, mut exchange) = (Uplink::new(says, voice), Exchange::new(answers, State::Kept));
        let scratch = Scratch::default();
        tokio::join!(
            async { drop(uplink.post(b"[7]", &scratch).await.unwrap()) },
            async { drop(ask(&mut exchange, &mut speaker, &post, b"3", &scratch).await.unwrap()) },
            async {
                // Polled last: what the two would send at once, they have sent.
                hears.read_buf(&mut Vec::new()).await.unwrap();
                let hears_answer = hears_answer.into_std().unwrap();
                assert_eq!(hears_answer.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
                let mut hears_answer = TcpStream::from_std(hears_answer).unwrap();
                for connection in [&mut hears, &mut hears_answer] {
                    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                }
            }
        );
    }
}
