//! The HTTP face of the server: paths, queries, headers, error bodies, and how updates lie in a body.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::update::{MalformedUpdate, Update};

/// WebSocket upgrade: one update a text frame.
pub const WS_PATH: &str = "/ws";
/// Server-sent events: one update an event, whose `id` is its `seq`.
pub const SSE_PATH: &str = "/sse";
/// Long poll: updates as lines.
pub const POLL_PATH: &str = "/poll";
/// A client's signal, by `POST`: see [`crate::signal`].
pub const SEND_PATH: &str = "/send";
/// WebSocket upgrade: every message comes back, for conformance suites.
pub const ECHO_PATH: &str = "/echo";
/// Prometheus text.
pub const METRICS_PATH: &str = "/metrics";
/// Liveness, as a [`Health`].
pub const HEALTH_PATH: &str = "/healthz";

/// The WebSocket subprotocol (RFC 6455, section 1.9) that is chosen where a client offers it: what this module describes.
pub const SUBPROTOCOL: &str = "pushbench.v1";

/// Content type of an answered poll.
pub const NDJSON: &str = "application/x-ndjson";
/// Content type of server-sent events (HTML Standard, section 9.2.2).
pub const EVENT_STREAM: &str = "text/event-stream";
/// The `id` of the last event that a client had, by which a browser goes on after a lost connection (HTML Standard, section 9.2.4).
pub const LAST_EVENT_ID: &str = "last-event-id";
/// Where the client stands, on `101`, `204` and the beginning of events: the update after which to resume.
///
/// Without it a client that has seen no update yet could not say from where its next request goes on, and
/// what is published between two requests would be skipped in silence.
pub const CURSOR_HEADER: &str = "pushbench-cursor";

/// The key of a query that shows the server's token, where it asks for one and no `Authorization` can be sent.
pub const TOKEN_KEY: &str = "token";
/// Bytes of a client's name at most.
pub const USER_BYTES_MAX: usize = 64;
/// The key of a query that names a topic.
pub const TOPIC_KEY: &str = "topic";
/// The longest name of a topic.
pub const TOPIC_BYTES_MAX: usize = 64;

/// How long the server holds a poll for which nothing comes, unless told otherwise.
pub const POLL_TIMEOUT_MS_DEFAULT: u64 = 25_000;
/// The longest `wait_ms`: ten minutes.
pub const WAIT_MS_MAX: u64 = 600_000;

/// The query of `GET /ws`, `GET /poll` and `GET /sse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamQuery {
    /// The cursor: everything after this `seq`; without it, the next update from now on.
    pub after: Option<u64>,
    /// How long a poll may be parked; the server's own timeout bounds it.
    pub wait_ms: Option<u64>,
    /// What the client calls itself, for the server's log.
    pub user: Option<String>,
    /// The topic whose updates are wanted; those of the stream that has no name without one.
    pub topic: Option<String>,
}

impl StreamQuery {
    /// Reads a query string, `None` or empty for no query.
    ///
    /// Unknown and repeated keys are refused: a mistyped `after` would skip updates in silence. The token was seen to
    /// before, and is passed over; so is a key that begins with `_`, by which pages keep caches from answering.
    pub fn parse(query: Option<&str>) -> Result<Self, Refusal> {
        let mut parsed = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let (place, max) = match &*key {
                "after" => (&mut parsed.after, u64::MAX),
                "wait_ms" => (&mut parsed.wait_ms, WAIT_MS_MAX),
                "user" => {
                    name(&mut parsed.user, "user", USER_BYTES_MAX, value)?;
                    continue;
                }
                TOPIC_KEY => {
                    name(&mut parsed.topic, TOPIC_KEY, TOPIC_BYTES_MAX, value)?;
                    continue;
                }
                TOKEN_KEY => continue,
                _ if key.starts_with('_') => continue,
                _ => {
                    let message =
                        format!("unknown key `{key}`: there are after, wait_ms, user, {TOPIC_KEY}, {TOKEN_KEY}");
                    return Err(Refusal::bad_query(message));
                }
            };
            let number = value.parse().ok().filter(|number| *number <= max);
            let number = number
                .ok_or_else(|| Refusal::bad_query(format!("{key}={value}: must be a whole number from 0 to {max}")))?;
            if place.replace(number).is_some() {
                return Err(Refusal::bad_query(format!("{key} is given twice")));
            }
        }
        Ok(parsed)
    }
}

/// Takes a name, which may be given once.
fn name(place: &mut Option<String>, key: &str, bytes_max: usize, value: Cow<'_, str>) -> Result<(), Refusal> {
    let fits = (1..=bytes_max).contains(&value.len()) && !value.chars().any(char::is_control);
    if !fits || place.replace(value.into_owned()).is_some() {
        return Err(Refusal::bad_query(format!("{key} must be given once, as 1 to {bytes_max} bytes of plain text")));
    }
    Ok(())
}

