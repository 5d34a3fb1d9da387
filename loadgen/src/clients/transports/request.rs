//! How to talk to the server: where things are there, and what every request says.

use std::{
    fmt::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue, Request as HttpRequest,
    header::{COOKIE, SEC_WEBSOCKET_PROTOCOL},
};
use protocol::wire::{CURSOR_HEADER, TOPIC_KEY};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::ClientError;
use crate::clients::dialects::Dialect;

/// A server as it was named, and what every request to it says.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// What `Host` says.
    pub host: String,
    /// The path before those of the protocol, such as `/app`; empty for none.
    pub base: String,
    /// Further keys of every query, each with `&` before it.
    pub query: String,
    /// Further headers.
    pub headers: HeaderMap,
    /// How a server of others is spoken to; none for the own protocol.
    pub dialect: Option<Arc<Dialect>>,
}

impl Endpoint {
    /// A server that is known by its address alone.
    pub fn of(server: SocketAddr) -> Self {
        Self { host: server.to_string(), ..Self::default() }
    }
}

/// How to talk to the server.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where things are there.
    pub endpoint: Arc<Endpoint>,
    /// Who asks, as a number among all clients.
    pub number: u32,
    /// The topic that is asked for, where topics have names.
    pub topic: Option<u32>,
    /// How long a poll asks to be held.
    pub poll_wait: Duration,
    /// After which update to go on; from now on without.
    pub after: Option<u64>,
    /// The cookies that the server set when the client first came: by them some know it again, or where to lead it.
    pub cookies: Option<Arc<str>>,
    /// What the answers to its polls brought for the next to say: a client that comes back goes on there.
    pub told: Told,
}

/// Values by their names.
pub type Told = Arc<Mutex<Vec<(Box<str>, Box<[u8]>)>>>;

impl Request {
    /// That of somebody who is no client.
    pub fn of_no_client(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            number: 0,
            topic: None,
            poll_wait: Duration::ZERO,
            after: None,
            cookies: None,
            told: Arc::default(),
        }
    }

    /// What every query of the client's says besides, each key with `&` before it.
    pub(super) fn query(&self) -> String {
        let topic = self.topic.map(|topic| format!("&{TOPIC_KEY}={topic}")).unwrap_or_default();
        topic + &self.endpoint.query
    }

    /// The headers of a request by hand, all but what follows from its body.
    pub(super) fn lines(&self) -> String {
        let Endpoint { host, headers, .. } = &*self.endpoint;
        let mut lines = format!("host: {host}\r\n");
        for (name, value) in headers.iter().filter(|(name, _)| *name != SEC_WEBSOCKET_PROTOCOL) {
            let _ = write!(lines, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
        }
        if let Some(cookies) = &self.cookies {
            let _ = write!(lines, "{COOKIE}: {cookies}\r\n");
        }
        lines
    }

    /// Keeps the cookies of an answer's head, if it sets any. Everything is asked of one server, by paths of its own, within
    /// minutes: what a cookie says of where and how long it holds is not gone into.
    pub(super) fn keep_cookies<'a>(&mut self, set: impl Iterator<Item = &'a [u8]>) {
        let pair = |set: &'a [u8]| Some(String::from_utf8_lossy(set.split(|byte| *byte == b';').next()?.trim_ascii()));
        let mut pairs: Vec<_> = set.filter_map(pair).collect();
        if !pairs.is_empty() {
            let name = |pair: &str| pair.split('=').next().map(str::to_owned);
            let set_anew = |kept: &&str| pairs.iter().any(|pair| name(pair) == name(kept));
            let kept = self.cookies.iter().flat_map(|cookies| cookies.split("; "));
            let kept: Vec<_> = kept.filter(|kept| !set_anew(kept)).map(|kept| kept.to_owned().into()).collect();
            pairs.splice(0..0, kept);
            self.cookies = Some(pairs.join("; ").into());
        }
    }

    /// An opening handshake (RFC 6455, section 4.1) for that path and query. A subprotocol that the endpoint names takes the place of the one given.
    pub(super) fn handshake(&self, target: &str, subprotocol: Option<&str>) -> Result<HttpRequest<()>, ClientError> {
        let Endpoint { host, base, headers, .. } = &*self.endpoint;
        let query = self.query();
        let query = if target.contains('?') { query } else { query.replacen('&', "?", 1) };
        let root = if base.is_empty() && !target.starts_with('/') { "/" } else { "" };
        let mut handshake = format!("ws://{host}{base}{root}{target}{query}").into_client_request()?;
        for (name, value) in headers {
            handshake.headers_mut().append(name, value.clone());
        }
        let asked = subprotocol.filter(|_| !headers.contains_key(SEC_WEBSOCKET_PROTOCOL));
        for (name, text) in [(COOKIE, self.cookies.as_deref()), (SEC_WEBSOCKET_PROTOCOL, asked)] {
            if let Some(Ok(value)) = text.map(HeaderValue::from_str) {
                handshake.headers_mut().append(name, value);
            }
        }
        Ok(handshake)
    }
}

/// Reads a cursor header's value.
pub(super) fn cursor(value: Option<&[u8]>) -> Result<u64, ClientError> {
    value
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
        .ok_or_else(|| ClientError::Protocol(format!("no {CURSOR_HEADER} header")))
}

#[cfg(test)]
mod tests {
    use super::{super::head::values, *};

    #[test]
    fn every_request_says_what_the_server_is_known_by() {
        let headers = [("authorization", "Bearer t"), ("origin", "https://a"), ("sec-websocket-protocol", "one, two")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let endpoint = Endpoint {
            host: "push.example:81".to_owned(),
            base: "/app".to_owned(),
            query: "&k=v".to_owned(),
            headers: headers.into_iter().collect(),
            dialect: None,
        };
        let mut request = Request::of_no_client(endpoint.into());
        assert_eq!(
            request.lines(),
            "host: push.example:81\r\nauthorization: Bearer t\r\norigin: https://a\r\n",
            "a poll has no subprotocol"
        );
        let handshake = request.handshake("/ws?after=7", Some("three")).unwrap();
        assert_eq!(handshake.uri().path_and_query().unwrap(), "/app/ws?after=7&k=v");
        for (name, value) in [
            ("host", "push.example:81"),
            ("authorization", "Bearer t"),
            ("origin", "https://a"),
            ("sec-websocket-protocol", "one, two"),
            ("sec-websocket-version", "13"),
        ] {
            assert_eq!(handshake.headers().get_all(name).iter().collect::<Vec<_>>(), [value]);
        }
        request.keep_cookies(values(
            b"HTTP/1.1 204\r\nSet-Cookie: a=1; Path=/\r\nx: y\r\nset-cookie:b=2\r\n\r\n",
            "set-cookie",
        ));
        request.keep_cookies(values(b"HTTP/1.1 204\r\nx-set-cookie: c=3\r\n\r\n", "set-cookie"));
        assert!(request.lines().ends_with("\r\ncookie: a=1; b=2\r\n"), "{}", request.lines());
        assert_eq!(request.handshake("/ws", None).unwrap().headers()[COOKIE], "a=1; b=2");
        request.keep_cookies(values(b"HTTP/1.1 200\r\nset-cookie: a=3\r\n\r\n", "set-cookie"));
        assert_eq!(request.cookies.as_deref(), Some("b=2; a=3"), "one that is set anew takes the place of what it was");
    }
}
