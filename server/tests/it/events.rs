//! Server-sent events: how they are read, and what they alone must do.

use std::net::SocketAddr;

use protocol::{Engine, Transport, wire::Refusal};
use rustix::process::Signal;

use crate::{
    http::{Answer, Connection},
    metrics::{falls_to_zero, of, reaches},
    program::{ONE_UPDATE, Server},
};

/// A stream of events, read line by line.
pub(crate) struct Events {
    connection: Connection,
    is_chunked: bool,
    unread: Vec<u8>,
}

impl Events {
    /// Asks for events with a query and further header lines ("" for none), or gives the server's refusal.
    pub(crate) fn open(server: SocketAddr, query: &str, headers: &str) -> Result<Self, Answer> {
        let mut connection = Connection::open(server);
        connection.send(format!("GET /sse?{query} HTTP/1.1\r\nhost: test\r\n{headers}\r\n"));
        let mut head = connection.head();
        if head.status != 200 {
            head.body = connection.take(head.header("content-length").expect("a length").parse().unwrap());
            return Err(head);
        }
        assert_eq!(head.header("content-type"), Some(protocol::wire::EVENT_STREAM), "{head:?}");
        assert_eq!(head.header("cache-control"), Some("no-store"), "{head:?}");
        head.cursor();
        let is_chunked = head.header("transfer-encoding") == Some("chunked");
        assert_ne!(is_chunked, head.header("connection") == Some("close"), "that is how it ends: {head:?}");
        Ok(Self { connection, is_chunked, unread: Vec::new() })
    }

    /// The next event's `id` and `data`; comments are passed over.
    pub(crate) fn next(&mut self) -> (u64, String) {
        let (mut id, mut data) = (None, None);
        loop {
            let line = self.line().expect("the stream goes on");
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.parse().unwrap()),
                Some(("data", value)) => data = Some(value.to_owned()),
                None if line.is_empty() => match (id.take(), data.take()) {
                    (Some(id), Some(data)) => return (id, data),
                    found => assert_eq!(found, (None, None), "half an event"),
                },
                _ => assert_eq!(line, ":", "neither field nor comment"),
            }
        }
    }

    /// The next line; nothing at the end of the stream.
    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            let more = if self.is_chunked { self.chunk() } else { self.connection.some() };
            if more.is_empty() {
                assert!(self.unread.is_empty(), "it ends in the middle of a line");
                return None;
            }
            self.unread.extend(more);
        }
    }

    fn chunk(&mut self) -> Vec<u8> {
        let length = usize::from_str_radix(&self.connection.line(), 16).unwrap();
        let chunk = self.connection.take(length);
        assert_eq!(self.connection.line(), "");
        chunk
    }
}

fn open(server: &Server, query: &str, headers: &str) -> Events {
    Events::open(server.address, query, headers).unwrap_or_else(|answer| panic!("{answer:?}"))
}

fn refused(server: &Server, query: &str, headers: &str) -> Answer {
    Events::open(server.address, query, headers).err().unwrap_or_else(|| panic!("{query}, {headers}: not refused"))
}

#[test]
fn the_id_is_the_seq_and_a_browser_goes_on_after_the_last_that_it_had() {
    for server in Server::of_each_engine("--rate 1000") {
        reaches(server.address, "pushbench_updates_total", 60);
        for (query, headers) in [("after=10", ""), ("", "Last-Event-ID: 10\r\n"), ("after=3", "last-event-id: 10\r\n")]
        {
            let mut events = open(&server, query, headers);
            for seq in 11..100 {
                let (id, data) = events.next();
                assert_eq!(id, seq, "{query}, {headers}");
                assert!(data.starts_with(&format!("{{\"seq\":{seq},")), "{data}");
            }
        }
    }
}

#[test]
fn a_last_event_that_is_none_is_refused_and_one_that_is_gone_is_gone() {
    for server in Server::of_each_engine("--rate 1000 --history 10") {
        reaches(server.address, "pushbench_updates_total", 50);
        for id in ["x", "", "-1", "1.5", "18446744073709551616"] {
            let answer = refused(&server, "", &format!("last-event-id: {id}\r\n"));
            assert_eq!(answer.status, 400, "{id}: {answer:?}");
            let Refusal::BadQuery { message } = answer.json() else { panic!("{answer:?}") };
            assert_eq!(message, format!("last-event-id: {id}: must be the id of an event, a whole number"));
        }
        for id in ["7", "18446744073709551615"] {
            let answer = refused(&server, "", &format!("last-event-id: {id}\r\n"));
            assert_eq!(answer.status, 410, "{answer:?}");
            assert!(matches!(answer.json(), Refusal::CursorExpired { .. }), "{answer:?}");
        }
    }
}

#[test]
fn a_comment_is_a_sign_of_life() {
    for engine in [Engine::Lean, Engine::Stock] {
        let server = Server::start(&format!("{ONE_UPDATE} --engine {engine} --ping-interval 0.1"));
        let mut events = open(&server, "after=0", "");
        assert_eq!(events.next().0, 1);
        for _ in 0..3 {
            assert_eq!([events.line(), events.line()], [":", ""].map(|line| Some(line.to_owned())), "{engine}");
        }
    }
}

#[test]
fn who_leaves_is_no_longer_counted() {
    for engine in [Engine::Lean, Engine::Stock] {
        let server = Server::start(&format!("{ONE_UPDATE} --engine {engine}"));
        let events = open(&server, "", "");
        reaches(server.address, &of(Transport::Sse, "connections"), 1);
        drop(events);
        falls_to_zero(server.address, &of(Transport::Sse, "connections"));
    }
}

#[test]
fn the_stream_ends_with_the_server_and_not_in_the_middle() {
    for engine in [Engine::Lean, Engine::Stock] {
        let server = Server::start(&format!("{ONE_UPDATE} --engine {engine} --drain-timeout 600"));
        let mut events = open(&server, "after=0", "");
        assert_eq!(events.next().0, 1);
        server.signal(Signal::TERM);
        assert_eq!(events.line(), None, "{engine}");
        events.connection.closed();
        assert_eq!(server.ended().code(), Some(0), "{engine}");
    }
}

#[test]
fn a_page_of_an_allowed_origin_may_read_them() {
    let server = Server::start(&format!("{ONE_UPDATE} --allow-origin https://a.example"));
    assert_eq!(open(&server, "after=0", "origin: https://a.example\r\n").next().0, 1);
    assert_eq!(refused(&server, "", "origin: https://b.example\r\n").status, 403);
}
