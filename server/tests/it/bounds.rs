//! Every bound: who meets it is refused and counted, and the server goes on.

use protocol::{Transport, clock::now_ns, wire::Refusal};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use crate::{
    http::{Connection, get, request},
    metrics::{falls_to_zero, met, metric, of, reaches, told},
    program::{DEADLINE, ONE_UPDATE, Server, eventually},
    websocket::quiet,
    ws::{Socket, TEXT, masked},
};

/// Says how often a bound was met, and that the server goes on.
fn counted(server: &Server, bound: &str) -> u32 {
    assert_eq!(get(server.address, "/healthz").status, 200);
    metric(server.address, &met(bound)) as u32
}

fn open_files(server: &Server) -> u64 {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count() as u64
}

fn limit_open_files(server: &Server, limit: u64) {
    let limit = Rlimit { current: Some(limit), ..getrlimit(Resource::Nofile) };
    prlimit(Pid::from_raw(server.pid() as i32), Resource::Nofile, limit).unwrap();
}

fn errors(watching: &mut Connection) -> u64 {
    told(watching, "pushbench_accept_errors_total") as u64
}

#[test]
fn a_head_that_is_too_long() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-head 8192"));
    let mut connection = Connection::open(server.address);
    // Just beyond what a head may be, so that nothing is left unread when it is refused.
    connection.send(format!("GET /poll HTTP/1.1\r\nx: {}", "y".repeat(8192 - 22)));
    assert_eq!(connection.answer().status, 431);
    connection.closed();
    assert_eq!(counted(&server, "max_head"), 1);
}

#[test]
fn a_head_that_does_not_come_to_an_end() {
    let server = Server::start(&format!("{ONE_UPDATE} --header-timeout 0.05"));
    for begun in ["", "G", "GET /poll HTTP/1.1\r\nhost: te"] {
        let mut connection = Connection::open(server.address);
        connection.send(begun);
        connection.closed();
    }
    assert_eq!(counted(&server, "header_timeout"), 3);
}

#[test]
fn a_target_that_is_too_long() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-target 64"));
    let mut connection = Connection::open(server.address);
    let longest = format!("/poll?wait_ms=0&user={}", "x".repeat(64 - 21));
    assert_eq!(connection.get(&longest).status, 204);
    let answer = connection.get(&(longest + "x"));
    assert_eq!(answer.status, 414);
    let Refusal::TargetTooLong { message } = answer.json() else { panic!("{answer:?}") };
    assert!(message.contains("--max-target"), "{message}");
    assert_eq!(counted(&server, "max_target"), 1);
}

#[test]
fn a_message_that_is_too_long() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --max-message 125")) {
        for fragment in [TEXT, TEXT & 0x0f] {
            let mut socket = quiet(&server);
            socket.connection.send(masked(fragment, &[b'x'; 126]));
            assert_eq!(socket.frame().close_code(), 1009, "{fragment:x}");
        }
        assert_eq!(counted(&server, "max_message"), 2);
    }
}

#[test]
fn a_connection_on_which_nothing_is_asked_any_more() {
    // By `stock` each poll is a request of hyper's, which knows one time for the next.
    for (options, bound) in [
        ("--idle-timeout 0.05 --engine lean", "idle_timeout"),
        ("--idle-timeout 0.05 --engine stock --header-timeout 0.5", "header_timeout"),
    ] {
        let server = Server::start(&format!("{ONE_UPDATE} {options}"));
        let mut connection = Connection::open(server.address);
        assert_eq!(connection.get("/poll?wait_ms=0").status, 204);
        connection.closed();
        assert_eq!(counted(&server, bound), 1, "{options}");
    }
}

#[test]
fn requests_are_counted_however_they_are_served() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --max-requests 4")) {
        let plain = request("GET", "/poll?wait_ms=0");
        let with_origin = plain.replace("host", "accept-language: en\r\nexpect: nothing\r\nhost");
        for requests in [[&plain; 4], [&with_origin; 4], [&plain, &plain, &with_origin, &plain]] {
            let mut connection = Connection::open(server.address);
            for (place, request) in requests.iter().enumerate() {
                connection.send(request);
                let answer = connection.answer();
                let close = (place == 3).then_some("close");
                assert_eq!((answer.status, answer.header("connection")), (204, close), "{place}: {request}");
            }
            connection.closed();
        }
        assert_eq!(counted(&server, "max_requests"), 3);
    }
}

