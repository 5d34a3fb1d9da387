//! A client of any transport. A further transport is a variant here and an arm in each match.

use std::{collections::VecDeque, net::SocketAddr};

use protocol::{Transport, Update};

use crate::{
    events::Events,
    http::{Answer, Connection},
    ws::Socket,
};

/// Subscribed, and about to read.
pub(crate) enum Client {
    WebSocket(Socket),
    /// Which waits for its answers, or does not.
    Polls {
        connection: Connection,
        waits: &'static str,
        /// What every poll says of a topic.
        topic: String,
        unread: VecDeque<String>,
        cursor: u64,
    },
    Sse(Events),
}

/// What a test looks at in an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seq: u64,
    pub(crate) due_ns: u64,
}

impl Client {
    /// Subscribes with a query ("" for none), or gives the server's refusal.
    pub(crate) fn open(transport: Transport, server: SocketAddr, query: &str) -> Result<Self, Answer> {
        match transport {
            Transport::WebSocket => Socket::open(server, &format!("/ws?{query}")).map(Self::WebSocket),
            Transport::Sse => Events::open(server, query, "").map(Self::Sse),
            Transport::LongPoll | Transport::ShortPoll => {
                let waits = if transport == Transport::LongPoll { "" } else { "&wait_ms=0" };
                let mut connection = Connection::open(server);
                // Without a cursor, one that does not wait asks where the stream stands.
                let answer = connection.get(&format!("/poll?{query}{waits}"));
                let (unread, cursor) = match answer.status {
                    200 => (lines(&answer), 0),
                    204 if !waits.is_empty() => (VecDeque::new(), answer.cursor()),
                    _ => return Err(answer),
                };
                let topic = query.split('&').find(|pair| pair.starts_with("topic="));
                let topic = topic.map(|pair| format!("&{pair}")).unwrap_or_default();
                Ok(Self::Polls { connection, waits, topic, unread, cursor })
            }
        }
    }

    /// The next update's line.
    pub(crate) fn line(&mut self) -> String {
        match self {
            Self::WebSocket(socket) => socket.line(),
            Self::Sse(events) => events.next().1,
            Self::Polls { connection, waits, topic, unread, cursor } => {
                while unread.is_empty() {
                    let answer = connection.get(&format!("/poll?after={cursor}{waits}{topic}"));
                    match answer.status {
                        204 if !waits.is_empty() => {}
                        200 => *unread = lines(&answer),
                        _ => panic!("{answer:?}"),
                    }
                }
                let line = unread.pop_front().expect("an answer holds an update");
                *cursor = stamp(&line).seq;
                line
            }
        }
    }

    /// The lines of the next updates.
    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }
}

pub(crate) fn stamp(line: &str) -> Stamp {
    let Update { seq, due_ns, .. } = Update::parse(line.as_bytes()).unwrap();
    Stamp { seq, due_ns }
}

/// Fails unless the lines are these updates, none missing and none twice, each due later than the one before.
pub(crate) fn assert_consecutive(lines: &[String], first_seq: u64) {
    let stamps: Vec<Stamp> = lines.iter().map(|line| stamp(line)).collect();
    for (stamp, seq) in stamps.iter().zip(first_seq..) {
        assert_eq!(stamp.seq, seq, "{stamps:?}");
    }
    for pair in stamps.windows(2) {
        assert!(pair[0].due_ns < pair[1].due_ns, "{pair:?}");
    }
}

fn lines(answer: &Answer) -> VecDeque<String> {
    assert_eq!(answer.header("content-type"), Some(protocol::wire::NDJSON), "{answer:?}");
    let body = answer.text().strip_suffix('\n').expect("the last line ends as well");
    body.split('\n').map(str::to_owned).collect()
}
