//! The token, the origins of pages, and what a client calls itself.

use protocol::wire::Refusal;

use crate::{
    http::{Answer, Connection, get, request},
    program::{DEADLINE, ONE_UPDATE, Server, refusal},
    ws::upgrade,
};

const PAGE: &str = "https://page.example";

/// A request for a target with one more header.
fn with(mut request: String, header: &str) -> String {
    request.insert_str(request.find("\r\n").unwrap() + 2, &format!("{header}\r\n"));
    request
}

fn ask(server: &Server, request: &str) -> Answer {
    let mut connection = Connection::open(server.address);
    connection.send(request);
    // One that would be parked is asked not to be.
    connection.answer()
}

#[test]
fn a_token_need_not_stand_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let by_file = Server::start(&format!("{ONE_UPDATE} --token-file {}", file.display()));
    let by_variable = Server::start_in(ONE_UPDATE, &[("PUSHBENCH_TOKEN", "s3cret")]);
    for server in [by_file, by_variable] {
        let poll = request("GET", "/poll?wait_ms=0");
        assert_eq!(ask(&server, &poll).status, 401);
        assert_eq!(ask(&server, &with(poll, "Authorization: Bearer s3cret")).status, 204);
    }
    let message = refusal("--token-file nowhere");
    assert!(message.contains("--token-file nowhere: cannot be read as text"), "{message}");
}

#[test]
fn without_the_token_there_is_nothing_but_the_health() {
    let server = Server::start(&format!("{ONE_UPDATE} --token s3cret"));
    assert_eq!(get(server.address, "/healthz").status, 200);
    for target in ["/ws", "/poll?wait_ms=0", "/echo", "/metrics", "/send", "/nowhere"] {
        for request in [request("GET", target), with(upgrade(target), "Authorization: Bearer s3cre")] {
            let answer = ask(&server, &request);
            assert_eq!(answer.status, 401, "{request}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"pushbench\""));
            assert!(matches!(answer.json(), Refusal::Unauthorised { .. }), "{answer:?}");
        }
    }
    let bearer = "Authorization: Bearer s3cret";
    for (request, status) in [
        (upgrade("/ws?token=s3cret"), 101),
        (with(upgrade("/ws"), bearer), 101),
        (with(upgrade("/echo"), bearer), 101),
        (request("GET", "/poll?wait_ms=0&token=s3cret"), 204),
        (with(request("GET", "/poll?wait_ms=0"), bearer), 204),
        (request("GET", "/metrics?token=s3cret"), 200),
    ] {
        assert_eq!(ask(&server, &request).status, status, "{request}");
    }
}

#[test]
fn pages_of_allowed_origins_may_connect_and_read_and_others_may_not() {
    let server = Server::start(&format!("{ONE_UPDATE} --allow-origin {PAGE} --allow-origin https://b.example"));
    let (ours, foreign) = (format!("Origin: {PAGE}"), "Origin: https://evil.example");
    for (request, status) in [(upgrade("/ws"), 101), (request("GET", "/poll?wait_ms=0"), 204)] {
        assert_eq!(ask(&server, &request).status, status, "who is no page has no origin");
        let answer = ask(&server, &with(request.clone(), &ours));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("access-control-expose-headers"), Some("pushbench-cursor"));
        assert_eq!(answer.header("vary"), Some("origin"));
        let answer = ask(&server, &with(request, foreign));
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None));
        let Refusal::OriginNotAllowed { message } = answer.json() else { panic!("{answer:?}") };
        assert_eq!(message, "https://evil.example: see --allow-origin");
    }
}

#[test]
fn a_browser_that_asks_first_is_told_what_a_page_may_do() {
    let server = Server::start(&format!("{ONE_UPDATE} --allow-origin * --token s3cret"));
    let preflight = |path| with(request("OPTIONS", path), &format!("Origin: {PAGE}"));
    let answer = ask(&server, &preflight("/send"));
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "authorization, content-type"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(ask(&server, &preflight("/nowhere")).status, 404);
}

#[test]
fn without_a_list_no_page_is_refused_and_none_may_read() {
    let server = Server::start(ONE_UPDATE);
    let answer = ask(&server, &with(request("GET", "/poll?wait_ms=0"), &format!("Origin: {PAGE}")));
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, None));
    assert_eq!(ask(&server, &with(upgrade("/ws"), &format!("Origin: {PAGE}"))).status, 101);
    assert_eq!(ask(&server, &with(request("OPTIONS", "/poll"), &format!("Origin: {PAGE}"))).status, 405);
}

#[test]
fn a_client_with_a_name_stands_in_the_log_once_a_connection() {
    let (server, log) = Server::start_logging(ONE_UPDATE);
    let mut polling = Connection::open(server.address);
    for _ in 0..2 {
        assert_eq!(polling.get("/poll?wait_ms=0&user=ann").status, 204);
    }
    assert_eq!(ask(&server, &upgrade("/ws?user=bob")).status, 101);
    let mut named = std::iter::from_fn(|| log.recv_timeout(DEADLINE).ok()).filter(|line| line.contains("user="));
    for parts in [
        ["user=\"ann\"", "connection=0", "transport=long-poll"],
        ["user=\"bob\"", "connection=1", "transport=websocket"],
    ] {
        let line = named.next().unwrap();
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?}: {line}");
    }
}
