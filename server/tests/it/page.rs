//! The page: there with `--page` only, guarded, counted; and how it is known that a tab was closed.

use std::{net::TcpStream, time::Duration};

use serde_json::Value;
use socket2::SockRef;

use crate::{
    http::{Connection, get, request},
    program::{ONE_UPDATE, Server, eventually},
    ws::{Socket, upgrade},
};

const PATHS: [&str; 4] = ["/", "/page/race.js", "/page/state", "/page/goodbye"];

fn state(server: &Server, user: &str) -> Value {
    get(server.address, &format!("/page/state?user={user}")).json()
}

/// What is counted for a page's transport.
fn counted(server: &Server, user: &str, transport: &str, what: &str) -> u64 {
    let state = state(server, user);
    let lanes = state["lanes"].as_array().unwrap();
    lanes.iter().find(|lane| lane["transport"] == transport).unwrap()[what].as_u64().unwrap()
}

#[test]
fn without_being_asked_for_there_is_no_page() {
    let server = Server::start(ONE_UPDATE);
    for path in PATHS {
        assert_eq!(get(server.address, path).status, 404, "{path}");
    }
    let server = Server::start(&format!("{ONE_UPDATE} --page"));
    assert_eq!(get(server.address, "/live/stream").status, 404, "and no sliders with it");
    assert_eq!(state(&server, "p")["bounds"], Value::Null);
}

#[test]
fn every_file_that_the_page_names_is_there_and_guarded() {
    let server = Server::start(&format!("{ONE_UPDATE} --page"));
    let (mut named, mut read) = (vec!["/".to_owned()], 0);
    while let Some(path) = named.get(read).cloned() {
        let answer = get(server.address, &path);
        assert_eq!(answer.status, 200, "{path}");
        let kind = match path.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => "text/html; charset=utf-8",
        };
        for (header, value) in [
            ("content-type", kind),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{path}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        let text = answer.text();
        let quoted = text.split('"').filter_map(|word| word.strip_prefix("./").or(word.strip_prefix("/page/")));
        let files = quoted.filter(|word| matches!(word.rsplit_once('.'), Some((_, "js" | "css"))));
        let files: Vec<_> = files.map(|file| format!("/page/{file}")).filter(|file| !named.contains(file)).collect();
        named.extend(files);
        read += 1;
    }
    assert!(read > 10, "{named:?}");
    let mut connection = Connection::open(server.address);
    connection.send(request("POST", "/page/race.js"));
    assert_eq!(connection.answer().header("allow"), Some("GET, HEAD"));
}

#[test]
fn who_does_not_show_the_token_has_the_page_and_nothing_of_the_stream() {
    let server = Server::start(&format!("{ONE_UPDATE} --page --token s3cret"));
    for (path, status) in
        [("/", 200), ("/page/race.js", 200), ("/page/state", 401), ("/page/state?token=s3cret", 200), ("/poll", 401)]
    {
        assert_eq!(get(server.address, path).status, status, "{path}");
    }
}

#[test]
fn requests_and_bytes_are_counted_for_who_asks_whatever_else_a_connection_carries() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --page")) {
        let mut connection = Connection::open(server.address);
        let polls = ["/poll?wait_ms=0&user=p", "/poll?after=0&user=p"];
        for poll in polls {
            connection.get(poll);
            assert_eq!(connection.get("/page/race.js").status, 200);
        }
        let asked: usize = polls.iter().map(|poll| request("GET", poll).len()).sum();
        let count = |what| counted(&server, "p", "long-poll", what);
        assert_eq!((count("requests"), count("bytes_in")), (2, asked as u64));
        assert!((128..2_000).contains(&count("bytes_out")), "an update and two heads, and no script");
        assert_eq!(counted(&server, "q", "long-poll", "requests"), 0);
        let mut socket = Socket::open(server.address, "/ws?after=0&user=p").unwrap();
        socket.line();
        assert_eq!(counted(&server, "p", "websocket", "requests"), 1);
        let metrics = get(server.address, "/metrics").text().to_owned();
        let all = metrics.lines().find_map(|line| line.strip_prefix("pushbench_received_bytes_total ")).unwrap();
        assert!(all.parse::<usize>().unwrap() > asked, "{metrics}");
    }
}

#[test]
fn a_closed_tab_is_told_of_with_how_it_was_noticed() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --page")) {
        let is_told = |what: &str| {
            let events = state(&server, "other")["events"].clone();
            events.as_array().unwrap().iter().any(|event| event["text"].as_str().unwrap().contains(what))
        };
        let told = |what: &str| eventually(what, || is_told(what).then_some(()));
        // From here on there is nothing after update 1, and whoever asks for that waits.
        assert_eq!(get(server.address, "/poll?after=0").status, 200);
        state(&server, "p");
        let asked = |transport: &str| (counted(&server, "p", transport, "requests") == 1).then_some(());
        let mut poll = Connection::open(server.address);
        poll.send(request("GET", "/poll?after=1&user=p"));
        eventually("the poll", || asked("long-poll"));
        drop(poll);
        told("p: long polling ended: its connection was closed (FIN)");
        let mut events = Connection::open(server.address);
        events.send(request("GET", "/sse?after=1&user=p"));
        // What is left unread would have the kernel reset the connection.
        events.head();
        drop(events);
        told("p: server-sent events ended: its connection was closed (FIN)");
        let socket = Socket::open(server.address, "/ws?after=1&user=p").unwrap();
        let mut connection = Connection::open(server.address);
        connection.send(request("POST", "/page/goodbye?user=p"));
        assert_eq!(connection.answer().status, 200);
        drop(socket);
        told("ms after it said that it closes");
    }
}

#[test]
fn a_lane_that_is_reset_is_told_of_as_reset() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --page")) {
        assert_eq!(get(server.address, "/poll?after=0").status, 200);
        for (transport, request, title) in [
            ("long-poll", request("GET", "/poll?after=1&user=p"), "long polling"),
            ("sse", request("GET", "/sse?after=1&user=p"), "server-sent events"),
            ("websocket", upgrade("/ws?after=1&user=p"), "WebSocket"),
        ] {
            let stream = TcpStream::connect(server.address).unwrap();
            // Its end is an RST, whatever was read.
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            let mut lane = Connection::over(stream);
            lane.send(request);
            eventually("the request", || (counted(&server, "p", transport, "requests") == 1).then_some(()));
            drop(lane);
            let told = format!("p: {title} ended: its connection was reset (RST), ");
            eventually(&told, || {
                let events = state(&server, "other")["events"].clone();
                events
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|event| event["text"].as_str().unwrap().starts_with(&told))
                    .then_some(())
            });
        }
    }
}
