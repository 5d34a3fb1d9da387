//! What an idle client costs, by the allocator's own account: so that no library's buffers come back unnoticed.

use protocol::{Engine, Transport};

use crate::{
    events::Events,
    http::{Connection, request},
    metrics::{metric, of, reaches},
    program::{ONE_UPDATE, Server},
    ws::Socket,
};

const CLIENTS: u32 = 200;

/// Bytes for each of so many idle clients. A default buffer of tungstenite's would be 128 KiB, one of hyper's 8 KiB.
fn bytes_per_client<C>(engine: Engine, transport: Transport, open: impl Fn(&Server) -> C) -> f64 {
    let server = Server::start(&format!("{ONE_UPDATE} --engine {engine}"));
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

/// Whom a library serves it keeps its buffers for, and for nobody else.
#[test]
fn an_idle_websocket_costs_under_four_kib_and_tungstenites_buffer_by_stock() {
    let open = |server: &Server| Socket::open(server.address, "/ws").unwrap_or_else(|answer| panic!("{answer:?}"));
    for (engine, expected) in [(Engine::Lean, 0.0..4096.0), (Engine::Stock, 4096.0..8192.0)] {
        let bytes = bytes_per_client(engine, Transport::WebSocket, open);
        assert!(expected.contains(&bytes), "{engine}: {bytes}");
    }
}

fn parked(server: &Server) -> Connection {
    let mut connection = Connection::open(server.address);
    // Answered once, so that whatever an answer needs is there, then parked.
    assert_eq!(connection.get("/poll?wait_ms=0").status, 204);
    connection.send(request("GET", "/poll"));
    connection
}

#[test]
fn a_parked_poll_costs_under_three_kib_and_hypers_buffer_by_stock() {
    for (engine, expected) in [(Engine::Lean, 0.0..3072.0), (Engine::Stock, 8192.0..24_576.0)] {
        let bytes = bytes_per_client(engine, Transport::LongPoll, parked);
        assert!(expected.contains(&bytes), "{engine}: {bytes}");
    }
}

#[test]
fn who_waits_for_events_costs_at_most_a_tenth_more_than_a_parked_poll() {
    let open = |server: &Server| Events::open(server.address, "", "").unwrap_or_else(|answer| panic!("{answer:?}"));
    let events = bytes_per_client(Engine::Lean, Transport::Sse, open);
    let poll = bytes_per_client(Engine::Lean, Transport::LongPoll, parked);
    assert!(events <= 1.1 * poll, "{events} against {poll}");
}
