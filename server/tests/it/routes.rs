//! Paths and methods besides the stream, and requests that are none.

use protocol::{
    clock,
    results::{Arrivals, Stream},
    wire::{Health, Refusal},
};

use crate::{
    http::{Connection, get, request},
    program::{ONE_UPDATE, Server},
    ws::upgrade,
};

#[test]
fn healthz_says_who_it_is_and_what_it_publishes() {
    let server = Server::start("--rate 2.5 --payload-bytes 200 --poisson");
    let answer = get(server.address, "/healthz");
    assert_eq!(answer.status, 200);
    let stream = Stream::Synthetic { arrivals: Arrivals::Poisson, rate_hz: 2.5, payload_bytes: 200 };
    let expected = Health {
        status: "ok".to_owned(),
        server: Health::SERVER.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: server.pid(),
        clock: clock::identity(),
        allocator: server::Allocator::of_this_process().name().to_owned(),
        stream,
        topics: None,
        tls: false,
        engine: Some(protocol::Engine::Lean),
        faults: Vec::new(),
    };
    assert_eq!(answer.json::<Health>(), expected);
}

#[test]
fn the_allocator_can_be_chosen() {
    for allocator in server::Allocator::ALL.into_iter().filter(|allocator| allocator.check().is_ok()) {
        let server = Server::start(&format!("{ONE_UPDATE} --allocator {allocator}"));
        let health: Health = get(server.address, "/healthz").json();
        assert_eq!((health.allocator.as_str(), health.pid), (allocator.name(), server.pid()));
    }
}

#[test]
fn an_unknown_path_is_not_found_and_the_known_ones_are_listed() {
    let server = Server::start(ONE_UPDATE);
    for path in ["/", "/pol", "/poll/", "/ws/x"] {
        let answer = get(server.address, path);
        assert_eq!(answer.status, 404, "{path}");
        let Refusal::NotFound { message } = answer.json() else { panic!("{answer:?}") };
        for known in [path, "/ws", "/poll", "/send", "/echo", "/metrics", "/healthz"] {
            assert!(message.contains(known), "{known}: {message}");
        }
    }
}

#[test]
fn another_method_is_refused_and_the_allowed_ones_are_named() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    for (method, path, allow) in [
        ("POST", "/poll", "GET"),
        ("PUT", "/ws", "GET"),
        ("GET", "/send", "POST"),
        ("POST", "/echo", "GET"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ] {
        connection.send(request(method, path));
        let answer = connection.answer();
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
        assert!(matches!(answer.json(), Refusal::MethodNotAllowed { .. }), "{answer:?}");
    }
}

#[test]
fn head_has_the_headers_and_no_body() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    for path in ["/healthz", "/metrics"] {
        connection.send(request("HEAD", path));
        let head = connection.head();
        assert_eq!(head.status, 200, "{path}");
        let length: usize = head.header("content-length").unwrap().parse().unwrap();
        assert!(length > 50, "{path}: {length}");
    }
    // Nothing but heads was sent: the next answer begins where they ended.
    assert_eq!(connection.get("/healthz").status, 200);
}

#[test]
fn garbage_is_refused_and_the_server_goes_on() {
    let server = Server::start(ONE_UPDATE);
    for garbage in
        ["\x16\x03\x01\x02\x00 not HTTP\r\n\r\n", "GET /poll\r\n\r\n", "GET /poll HTTP/1.1\r\nbad header\r\n\r\n"]
    {
        let mut connection = Connection::open(server.address);
        connection.send(garbage);
        assert_eq!(connection.answer().status, 400, "{garbage:?}");
        connection.closed();
    }
    assert_eq!(get(server.address, "/healthz").status, 200);
}

#[test]
fn a_plain_get_of_the_websocket_is_told_to_upgrade() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    let other_version = upgrade("/ws").replace("Version: 13", "Version: 8");
    let without_key = upgrade("/ws").replace("Sec-WebSocket-Key", "Other-Key");
    for handshake in [request("GET", "/ws"), other_version, without_key] {
        connection.send(&handshake);
        let answer = connection.answer();
        assert_eq!(answer.status, 426, "{handshake}");
        assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        assert_eq!(answer.header("upgrade"), Some("websocket"));
        let Refusal::BadHandshake { message } = answer.json() else { panic!("{answer:?}") };
        assert!(!message.is_empty());
    }
}
