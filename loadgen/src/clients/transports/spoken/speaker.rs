//! What a client knows that templates name, and what it says, put together from that.

use std::sync::{Arc, PoisonError};

use http::Method;
use rand::{RngExt, distr::Alphanumeric};
use tokio::sync::Mutex;

use crate::clients::{
    dialects::{self, CLIENT, COUNT, DATA, RANDOM, Take, Template},
    transports::{ClientError, Endpoint, Request, Told},
};

/// Letters and digits of `{random}`: enough that no two clients draw the same.
const RANDOM_LETTERS: usize = 12;

/// What one client says to a server of others. A clone of it is the same client on another connection.
#[derive(Debug, Clone)]
pub(in crate::clients::transports) struct Speaker {
    endpoint: Arc<Endpoint>,
    /// The lines of every head.
    lines: Box<str>,
    /// What is known by name.
    values: Vec<(Box<str>, Box<[u8]>)>,
    /// How many requests and messages it has put together.
    count: u64,
    /// Held while something beside a poll is asked, on whichever connection.
    asking: Arc<Mutex<()>>,
    /// What the answers to its polls brought.
    told: Told,
}

impl Speaker {
    /// A client that knows its number and what every request says.
    pub(in crate::clients::transports) fn new(request: &Request) -> Self {
        let random = rand::rng().sample_iter(Alphanumeric).take(RANDOM_LETTERS).map(|byte| byte.to_ascii_lowercase());
        let client = request.number.to_string().into_bytes().into_boxed_slice();
        let values = vec![(CLIENT.into(), client), (RANDOM.into(), random.collect())];
        Self {
            endpoint: Arc::clone(&request.endpoint),
            lines: request.lines().into(),
            values,
            count: 0,
            asking: Arc::default(),
            told: Arc::clone(&request.told),
        }
    }

    /// What every request of it says from now on.
    pub(super) fn says_of_itself(&mut self, request: &Request) {
        self.lines = request.lines().into();
    }

    /// What is held while something is asked.
    pub(super) fn asking(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.asking)
    }

    /// Takes from an answer or a message what is to be said later; what does not stand there stays as it was.
    pub(super) fn take(&mut self, take: &Take, head: &[u8], body: &[u8]) {
        for (name, place) in take {
            let Some(value) = place.read(head, body) else { continue };
            match self.values.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => self.values.push((name.clone(), value)),
            }
        }
    }

    /// Keeps what is taken from answers to polls, for when the client comes back.
    pub(super) fn keep(&self, take: &Take) {
        let taken = self.values.iter().filter(|(name, _)| take.contains_key(name)).cloned();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = taken.collect();
    }

    /// Goes on where its polls were, whatever an opening said since: that is where one begins who was never here.
    pub(super) fn goes_on(&mut self) {
        for (name, value) in &*self.told.lock().unwrap_or_else(PoisonError::into_inner) {
            self.values.retain(|(known, _)| known != name);
            self.values.push((name.clone(), value.clone()));
        }
    }

    /// The first of what was to be taken that is not known.
    pub(super) fn lacks<'a>(&self, take: &'a Take) -> Option<&'a str> {
        take.keys().map(|name| &**name).find(|name| self.values.iter().all(|(known, _)| &**known != *name))
    }

    /// A message with that update in it, or the path of an upgrade.
    pub(super) fn text(&mut self, template: &Template, data: &[u8]) -> Result<String, ClientError> {
        self.count += 1;
        let mut text = Vec::new();
        self.fill_in(template, data, &mut text)?;
        String::from_utf8(text)
            .map_err(|_| ClientError::protocol("what the server said and is to be told again is no text"))
    }

    /// Writes a request over another, with that update in it.
    pub(super) fn request(
        &mut self,
        said: &dialects::Request,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ClientError> {
        self.count += 1;
        out.clear();
        for part in [said.method.as_str(), " ", &self.endpoint.base] {
            out.extend_from_slice(part.as_bytes());
        }
        let target = out.len();
        self.fill_in(&said.target, data, out)?;
        one_word(&out[target..])?;
        if out[target..].is_empty() && self.endpoint.base.is_empty() {
            out.push(b'/');
        }
        if let Some(query) = self.endpoint.query.strip_prefix('&') {
            out.push(if out[target..].contains(&b'?') { b'&' } else { b'?' });
            out.extend_from_slice(query.as_bytes());
        }
        out.extend_from_slice(b" HTTP/1.1\r\n");
        out.extend_from_slice(self.lines.as_bytes());
        for (name, value) in &said.headers {
            let line = out.len();
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            if self.fill(value, data, out) {
                one_line(&out[line..])?;
                out.extend_from_slice(b"\r\n");
            } else {
                out.truncate(line);
            }
        }
        let mut body = Vec::new();
        said.body.iter().try_for_each(|template| self.fill_in(template, data, &mut body))?;
        if said.method != Method::GET {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.append(&mut body);
        Ok(())
    }

    fn fill_in(&self, template: &Template, data: &[u8], out: &mut Vec<u8>) -> Result<(), ClientError> {
        if self.fill(template, data, out) {
            Ok(())
        } else {
            // What is named was checked; that it came was, too.
            Err(ClientError::protocol("the server has not said what is to be told again"))
        }
    }

    fn fill(&self, template: &Template, data: &[u8], out: &mut Vec<u8>) -> bool {
        let mut digits = itoa::Buffer::new();
        let count = digits.format(self.count).as_bytes();
        let value_of = |name: &str| match name {
            DATA => Some(data),
            COUNT => Some(count),
            _ => self.values.iter().find(|(known, _)| &**known == name).map(|(_, value)| &**value),
        };
        template.fill(value_of, out)
    }
}

/// Refuses a path and query that would end in the middle: what is filled in comes from a server.
fn one_word(target: &[u8]) -> Result<(), ClientError> {
    unless(target, |byte| byte <= b' ', "a path, for there is white space in it")
}

/// The same of a header.
fn one_line(header: &[u8]) -> Result<(), ClientError> {
    unless(header, |byte| matches!(byte, b'\r' | b'\n' | 0), "a header, for there is a line break in it")
}

fn unless(text: &[u8], is_bad: impl Fn(u8) -> bool, what: &str) -> Result<(), ClientError> {
    if !text.iter().copied().any(is_bad) {
        return Ok(());
    }
    let text = text.escape_ascii();
    Err(ClientError::protocol(format!("`{text}` cannot be said as {what}: look what the dialect takes where")))
}