#[test]
fn a_batch_is_no_longer_than_it_may_be_and_nothing_is_lost_between() {
    for server in Server::of_each_engine("--rate 1000 --payload-bytes 200 --send-batch 1010") {
        reaches(server.address, "pushbench_updates_total", 50);
        let mut connection = Connection::open(server.address);
        for batch in 0..10 {
            let answer = connection.get(&format!("/poll?after={}", batch * 4));
            assert_eq!(answer.text().lines().count(), 4, "of 204 bytes, with frame head and line break");
        }
        let mut socket = Socket::open(server.address, "/ws?after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
        let lines: Vec<_> = (0..50).map(|_| socket.line()).collect();
        crate::client::assert_consecutive(&lines, 1);
        assert!(metric(server.address, "pushbench_batches_cut_total") >= 10.0);
    }
}

#[test]
fn what_the_kernel_does_not_take_is_counted() {
    let server = Server::start("--rate 100 --payload-bytes 100000 --send-buffer 4096");
    let stalled = Socket::open(server.address, "/ws?after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
    reaches(server.address, "pushbench_full_sends_total", 1);
    drop(stalled);
    falls_to_zero(server.address, &of(Transport::WebSocket, "connections"));
}

#[test]
fn without_descriptors_it_neither_spins_nor_stops() {
    const RETRY_NS: u64 = 50_000_000;
    let server = Server::start(ONE_UPDATE);
    let mut watching = Connection::open(server.address);
    let open = open_files(&server);
    assert_eq!(errors(&mut watching), 0);
    limit_open_files(&server, open + 4);

    let begun_ns = now_ns();
    let mut crowd: Vec<_> = (0..20).map(|_| Connection::open(server.address)).collect();
    eventually("it fails again and again", || (errors(&mut watching) >= 3).then_some(()));
    let (failed, tries) = (errors(&mut watching), 1 + (now_ns() - begun_ns) / RETRY_NS);
    assert!(failed <= tries, "{failed} failures where {tries} tries fit");
    // Those whom it has taken make room, and it takes the rest.
    for mut connection in crowd.drain(..) {
        assert_eq!(connection.get("/healthz").status, 200, "within {DEADLINE:?}");
    }
}

#[test]
fn a_crowd_over_the_limit_that_says_nothing_keeps_no_descriptors() {
    // So many may be waited for, and one is being answered.
    const AT_ONCE: u64 = 32 + 1;
    let server = Server::start(&format!("{ONE_UPDATE} --max-connections 1 --header-timeout 600"));
    let mut watching = Connection::open(server.address);
    assert_eq!(errors(&mut watching), 0);
    let open = open_files(&server);
    limit_open_files(&server, open + AT_ONCE);
    let mut crowd: Vec<_> = (0..200).map(|_| Connection::open(server.address)).collect();
    for silent in &mut crowd {
        assert_eq!(silent.answer().status, 503);
        silent.closed();
    }
    eventually("all are let go of, though they stay", || (open_files(&server) == open).then_some(()));
    assert_eq!(errors(&mut watching), 0, "there was always room for the next");
    assert_eq!(told(&mut watching, &met("max_connections")) as u32, 200);
    drop(crowd);
}

#[test]
fn what_one_too_many_has_sent_is_read_away_before_it_is_closed() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-connections 1"));
    let mut watching = Connection::open(server.address);
    let mut looks = 0;
    let mut received = || {
        looks += 1;
        let of_looks = looks * request("GET", "/metrics").len() as u64;
        told(&mut watching, "pushbench_received_bytes_total") as u64 - of_looks
    };
    assert_eq!(received(), 0);
    // It is accepted when all of this has arrived.
    server.signal(Signal::STOP);
    let mut third = Connection::open(server.address);
    let asked = request("GET", "/poll");
    third.send(&asked);
    server.signal(Signal::CONT);
    assert_eq!(third.answer().status, 503);
    third.closed();
    eventually("all of it is read", || (received() == asked.len() as u64).then_some(()));
}

#[test]
fn it_raises_its_own_limit_and_warns_where_that_is_too_low() {
    let logged = |max_connections: u32| {
        let options = format!("{ONE_UPDATE} --max-connections {max_connections}");
        let (server, log) = Server::with_open_files(100, 300, &options);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let open_files: Vec<_> =
            limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().collect();
        assert_eq!(open_files[3..5], ["300", "300"], "the soft limit and the hard one");
        // What it says before it says that it serves.
        log.iter().take_while(|line| !line.contains("serving")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(logged(236), "");
    let warning = logged(237);
    assert!(warning.contains("WARN") && warning.contains("suffice for 236 connections"), "{warning}");
    assert!(warning.contains("ulimit -Hn"), "{warning}");
}
