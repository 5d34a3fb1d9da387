//! HTTP/1.1 by hand: what is sent is what a test wrote, and answers are read to the last byte and no further.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde::de::DeserializeOwned;

use crate::program::DEADLINE;

/// A connection. Reading from it fails after [`DEADLINE`].
pub(crate) struct Connection(BufReader<Box<dyn Stream>>);

/// What a connection is made of: TCP, or TLS over it.
pub(crate) trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One request on a connection of its own.
pub(crate) fn get(address: SocketAddr, target: &str) -> Answer {
    Connection::open(address).get(target)
}

/// A request without a body.
pub(crate) fn request(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nhost: test\r\n\r\n")
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self::of(stream)
    }

    pub(crate) fn of(stream: impl Stream + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(request("GET", target));
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = self.take(length);
        answer
    }

    /// The head of an answer that has no body, whatever its headers say.
    pub(crate) fn head(&mut self) -> Answer {
        let status_line = self.line();
        let status = status_line.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("not HTTP: {status_line:?}"));
        let status = status[..3].parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "", "a header or the end of the head");
                return Answer { status, headers, body: Vec::new() };
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let mut taken = vec![0; bytes];
        self.0.read_exact(&mut taken).unwrap();
        taken
    }

    /// Waits until the server has closed the connection, which must say nothing more before.
    pub(crate) fn closed(&mut self) {
        match self.0.read(&mut [0; 64]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("neither closed nor reset: {other:?}"),
        }
    }

    /// What has come, at least a byte; nothing once the server has closed the connection.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        let some = self.0.fill_buf().unwrap().to_vec();
        self.0.consume(some.len());
        some
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("cut off: {line:?}")).to_owned()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body, which must say that it is JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The cursor that a `101` or `204` carries.
    pub(crate) fn cursor(&self) -> u64 {
        self.header(protocol::wire::CURSOR_HEADER).expect("a cursor").parse().unwrap()
    }
}
