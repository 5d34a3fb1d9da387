//! WebSocket to the letter (RFC 6455): the handshake, frames both ways, and peers that break the rules.

use crate::{
    client::stamp,
    http::{Connection, get},
    metrics::reaches,
    program::{ONE_UPDATE, Server},
    ws::{ACCEPT, CLOSE, PING, PONG, Socket, TEXT, masked, upgrade},
};

/// A socket on which no update will come.
pub(crate) fn quiet(server: &Server) -> Socket {
    reaches(server.address, "pushbench_updates_total", 1);
    open(server, "/ws?after=1")
}

fn open(server: &Server, target: &str) -> Socket {
    Socket::open(server.address, target).unwrap_or_else(|answer| panic!("{answer:?}"))
}

#[test]
fn the_sample_key_of_the_rfc_gets_its_answer() {
    let server = Server::start(ONE_UPDATE);
    let socket = quiet(&server);
    let header = |name| socket.handshake.header(name);
    assert_eq!(header("sec-websocket-accept"), Some(ACCEPT));
    assert!(header("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")));
    assert!(header("connection").is_some_and(|connection| connection.eq_ignore_ascii_case("upgrade")));
    assert_eq!(header("sec-websocket-extensions"), None, "nothing was offered");
    assert_eq!(socket.handshake.cursor(), 1);
}

#[test]
fn the_first_frame_follows_the_cursor_of_the_handshake() {
    let server = Server::start("--rate 1000");
    for _ in 0..20 {
        let mut socket = open(&server, "/ws");
        assert_eq!(stamp(&socket.line()).seq, socket.handshake.cursor() + 1);
    }
}

#[test]
fn an_update_is_one_unmasked_text_frame_with_the_shortest_length() {
    for (payload_bytes, head) in [
        (64, &[TEXT, 64][..]),
        (125, &[TEXT, 125]),
        (126, &[TEXT, 126, 0, 126]),
        (65_535, &[TEXT, 126, 0xff, 0xff]),
        (70_000, &[TEXT, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
    ] {
        let server = Server::start(&format!("--rate 50 --payload-bytes {payload_bytes}"));
        let mut socket = open(&server, "/ws?after=0");
        for seq in 1..=3 {
            let frame = socket.frame();
            assert_eq!(frame.head, head, "{payload_bytes}");
            assert_eq!(stamp(std::str::from_utf8(&frame.payload).unwrap()).seq, seq);
        }
    }
}

#[test]
fn a_ping_gets_its_payload_back() {
    let server = Server::start(ONE_UPDATE);
    let mut socket = quiet(&server);
    for payload in [&b""[..], b"hello", &[0xff; 125]] {
        socket.connection.send(masked(PING, payload));
        let pong = socket.frame();
        assert_eq!((pong.head[0], &pong.payload[..]), (PONG, payload));
    }
}

#[test]
fn pings_in_a_busy_stream_are_answered_between_whole_frames() {
    let server = Server::start("--rate 2000 --payload-bytes 1000");
    let mut socket = open(&server, "/ws?after=0");
    let (mut seq, mut pongs) = (0, 0);
    for ping in 0..20_u8 {
        socket.connection.send(masked(PING, &[ping]));
        loop {
            let frame = socket.frame();
            if frame.head[0] == PONG {
                assert_eq!(frame.payload, [ping]);
                pongs += 1;
                break;
            }
            seq += 1;
            assert_eq!(stamp(std::str::from_utf8(&frame.payload).unwrap()).seq, seq);
        }
    }
    assert_eq!(pongs, 20);
}

#[test]
fn a_frame_sent_together_with_the_handshake_is_not_lost() {
    let server = Server::start(ONE_UPDATE);
    reaches(server.address, "pushbench_updates_total", 1);
    let mut connection = Connection::open(server.address);
    connection.send([upgrade("/ws?after=1").as_bytes(), &masked(PING, b"early")].concat());
    let handshake = connection.answer();
    assert_eq!(handshake.status, 101);
    assert_eq!(Socket { connection, handshake }.frame().payload, b"early");
}

#[test]
fn a_close_is_answered_with_the_same_code() {
    let server = Server::start(ONE_UPDATE);
    let mut socket = quiet(&server);
    socket.connection.send(masked(CLOSE, &[&1000_u16.to_be_bytes()[..], b"bye"].concat()));
    assert_eq!(socket.frame().close_code(), 1000);
    socket.connection.closed();
}

#[test]
fn no_update_follows_the_answer_to_a_close() {
    let server = Server::start("--rate 5000");
    for _ in 0..100 {
        let mut socket = open(&server, "/ws");
        socket.connection.send(masked(CLOSE, &1000_u16.to_be_bytes()));
        while socket.frame().head[0] != CLOSE {}
        socket.connection.closed();
    }
}

#[test]
fn a_peer_that_breaks_the_rules_is_told_which_and_closed() {
    let server = Server::start(ONE_UPDATE);
    let unmasked = vec![TEXT, 2, b'h', b'i'];
    let reserved_bit = masked(TEXT | 0x40, b"hi");
    let unknown_opcode = masked(0x83, b"hi");
    let long_ping = masked(PING, &[0; 126]);
    let not_utf8 = masked(TEXT, &[0xc3, 0x28]);
    let too_long = masked(TEXT, &vec![b'x'; 65 << 10]);
    for (frame, code) in [
        (unmasked, 1002),
        (reserved_bit, 1002),
        (unknown_opcode, 1002),
        (long_ping, 1002),
        (not_utf8, 1007),
        (too_long, 1009),
    ] {
        let mut socket = quiet(&server);
        socket.connection.send(&frame);
        assert_eq!(socket.frame().close_code(), code, "{:x?}", &frame[..8.min(frame.len())]);
        socket.connection.send(masked(CLOSE, &code.to_be_bytes()));
        socket.connection.closed();
    }
    assert_eq!(get(server.address, "/healthz").status, 200);
}