impl StreamQuery {
    /// The same for a client that says which event it had last: that is newer than what its address says, which a browser asks for again
    /// and again.
    pub fn resumed(self, last_event_id: Option<&[u8]>) -> Result<Self, Refusal> {
        let Some(id) = last_event_id else { return Ok(self) };
        let seq = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
        let seq = seq.ok_or_else(|| {
            Refusal::bad_query(format!(
                "{LAST_EVENT_ID}: {}: must be the id of an event, a whole number",
                String::from_utf8_lossy(id)
            ))
        })?;
        Ok(Self { after: Some(seq), ..self })
    }
}

/// The token that a query shows.
pub fn shown_token(query: &str) -> Option<Cow<'_, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == TOKEN_KEY).map(|(_, token)| token)
}

/// The JSON body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum Refusal {
    /// `410`: the cursor lies outside the ring, so something would be skipped.
    CursorExpired {
        /// The oldest update still held (the next one, if none is).
        oldest: u64,
        /// The newest update published so far, 0 before the first.
        newest: u64,
    },
    /// `400`: the query cannot be read.
    BadQuery {
        /// What is wrong with it.
        message: String,
    },
    /// `400` or `426`: not an acceptable opening handshake (RFC 6455, section 4.2.1).
    BadHandshake {
        /// What is wrong with it.
        message: String,
    },
    /// `400`: the body is no signal.
    BadSignal {
        /// What is wrong with it.
        message: String,
    },
    /// `400`: what a slider asks for is out of its bounds.
    BadSetting {
        /// What is wrong with it.
        message: String,
    },
    /// `408`: the body took too long to arrive.
    BodyTooSlow {
        /// The bound that was met.
        message: String,
    },
    /// `413`: the body is too long.
    BodyTooLarge {
        /// The bound that was met.
        message: String,
    },
    /// `401`: the token was not shown, or another.
    Unauthorised {
        /// How to show it.
        message: String,
    },
    /// `403`: pages of that origin may not connect.
    OriginNotAllowed {
        /// Which.
        message: String,
    },
    /// `404`: no such path.
    NotFound {
        /// The paths there are.
        message: String,
    },
    /// `414`: path and query are too long.
    TargetTooLong {
        /// The bound that was met.
        message: String,
    },
    /// `405`: the path knows no such method.
    MethodNotAllowed {
        /// The methods it knows.
        message: String,
    },
    /// `503`: no further topic is begun.
    TooManyTopics {
        /// The bound that was met.
        message: String,
    },
    /// `503`: no further connection is taken.
    TooManyConnections {
        /// The bound that was met.
        message: String,
    },
}

impl Refusal {
    fn bad_query(message: String) -> Self {
        Self::BadQuery { message }
    }
}

/// The body of `GET /healthz`: enough for a load generator to know whether it may measure this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Always `"ok"`: a server that is not well does not answer.
    pub status: String,
    /// Always [`Health::SERVER`].
    pub server: String,
    /// The server's version.
    pub version: String,
    /// The server's process id, for sampling its memory and CPU from outside.
    pub pid: u32,
    /// [`crate::clock::identity`] as the server sees it.
    pub clock: String,
    /// The server's memory allocator.
    pub allocator: String,
    /// The updates it publishes.
    pub stream: crate::results::Stream,
    /// To how many topics it publishes them; absent where they are for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<u32>,
    /// Whether its connections are under TLS.
    #[serde(default)]
    pub tls: bool,
    /// How it serves its clients, if it says so.
    #[serde(default)]
    pub engine: Option<crate::Engine>,
    /// The ways in which it was told to misbehave, as it was told; none outside proofs.
    #[serde(default)]
    pub faults: Vec<String>,
}

impl Health {
    /// What a pushbench server calls itself.
    pub const SERVER: &'static str = "pushbench";
}

