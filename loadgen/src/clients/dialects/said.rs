//! What a client says: requests, steps of an opening, answers to heartbeats.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;

use super::{place::Place, template::Template};

/// What is taken out of an answer, by the names under which templates say it again.
pub type Take = BTreeMap<Box<str>, Place>;

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SaidText")]
pub struct Request {
    /// `GET`, `POST`.
    pub method: Method,
    /// Path and query.
    pub target: Template,
    /// Headers; one that names what is not known yet is left out.
    pub headers: BTreeMap<Box<str>, Template>,
    /// What it carries, if anything.
    pub body: Option<Template>,
}

/// What is said, by whichever way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// As a message.
    Message(Template),
    /// As a request.
    Request(Request),
}

/// A step of an opening: something is said, or comes by itself; and what must come back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SaidText")]
pub struct Step {
    /// What is said, if anything.
    pub said: Option<Said>,
    /// What the message or body must begin with that comes back; of a request without it, only the status counts.
    pub expect: Option<Box<str>>,
    /// What is taken out of it.
    pub take: Take,
}

/// A message by which the server asks whether somebody is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SaidText")]
pub struct Heartbeat {
    /// How it is known.
    pub on: Mark,
    /// What answers it.
    pub said: Said,
}

/// How a message is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// It is this.
    Whole(Box<str>),
    /// It holds this.
    Part(Box<str>),
}

impl Mark {
    /// Whether a message has it.
    pub fn is_on(&self, message: &[u8]) -> bool {
        match self {
            Self::Whole(text) => text.as_bytes() == message,
            Self::Part(text) => memchr::memmem::find(message, text.as_bytes()).is_some(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidText {
    get: Option<Template>,
    post: Option<Template>,
    say: Option<Template>,
    body: Option<Template>,
    #[serde(default)]
    headers: BTreeMap<Box<str>, Template>,
    on: Option<Box<str>>,
    on_part: Option<Box<str>>,
    expect: Option<Box<str>>,
    #[serde(default)]
    take: Take,
}

impl SaidText {
    fn said(&mut self) -> Result<Option<Said>, String> {
        let (body, headers) = (self.body.take(), std::mem::take(&mut self.headers));
        let (method, target) = match (self.get.take(), self.post.take(), self.say.take()) {
            (Some(target), None, None) => (Method::GET, target),
            (None, Some(target), None) => (Method::POST, target),
            (None, None, message) => {
                return if body.is_none() && headers.is_empty() {
                    Ok(message.map(Said::Message))
                } else {
                    Err("body and headers belong to a request: add get or post".to_owned())
                };
            }
            _ => return Err("say one of get, post and say".to_owned()),
        };
        if method == Method::GET && body.is_some() {
            return Err("a get has no body: use post".to_owned());
        }
        Ok(Some(Said::Request(Request { method, target, headers, body })))
    }

    /// Refuses keys that mean nothing here.
    fn only(&self, what: &str, mark: bool, answer: bool) -> Result<(), String> {
        let keys = [
            ("on", mark, self.on.is_some()),
            ("on_part", mark, self.on_part.is_some()),
            ("expect", answer, self.expect.is_some()),
            ("take", answer, !self.take.is_empty()),
        ];
        match keys.into_iter().find(|(_, allowed, given)| *given && !allowed) {
            Some((key, ..)) => Err(format!("{key} means nothing in {what}: leave it out")),
            None => Ok(()),
        }
    }
}

impl TryFrom<SaidText> for Request {
    type Error = String;

    fn try_from(mut text: SaidText) -> Result<Self, String> {
        text.only("a request", false, false)?;
        match text.said()? {
            Some(Said::Request(request)) => Ok(request),
            _ => Err("a request has get or post".to_owned()),
        }
    }
}

impl TryFrom<SaidText> for Step {
    type Error = String;

    fn try_from(mut text: SaidText) -> Result<Self, String> {
        text.only("a step", false, true)?;
        let said = text.said()?;
        match said {
            None if text.expect.is_none() => Err("a step says something (get, post, say), or has expect".to_owned()),
            Some(Said::Message(_)) if text.expect.is_none() && !text.take.is_empty() => {
                Err("take beside say, without expect: say what comes back, as in expect = \"{\"".to_owned())
            }
            said => Ok(Self { said, expect: text.expect, take: text.take }),
        }
    }
}

impl TryFrom<SaidText> for Heartbeat {
    type Error = String;

    fn try_from(mut text: SaidText) -> Result<Self, String> {
        text.only("a heartbeat", true, false)?;
        let said = text.said()?.ok_or("a heartbeat is answered by say or post")?;
        let on = match (text.on.take(), text.on_part.take()) {
            (Some(text), None) => Mark::Whole(text),
            (None, Some(text)) => Mark::Part(text),
            _ => return Err("a heartbeat has on (the whole message) or on_part (some of it)".to_owned()),
        };
        Ok(Self { on, said })
    }
}
