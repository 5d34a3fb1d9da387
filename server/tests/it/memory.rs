//! What an idle client costs, by the allocator's own account: so that no library's buffers come back unnoticed.

use protocol::Transport;

use crate::{
    http::{Connection, request},
    metrics::{metric, of, reaches},
    program::{ONE_UPDATE, Server},
    ws::Socket,
};

const CLIENTS: u32 = 200;

/// Bytes for each of so many idle clients. A default buffer of tungstenite's would be 128 KiB, one of hyper's 8 KiB.
fn bytes_per_client<C>(transport: Transport, open: impl Fn(&Server) -> C) -> f64 {
    let server = Server::start(ONE_UPDATE);
    let in_use = || metric(server.address, "pushbench_memory_in_use_bytes");
    // What is made once, for whoever comes first, is not counted.
    let first = open(&server);
    reaches(server.address, &of(transport, "connections"), 1);
    let before = in_use();
    let clients: Vec<C> = (0..CLIENTS).map(|_| open(&server)).collect();
    reaches(server.address, &of(transport, "connections"), 1 + CLIENTS);
    let bytes = (in_use() - before) / f64::from(CLIENTS);
    drop((first, clients));
    bytes
}

#[test]
fn an_idle_websocket_costs_under_four_kib() {
    let open = |server: &Server| Socket::open(server.address, "/ws").unwrap_or_else(|answer| panic!("{answer:?}"));
    let bytes = bytes_per_client(Transport::WebSocket, open);
    assert!(bytes < 4096.0, "{bytes}");
}

#[test]
fn a_parked_poll_costs_under_three_kib() {
    let open = |server: &Server| {
        let mut connection = Connection::open(server.address);
        // Answered once, so that whatever an answer needs is there, then parked.
        assert_eq!(connection.get("/poll?wait_ms=0").status, 204);
        connection.send(request("GET", "/poll"));
        connection
    };
    let bytes = bytes_per_client(Transport::LongPoll, open);
    assert!(bytes < 3072.0, "{bytes}");
}
