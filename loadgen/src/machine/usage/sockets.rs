//! Memory that the kernel holds in TCP buffers: of one server's sockets (`sock_diag(7)`), or of all (`sockstat`).

use std::net::IpAddr;

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::{
    AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage, TCP_LISTEN,
    inet::{
        ExtensionFlags, InetRequest, SocketId, StateFlags,
        nlas::{MemInfo, Nla},
    },
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_SOCK_DIAG};

/// More than the kernel ever puts into one answer of a dump.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A TCP socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// The address that it is bound to.
    pub(super) local: IpAddr,
    /// Whether it waits for connections.
    pub(super) listens: bool,
    /// What names it in `/proc/PID/fd`; 0 for a connection that nobody has accepted.
    pub(super) inode: u64,
    /// What is in its buffers.
    pub(super) bytes: u64,
}

/// Every TCP socket whose local port is `port`. Fails as [`of_port`] does.
pub(super) fn at_port(port: u16) -> anyhow::Result<Vec<Held>> {
    let mut held = dump(AF_INET, port)?;
    held.append(&mut dump(AF_INET6, port)?);
    Ok(held)
}

/// Bytes in the buffers of every TCP socket whose local port is `port`: a server's end of its connections, without
/// the clients' ends that live in the same kernel when both are on one machine.
///
/// Fails if the kernel has no `sock_diag` or refuses it.
pub(super) fn of_port(port: u16) -> anyhow::Result<u64> {
    Ok(at_port(port)?.iter().map(|held| held.bytes).sum())
}

/// Bytes in the buffers of all TCP sockets, both ends of every connection (`mem` of `/proc/net/sockstat`).
///
/// Every processor keeps an account of its own of up to a megabyte before it tells the others, so the sum is off by
/// as much for each, to either side, and not 0 at rest.
pub(super) fn of_all_tcp() -> anyhow::Result<u64> {
    const PATH: &str = "/proc/net/sockstat";
    let text = std::fs::read_to_string(PATH).with_context(|| format!("{PATH} cannot be read"))?;
    let pages = tcp_pages(&text).with_context(|| format!("{PATH} has no TCP mem"))?;
    Ok(pages * procfs::page_size())
}

fn tcp_pages(sockstat: &str) -> Option<u64> {
    let fields = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    fields.split_whitespace().skip_while(|&field| field != "mem").nth(1)?.parse().ok()
}

fn dump(family: u8, port: u16) -> anyhow::Result<Vec<Held>> {
    const REFUSED: &str = "sock_diag refused";
    let mut socket = Socket::new(NETLINK_SOCK_DIAG).context(REFUSED)?;
    socket.bind_auto().context(REFUSED)?;
    socket.connect(&SocketAddr::new(0, 0)).context(REFUSED)?;
    socket.send(&request(family, port), 0).context(REFUSED)?;

    let mut found = Vec::new();
    let mut answer = Vec::with_capacity(ANSWER_BYTES_MAX);
    loop {
        answer.clear();
        socket.recv(&mut answer, 0).context(REFUSED)?;
        let mut rest = answer.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest).context("sock_diag answer")?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::Error(error) => bail!("{REFUSED}: {}", error.to_io()),
                // The kernel filters already; one that did not would count the clients as well.
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(socket))
                    if socket.header.socket_id.source_port == port =>
                {
                    found.push(Held {
                        local: socket.header.socket_id.source_address.to_canonical(),
                        listens: socket.header.state == TCP_LISTEN,
                        inode: socket.header.inode.into(),
                        bytes: socket.nlas.iter().map(held).sum(),
                    });
                }
                _ => {}
            }
            // Messages are aligned to four bytes.
            let length = message.header.length.next_multiple_of(4) as usize;
            rest = rest.get(length..).unwrap_or_default();
        }
    }
}

fn request(family: u8, port: u16) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(
        header,
        NetlinkPayload::from(SockDiagMessage::InetRequest(InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::SKMEMINFO,
            states: StateFlags::all() - StateFlags::TIME_WAIT,
            socket_id: SocketId { source_port: port, ..SocketId::new_v4() },
        })),
    );
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// What one socket holds: received and unread, written and not yet acknowledged, reserved and unused, received
/// while the socket was locked. The first three are what the kernel charges to TCP's memory.
///
/// Left out are `sk_wmem_alloc`, since a segment on its way is a clone that shares its bytes with `sk_wmem_queued`,
/// and `sk_omem_alloc`, which is slab.
fn held(attribute: &Nla) -> u64 {
    let Nla::MemInfo(MemInfo { receive_queue, send_queue, cache, backlog_queue_length, .. }) = attribute else {
        return 0;
    };
    // The kernel's reserve (`sk_forward_alloc`) is signed, and below zero for moments.
    let reserve = u64::try_from(cache.cast_signed()).unwrap_or(0);
    u64::from(*receive_queue) + u64::from(*send_queue) + reserve + u64::from(*backlog_queue_length)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    const QUEUED: usize = 32 << 10;

    /// Connected over loopback: the server's end, its port, the client's end.
    fn pair(listen: &str) -> (TcpStream, u16, TcpStream) {
        let listener = TcpListener::bind((listen, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        (listener.accept().unwrap().0, address.port(), client)
    }

    #[test]
    fn what_the_server_has_not_read_is_the_servers() {
        for listen in ["127.0.0.1", "::1"] {
            let (server, port, mut client) = pair(listen);
            let client_port = client.local_addr().unwrap().port();
            let before = of_port(port).unwrap();
            let mut bytes = vec![1; QUEUED];
            client.write_all(&bytes).unwrap();
            while server.peek(&mut bytes).unwrap() < QUEUED {}
            let after = of_port(port).unwrap();
            assert!(after - before >= QUEUED as u64, "{listen}: {before} -> {after}");
            assert!(of_port(client_port).unwrap() < QUEUED as u64, "{listen}: the client's end holds none of it");
            drop(server);
        }
    }

    #[test]
    fn what_a_stalled_reader_leaves_is_the_servers() {
        let (mut server, port, _client) = pair("127.0.0.1");
        server.set_nonblocking(true).unwrap();
        while server.write(&[1; 4096]).is_ok() {}
        let held = of_port(port).unwrap();
        assert!(held >= QUEUED as u64, "{held}");
        assert!(of_all_tcp().unwrap() > 0);
    }

    #[test]
    fn nobodys_port_holds_nothing() {
        let (server, port, client) = pair("127.0.0.1");
        drop((server, client));
        assert_eq!(of_port(port).unwrap(), 0);
    }

    #[test]
    fn sockstat_is_read_by_name() {
        let text = "sockets: used 14\nTCP: inuse 2 orphan 0 tw 0 alloc 2 mem 242\nUDP: inuse 0 mem 7\n";
        assert_eq!(tcp_pages(text), Some(242));
        assert_eq!(tcp_pages("UDP: inuse 0 mem 7\n"), None);
    }
}
