//! Clients that are there no more, or do nothing any more, are found and let go.

use protocol::Transport;

use crate::{
    http::{Connection, request},
    metrics::{falls_to_zero, met, metric, of, reaches},
    program::{ONE_UPDATE, Server},
    websocket::quiet,
    ws::{PING, PONG, Socket, TEXT, masked},
};

#[test]
fn who_answers_pings_stays_and_who_does_not_is_closed() {
    let server = Server::start(&format!("{ONE_UPDATE} --ping-interval 0.1"));
    let mut socket = quiet(&server);
    for _ in 0..3 {
        let ping = socket.frame();
        assert_eq!((ping.head[0], ping.payload.len()), (PING, 0));
        socket.connection.send(masked(PONG, &ping.payload));
    }
    assert_eq!(metric(server.address, &met("ping_interval")) as u32, 0);
    // Whatever it says is a sign of life.
    assert_eq!(socket.frame().head[0], PING);
    socket.connection.send(masked(TEXT, br#"{"id":1,"data":null}"#));
    assert_eq!(socket.frame().head[0], TEXT, "acknowledged");
    assert_eq!(socket.frame().head[0], PING);
    assert_eq!(socket.frame().close_code(), 1011);
    // It does not answer that either.
    socket.connection.closed();
    assert_eq!(metric(server.address, &met("ping_interval")) as u32, 1);
    assert!(metric(server.address, "pushbench_pings_total") >= 5.0);
    falls_to_zero(server.address, &of(Transport::WebSocket, "connections"));
}

#[test]
fn a_reader_that_has_stopped_is_let_go_and_its_memory_too() {
    // Two seconds until TCP gives up: it knows nothing finer.
    let server = Server::start("--rate 50 --payload-bytes 400000 --history 20 --ping-interval 1");
    let mut stalled_poll = Connection::open(server.address);
    stalled_poll.send(request("GET", "/poll?after=0&wait_ms=20000"));
    let stalled_socket = Socket::open(server.address, "/ws").unwrap_or_else(|answer| panic!("{answer:?}"));
    let mut stalled_events = Connection::open(server.address);
    stalled_events.send(request("GET", "/sse?after=0"));
    for transport in [Transport::WebSocket, Transport::LongPoll, Transport::Sse] {
        reaches(server.address, &of(transport, "deliveries_total"), 1);
        falls_to_zero(server.address, &of(transport, "connections"));
    }
    drop((stalled_poll, stalled_socket, stalled_events));
}
