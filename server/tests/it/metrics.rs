//! `/metrics`: the format, the names, and that each figure moves as it should.

use std::net::SocketAddr;

use protocol::Transport;

use crate::{
    events::Events,
    http::{Connection, get, request},
    program::{ONE_UPDATE, Server, eventually},
    ws::Socket,
};

/// What a figure is at present; its name as it stands in the text, labels included.
pub(crate) fn metric(server: SocketAddr, name: &str) -> f64 {
    told(&mut Connection::open(server), name)
}

/// The same, as this connection is told it.
pub(crate) fn told(connection: &mut Connection, name: &str) -> f64 {
    let text = connection.get("/metrics").text().to_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
}

/// The name of a transport's figure.
pub(crate) fn of(transport: Transport, figure: &str) -> String {
    format!("pushbench_{figure}{{transport=\"{}\"}}", transport.as_served())
}

/// The name of the figure that says how often a bound was met.
pub(crate) fn met(bound: &str) -> String {
    format!("pushbench_bounds_met_total{{bound=\"{bound}\"}}")
}

/// Waits until a figure is so large.
pub(crate) fn reaches(server: SocketAddr, name: &str, least: u32) {
    eventually(&format!("{name} >= {least}"), || (metric(server, name) >= f64::from(least)).then_some(()));
}

pub(crate) fn falls_to_zero(server: SocketAddr, name: &str) {
    eventually(&format!("{name} is 0"), || (metric(server, name) < 0.5).then_some(()));
}

#[test]
fn it_is_openmetrics_text_with_every_figure() {
    let server = Server::start(ONE_UPDATE);
    let answer = get(server.address, "/metrics");
    assert_eq!(answer.status, 200);
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"), "{content_type}");
    let text = answer.text();
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    for (name, kind) in [
        ("connections", "gauge"),
        ("deliveries", "counter"),
        ("writes", "counter"),
        ("slow_consumers", "counter"),
        ("polls", "counter"),
        ("polls_timed_out", "counter"),
        ("accepted", "counter"),
        ("pings", "counter"),
        ("bounds_met", "counter"),
        ("full_sends", "counter"),
        ("batches_cut", "counter"),
        ("crowded_out", "counter"),
        ("topics", "gauge"),
        ("dead_paths", "counter"),
        ("accept_errors", "counter"),
        ("updates", "counter"),
        ("memory_in_use_bytes", "gauge"),
        ("received_bytes", "counter"),
        ("sent_bytes", "counter"),
        ("publisher_lateness_seconds", "histogram"),
    ] {
        assert_eq!(text.matches(&format!("# TYPE pushbench_{name} {kind}\n")).count(), 1, "{name}\n{text}");
    }
}

#[test]
fn every_delivery_and_byte_is_counted() {
    let server = Server::start(&format!("{ONE_UPDATE} --payload-bytes 1000"));
    let mut connection = Connection::open(server.address);
    for _ in 0..3 {
        assert_eq!(connection.get("/poll?after=0").status, 200);
    }
    Socket::open(server.address, "/ws?after=0").unwrap_or_else(|answer| panic!("{answer:?}")).line();
    Events::open(server.address, "after=0", "").unwrap_or_else(|answer| panic!("{answer:?}")).next();
    let now = |name: &str| metric(server.address, name);
    assert_eq!(now("pushbench_updates_total") as u32, 1);
    assert_eq!(now("pushbench_publisher_lateness_seconds_count") as u32, 1);
    assert_eq!(now("pushbench_polls_total") as u32, 3);
    for (transport, deliveries) in [(Transport::LongPoll, 3), (Transport::WebSocket, 1), (Transport::Sse, 1)] {
        assert_eq!(now(&of(transport, "deliveries_total")) as u32, deliveries, "{transport}");
        assert_eq!(now(&of(transport, "writes_total")) as u32, deliveries, "{transport}");
        assert_eq!(now(&of(transport, "slow_consumers_total")) as u32, 0, "{transport}");
    }
    let request_bytes = request("GET", "/poll?after=0").len() as f64;
    assert!(now("pushbench_received_bytes_total") >= 3.0 * request_bytes);
    assert!(now("pushbench_sent_bytes_total") >= 5_000.0);
}

#[test]
fn several_updates_in_one_answer_are_one_write() {
    let server = Server::start("--rate 1000");
    reaches(server.address, "pushbench_updates_total", 20);
    let answer = get(server.address, "/poll?after=0");
    let lines = answer.text().lines().count() as u32;
    assert!(lines >= 20, "{lines}");
    assert_eq!(metric(server.address, &of(Transport::LongPoll, "deliveries_total")) as u32, lines);
    assert_eq!(metric(server.address, &of(Transport::LongPoll, "writes_total")) as u32, 1);
}

#[test]
fn a_client_counts_while_it_is_there_and_no_longer() {
    let server = Server::start(ONE_UPDATE);
    reaches(server.address, "pushbench_updates_total", 1);
    for transport in Transport::ALL {
        let connections = of(transport, "connections");
        // Both wait for an update that will not come: gone they must be noticed without one.
        let mut connection = Connection::open(server.address);
        match transport {
            Transport::WebSocket => connection.send(crate::ws::upgrade("/ws")),
            Transport::Sse => connection.send(request("GET", "/sse")),
            Transport::LongPoll | Transport::ShortPoll => connection.send(request("GET", "/poll")),
        }
        reaches(server.address, &connections, 1);
        assert_eq!(metric(server.address, &connections) as u32, 1, "{transport}");
        drop(connection);
        falls_to_zero(server.address, &connections);
    }
}

#[test]
fn a_connection_that_never_polls_is_no_client() {
    let server = Server::start(ONE_UPDATE);
    let mut idle = Connection::open(server.address);
    assert_eq!(idle.get("/healthz").status, 200);
    assert_eq!(metric(server.address, &of(Transport::LongPoll, "connections")) as u32, 0);
    assert!(metric(server.address, "pushbench_accepted_total") >= 2.0);
}
