//! `--max-connections`: who comes too many is told so, and room that is made is given to the next.

use protocol::{Transport, wire::Refusal};

use crate::{
    http::{Connection, get, request},
    metrics::{met, metric},
    program::{ONE_UPDATE, Server, eventually},
    ws::{Socket, upgrade},
};

fn hold(server: &Server, transport: Transport) -> Connection {
    match transport {
        Transport::WebSocket => {
            Socket::open(server.address, "/ws").unwrap_or_else(|answer| panic!("{answer:?}")).connection
        }
        Transport::Sse => {
            let mut connection = Connection::open(server.address);
            connection.send(request("GET", "/sse"));
            assert_eq!(connection.head().status, 200);
            connection
        }
        Transport::LongPoll | Transport::ShortPoll => {
            let mut connection = Connection::open(server.address);
            assert_eq!(connection.get("/poll?wait_ms=0").status, 204);
            connection
        }
    }
}

#[test]
fn one_too_many_is_turned_away_and_room_is_given_back() {
    for transport in Transport::ALL {
        let server = Server::start(&format!("{ONE_UPDATE} --max-connections 2"));
        let held = [hold(&server, transport), hold(&server, transport)];
        for request in [request("GET", "/poll"), request("GET", "/healthz"), upgrade("/ws")] {
            let mut third = Connection::open(server.address);
            third.send(request);
            let answer = third.answer();
            assert_eq!(answer.status, 503, "{transport}: {answer:?}");
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert_eq!(answer.header("connection"), Some("close"));
            let Refusal::TooManyConnections { message } = answer.json() else { panic!("{answer:?}") };
            assert!(message.contains("--max-connections"), "{message}");
            third.closed();
        }
        drop(held);
        eventually("there is room again", || (get(server.address, "/healthz").status == 200).then_some(()));
        assert!(metric(server.address, &met("max_connections")) >= 3.0);
    }
}

#[test]
fn within_the_bound_nobody_is_turned_away() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-connections {}", Transport::ALL.len() + 1));
    let held = Transport::ALL.map(|transport| hold(&server, transport));
    assert_eq!(metric(server.address, &met("max_connections")) as u32, 0);
    drop(held);
}
