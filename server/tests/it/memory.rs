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

/// A log, its ring and one update, a place to wait: for each client what it otherwise shares with all.
#[test]
fn a_topic_of_its_own_costs_a_client_less_than_a_third_more() {
    let bytes = |own: bool| {
        let server = Server::start(&format!("{ONE_UPDATE} --speak"));
        let in_use = || metric(server.address, "pushbench_memory_in_use_bytes");
        let mut speaker = Connection::open(server.address);
        let mut open = |number: u32| {
            let topic = if own { format!("&topic={number}") } else { String::new() };
            let mut connection = Connection::open(server.address);
            if own {
                // As long as those that are made up.
                let said = format!(r#"{{"id":1,"due_ns":100000000000000,"data":"{}"}}"#, "x".repeat(80));
                let length = said.len();
                speaker.send(format!(
                    "POST /send?topic={number} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{said}"
                ));
                assert_eq!(speaker.answer().status, 200);
            }
            // It has had an update, and waits for the next.
            assert_eq!(connection.get(&format!("/poll?after=0{topic}")).status, 200);
            connection.send(request("GET", &format!("/poll?after=1{topic}")));
            connection
        };
        let first = open(CLIENTS);
        let before = in_use();
        let clients: Vec<_> = (0..CLIENTS).map(&mut open).collect();
        reaches(server.address, "pushbench_polls_total", 2 * (CLIENTS + 1));
        let bytes = (in_use() - before) / f64::from(CLIENTS);
        drop((first, clients));
        bytes
    };
    let (own, shared) = (bytes(true), bytes(false));
    assert!(own <= 1.3 * shared, "{own} against {shared}");
}

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