/// The updates in the payload of one frame or the body of one answer: one a line, the last line break optional. Lines that
/// hold nothing but white space are passed over.
pub fn updates(payload: &[u8]) -> impl Iterator<Item = Result<Update<'_>, MalformedUpdate>> {
    let payload = payload.strip_suffix(b"\n").unwrap_or(payload);
    let mut rest = (!payload.is_empty()).then_some(payload);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let end = memchr::memchr(b'\n', text);
            rest = end.map(|end| &text[end + 1..]);
            let line = &text[..end.unwrap_or(text.len())];
            match Update::parse(line) {
                Err(_) if line.trim_ascii().is_empty() => {}
                parsed => return Some(parsed),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_are_read_strictly() {
        let parse = |query| StreamQuery::parse(Some(query));
        assert_eq!(StreamQuery::parse(None), Ok(StreamQuery::default()));
        assert_eq!(
            parse("after=17&wait_ms=5"),
            Ok(StreamQuery { after: Some(17), wait_ms: Some(5), ..StreamQuery::default() })
        );
        let named = StreamQuery { user: Some("J\u{f8} 1".to_owned()), ..StreamQuery::default() };
        assert_eq!(parse("user=J%C3%B8+1&token=x"), Ok(named));
        let after = StreamQuery { after: Some(1), ..StreamQuery::default() };
        assert_eq!(parse("_=1700000000&after=1&_=2&__cf=x&%5Fa"), Ok(after));
        for bad in [
            "after=",
            "after=-1",
            "after=x",
            "afer=1",
            "a_=1",
            "after=1&after=2",
            "wait_ms=600001",
            "user=",
            "user=a&user=b",
            "user=%0A",
        ] {
            assert!(matches!(parse(bad), Err(Refusal::BadQuery { .. })), "{bad}");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let message = "unknown key `afer`: there are after, wait_ms, user, topic, token".to_owned();
        assert_eq!(StreamQuery::parse(Some("_=1&afer=1")), Err(Refusal::BadQuery { message }));
    }

    #[test]
    fn lines_end_as_they_may_and_empty_ones_are_passed_over() {
        let line = r#"{"seq": 1, "due_ns": 2, "data": 3}"#;
        for body in
            [format!("{line}\r\n{line}\r\n"), format!("\n \n{line}\n\r\n{line}\r\n\r\n"), format!("{line}\n{line}")]
        {
            let seqs: Vec<_> = updates(body.as_bytes()).map(|update| update.map(|update| update.seq)).collect();
            assert_eq!(seqs, [Ok(1), Ok(1)], "{body}");
        }
        assert_eq!(updates(b"\r\n").count(), 0, "a sign of life");
    }

    #[test]
    fn an_expired_cursor_has_the_documented_body() {
        let body = serde_json::to_string(&Refusal::CursorExpired { oldest: 3, newest: 9 }).unwrap();
        assert_eq!(body, r#"{"error":"cursor_expired","oldest":3,"newest":9}"#);
    }

    proptest! {
        #[test]
        fn a_body_gives_back_its_lines(seqs in proptest::collection::vec(1..1_000_000_u64, 0..20)) {
            let mut body = Vec::new();
            for &seq in &seqs {
                Update { seq, due_ns: 1, data: b"0" }.encode_into(&mut body);
                body.push(b'\n');
            }
            let read: Vec<u64> = updates(&body).map(|update| update.unwrap().seq).collect();
            prop_assert_eq!(read, seqs);
        }

        #[test]
        fn bodies_joined_at_a_line_break_are_read_as_one(
            lines in proptest::collection::vec("[^\n]{1,12}|\\{\"seq\":[1-9],\"due_ns\":5,\"data\":[0-9]\\}", 2..9),
            cut in 1..8_usize,
        ) {
            let (before, after) = lines.split_at(cut.min(lines.len() - 1));
            let (all, before, after) = (lines.join("\n"), before.join("\n") + "\n", after.join("\n"));
            let parts: Vec<_> = updates(before.as_bytes()).chain(updates(after.as_bytes())).collect();
            let held = lines.iter().filter(|line| !line.trim_ascii().is_empty()).count();
            prop_assert_eq!(parts.len(), held, "a bad line hides no other");
            prop_assert_eq!(updates(all.as_bytes()).collect::<Vec<_>>(), parts);
        }

        #[test]
        fn a_query_says_the_same_when_it_is_written_again(
            after in any::<Option<u64>>(),
            wait_ms in proptest::option::of(0..=WAIT_MS_MAX),
            user in proptest::option::of("\\PC{1,16}"),
            token in proptest::option::of("\\PC{0,9}"),
            topic in proptest::option::of("\\PC{1,16}"),
        ) {
            let mut query = form_urlencoded::Serializer::new(String::new());
            let numbers = [("wait_ms", wait_ms), ("after", after)];
            query.extend_pairs(numbers.iter().filter_map(|(key, number)| Some((key, number.as_ref()?.to_string()))));
            query.extend_pairs(token.iter().map(|token| (TOKEN_KEY, token)));
            query.extend_pairs(user.iter().map(|user| ("user", user)));
            query.extend_pairs(topic.iter().map(|topic| (TOPIC_KEY, topic)));
            let query = query.finish();
            prop_assert_eq!(shown_token(&query), token.map(Cow::from));
            prop_assert_eq!(StreamQuery::parse(Some(&query)), Ok(StreamQuery { after, wait_ms, user, topic }));
        }

        #[test]
        fn no_query_panics(query in ".{0,60}") {
            let _ = StreamQuery::parse(Some(&query));
        }
    }
}
