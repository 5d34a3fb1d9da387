//! Clients' own signals, and the echo: what goes up comes back acknowledged.

use protocol::{clock::now_ns, signal::Ack, wire::Refusal};

use crate::{
    client::stamp,
    http::{Answer, Connection},
    metrics::metric,
    program::{ONE_UPDATE, Server},
    websocket::quiet,
    ws::{CLOSE, PING, PONG, Socket, TEXT, masked, upgrade},
};

const BINARY: u8 = 0x82;

fn post(body: &str) -> String {
    format!("POST /send HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn open(server: &Server, target: &str) -> Socket {
    Socket::open(server.address, target).unwrap_or_else(|answer| panic!("{answer:?}"))
}

fn assert_received_between(ack: Ack, id: u64, sent_ns: u64) {
    assert_eq!(ack.id, id);
    assert!((sent_ns..=now_ns()).contains(&ack.received_ns), "{ack:?} was sent at {sent_ns}");
}

#[test]
fn a_signal_is_acknowledged_with_its_id_and_when_it_was_received_on_either_way() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    let mut socket = quiet(&server);
    for id in [0, 7, u64::MAX] {
        let signal = format!(r#"{{"id":{id},"data":{{"any":["JSON"]}}}}"#);
        let sent_ns = now_ns();
        connection.send(post(&signal));
        assert_received_between(connection.answer().json(), id, sent_ns);
        let sent_ns = now_ns();
        socket.connection.send(masked(TEXT, signal.as_bytes()));
        let frame = socket.frame();
        assert_eq!(frame.head[0], TEXT);
        assert_received_between(serde_json::from_slice(&frame.payload).unwrap(), id, sent_ns);
    }
    assert_eq!(metric(server.address, "pushbench_signals_total") as u32, 6);
}

#[test]
fn acknowledgements_and_updates_share_a_socket_and_neither_is_lost() {
    const SIGNALS: u64 = 200;
    let server = Server::start("--rate 1000");
    let mut socket = open(&server, "/ws?after=0");
    for id in 0..SIGNALS {
        socket.connection.send(masked(TEXT, format!(r#"{{"id":{id},"data":0}}"#).as_bytes()));
    }
    let (mut seq, mut acknowledged) = (0, 0);
    while acknowledged < SIGNALS || seq < 100 {
        let line = socket.line();
        if let Ok(ack) = serde_json::from_str::<Ack>(&line) {
            assert_eq!(ack.id, acknowledged, "in order");
            acknowledged += 1;
        } else {
            seq += 1;
            assert_eq!(stamp(&line).seq, seq);
        }
    }
}

#[test]
fn what_is_no_signal_is_refused_in_the_words_of_its_way() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    for bad in ["", "hello", r#"{"id":-1,"data":0}"#] {
        connection.send(post(bad));
        let answer = connection.answer();
        assert_eq!(answer.status, 400, "{bad}");
        let Refusal::BadSignal { message } = answer.json() else { panic!("{answer:?}") };
        assert!(message.starts_with("not a signal"), "{message}");
        // The longest reason must fit into a Close frame.
        let mut socket = quiet(&server);
        socket.connection.send(masked(TEXT, bad.as_bytes()));
        assert_eq!(socket.frame().close_code(), 1008, "{bad}");
        socket.connection.send(masked(CLOSE, &1008_u16.to_be_bytes()));
        socket.connection.closed();
    }
    let mut socket = quiet(&server);
    socket.connection.send(masked(BINARY, b"{}"));
    assert_eq!(socket.frame().close_code(), 1003);
}

#[test]
fn a_body_that_is_too_long_or_too_slow_is_refused_and_counted_as_nothing() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-body 100 --header-timeout 0.2"));
    let refused = |request: String| -> Answer {
        let mut connection = Connection::open(server.address);
        connection.send(request);
        let answer = connection.answer();
        assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
        answer
    };
    let signal = |bytes: usize| format!(r#"{{"id":1,"data":"{}"}}"#, "x".repeat(bytes - 18));
    let mut connection = Connection::open(server.address);
    connection.send(post(&signal(100)));
    assert_eq!(connection.answer().status, 200);
    let answer = refused(post(&signal(101)));
    assert_eq!(answer.status, 413);
    let Refusal::BodyTooLarge { message } = answer.json() else { panic!("{answer:?}") };
    assert!(message.contains("--max-body"), "{message}");
    let answer = refused(post(&signal(50))[..100].to_owned());
    assert_eq!(answer.status, 408);
    assert!(matches!(answer.json(), Refusal::BodyTooSlow { .. }), "{answer:?}");
    assert_eq!(metric(server.address, "pushbench_signals_total") as u32, 1);
}

#[test]
fn the_echo_gives_every_message_back() {
    let server = Server::start(&format!("{ONE_UPDATE} --max-message 300000"));
    let mut socket = open(&server, "/echo");
    let messages = [
        (TEXT, Vec::new()),
        (TEXT, "gr\u{fc}n".as_bytes().to_vec()),
        (BINARY, vec![0xff; 70_000]),
        (BINARY, vec![1; 300_000]),
    ];
    for (opcode, payload) in messages {
        socket.connection.send(masked(opcode, &payload));
        let frame = socket.frame();
        assert_eq!((frame.head[0], frame.payload.len()), (opcode, payload.len()));
        assert_eq!(frame.payload, payload);
    }
    socket.connection.send(masked(PING, b"?"));
    let frame = socket.frame();
    assert_eq!((frame.head[0], &frame.payload[..]), (PONG, &b"?"[..]));
    socket.connection.send(masked(BINARY, &vec![1; 300_001]));
    assert_eq!(socket.frame().close_code(), 1009);
}

#[test]
fn an_echo_does_not_hold_up_the_end() {
    let server = Server::start(ONE_UPDATE);
    let mut socket = open(&server, "/echo");
    server.signal(rustix::process::Signal::TERM);
    socket.connection.closed();
    assert!(server.ended().success());
}

#[test]
fn the_subprotocol_is_chosen_where_it_is_offered_and_not_otherwise() {
    let server = Server::start(ONE_UPDATE);
    for (offered, chosen) in [
        (None, None),
        (Some("pushbench.v1"), Some("pushbench.v1")),
        (Some("chat, pushbench.v1"), Some("pushbench.v1")),
        (Some("chat\r\nSec-WebSocket-Protocol: pushbench.v1"), Some("pushbench.v1")),
        (Some("chat"), None),
        (Some("pushbench.v12"), None),
    ] {
        let offer = offered.map_or_else(String::new, |offered| format!("Sec-WebSocket-Protocol: {offered}\r\n"));
        let mut connection = Connection::open(server.address);
        connection.send(upgrade("/ws").replacen("Host:", &(offer + "Host:"), 1));
        let answer = connection.answer();
        assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, chosen), "{offered:?}");
    }
}
