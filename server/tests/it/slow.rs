//! A reader that is too slow falls out of the ring: it is told, it is counted, and nobody else notices.

use std::net::TcpStream;

use protocol::Transport;
use socket2::{Domain, Socket as RawSocket, Type};

use crate::{
    client::{Client, assert_consecutive, stamp},
    metrics::{metric, of, reaches},
    program::Server,
    ws::{CLOSE, Socket},
};

/// Three quarters of a second of a stream of 8 MB a second.
const OPTIONS: &str = "--rate 400 --payload-bytes 20000 --history 300";
/// By then a reader that stopped at the start has lost its place, whatever buffers hold for it.
const TOO_FAR: u32 = 700;

/// A connection that the kernel buffers little for.
fn narrow(server: &Server) -> TcpStream {
    let socket = RawSocket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8 << 10).unwrap();
    socket.connect(&server.address.into()).unwrap();
    socket.into()
}

#[test]
fn it_is_closed_and_counted_and_others_miss_nothing() {
    let server = Server::start(OPTIONS);
    let mut slow = Socket::over(narrow(&server), "/ws?after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
    let others = Transport::ALL.map(|transport| {
        let mut client =
            Client::open(transport, server.address, "after=0").unwrap_or_else(|answer| panic!("{answer:?}"));
        std::thread::spawn(move || client.lines(TOO_FAR as usize))
    });
    reaches(server.address, "pushbench_updates_total", TOO_FAR);

    // It reads again: what was on its way, without a gap, and then why there is no more.
    let mut read = Vec::new();
    let close = loop {
        let frame = slow.frame();
        if frame.head[0] == CLOSE {
            break frame;
        }
        read.push(String::from_utf8(frame.payload).unwrap());
    };
    assert_eq!(close.close_code(), 1013, "try again later");
    assert!(String::from_utf8_lossy(&close.payload[2..]).starts_with("cursor expired"), "{close:?}");
    assert_consecutive(&read, 1);
    assert!(stamp(read.last().unwrap()).seq < u64::from(TOO_FAR) - 300);

    for other in others {
        assert_consecutive(&other.join().unwrap(), 1);
    }
    for (transport, slow) in [(Transport::WebSocket, 1), (Transport::LongPoll, 0), (Transport::Sse, 0)] {
        assert_eq!(metric(server.address, &of(transport, "slow_consumers_total")) as u32, slow, "{transport}");
    }
}
