//! Signals that ask for an end: everybody is told, nobody is waited for without need, and the status is 0.

use protocol::Transport;
use rustix::process::Signal;

use crate::{
    http::{Connection, get, request},
    metrics::{of, reaches},
    program::{ONE_UPDATE, Server},
    ws::{CLOSE, Socket, masked},
};

/// Longer than a test waits: who relies on it hangs.
const NEVER: &str = "--drain-timeout 600 --header-timeout 600 --idle-timeout 600";

/// A server with its only update behind it.
fn quiet(options: &str) -> Server {
    let server = Server::start(&format!("{ONE_UPDATE} {options}"));
    reaches(server.address, "pushbench_updates_total", 1);
    server
}

fn open(server: &Server, target: &str) -> Socket {
    Socket::open(server.address, target).unwrap_or_else(|answer| panic!("{answer:?}"))
}

#[test]
fn every_client_is_told_and_the_status_is_0() {
    for signal in [Signal::TERM, Signal::INT] {
        for threads in ["--threads 1", "--threads 2"] {
            let server = quiet(&format!("{NEVER} {threads}"));
            let mut socket = open(&server, "/ws");
            let mut parked = Connection::open(server.address);
            parked.send(request("GET", "/poll"));
            reaches(server.address, &of(Transport::LongPoll, "connections"), 1);

            server.signal(signal);
            let answer = parked.answer();
            assert_eq!((answer.status, answer.cursor()), (204, 1), "{signal:?}");
            assert_eq!(answer.header("connection"), Some("close"), "{signal:?}");
            parked.closed();
            assert_eq!(socket.frame().close_code(), 1001, "{signal:?}");
            socket.connection.send(masked(CLOSE, &1001_u16.to_be_bytes()));
            socket.connection.closed();
            assert_eq!(server.ended().code(), Some(0), "{signal:?} {threads}");
        }
    }
}

#[test]
fn hangup_and_quit_end_it_in_order_unless_they_were_ignored_from_the_start() {
    for signal in [Signal::HUP, Signal::QUIT] {
        let server = Server::start_by_env(&["--default-signal=HUP,QUIT"], ONE_UPDATE);
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0), "{signal:?}");

        let server = Server::start_by_env(&["--ignore-signal=HUP,QUIT"], ONE_UPDATE);
        server.signal(signal);
        assert_eq!(get(server.address, "/healthz").status, 200, "{signal:?}");
        server.signal(Signal::TERM);
        assert_eq!(server.ended().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let server = Server::start_unread(ONE_UPDATE);
    for _ in 0..3 {
        assert_eq!(get(server.address, "/poll?after=0").status, 200);
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn an_idle_connection_does_not_delay_the_end() {
    let server = quiet(NEVER);
    let mut kept_alive = Connection::open(server.address);
    assert_eq!(kept_alive.get("/healthz").status, 200);
    server.signal(Signal::TERM);
    kept_alive.closed();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_connection_that_has_said_nothing_does_not_delay_the_end() {
    let server = quiet(NEVER);
    let mut silent = Connection::open(server.address);
    // Accepted in order: whoever comes after it is answered only once it is being served too.
    reaches(server.address, "pushbench_accepted_total", 2);
    server.signal(Signal::TERM);
    silent.closed();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_websocket_that_does_not_answer_the_close_is_left_to_itself() {
    let server = quiet(NEVER);
    let mut socket = open(&server, "/ws");
    server.signal(Signal::TERM);
    assert_eq!(socket.frame().close_code(), 1001);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_reader_that_has_stopped_is_left_behind_after_the_drain_timeout() {
    let server = Server::start("--rate 100 --payload-bytes 1000000 --drain-timeout 0.1");
    // Never read: the server's write to it cannot end.
    let stalled = open(&server, "/ws?after=0");
    reaches(server.address, "pushbench_updates_total", 30);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    drop(stalled);
}

#[test]
fn updates_that_were_published_are_delivered_before_the_end() {
    let server = Server::start("--rate 1000");
    let mut socket = open(&server, "/ws?after=0");
    reaches(server.address, "pushbench_updates_total", 300);
    server.signal(Signal::TERM);
    let mut updates = 0;
    loop {
        let frame = socket.frame();
        if frame.head[0] == CLOSE {
            assert_eq!(frame.close_code(), 1001);
            break;
        }
        updates += 1;
    }
    assert!(updates >= 300, "{updates}");
}
