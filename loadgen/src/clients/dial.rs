//! Connecting one client.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use nix::sys::socket::{
    setsockopt,
    sockopt::{IpBindAddressNoPort, KeepAlive, TcpKeepIdle, TcpKeepInterval, TcpUserTimeout},
};
use tokio::net::{TcpSocket, TcpStream};

use crate::link::Addresses;

/// Clients for each source address. A source has about 28,000 ports towards one server by default, and a client may
/// have two connections.
pub const CLIENTS_PER_SOURCE: u32 = 10_000;

/// A server that acknowledges nothing for so long, neither bytes nor probes, is dead.
const DEAD_AFTER_S: u32 = 60;
/// Seconds between two probes of a silent path, and before the first.
const PROBE_S: u32 = 15;

/// Connects client number `client`, with Nagle's algorithm off, so that a dead server is noticed within a minute.
///
/// Through a link each client has an address of its own, by which the link knows it. To a server on this machine every 10,000 clients
/// come from another address of 127.0.0.0/8, so that ports suffice.
pub(crate) async fn dial(server: SocketAddr, client: u32, link: Option<Addresses>) -> io::Result<TcpStream> {
    let server = SocketAddr::new(meant(server.ip()), server.port());
    let socket = if server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_nodelay(true)?;
    setsockopt(&socket, KeepAlive, &true)?;
    setsockopt(&socket, TcpKeepIdle, &PROBE_S)?;
    setsockopt(&socket, TcpKeepInterval, &PROBE_S)?;
    setsockopt(&socket, TcpUserTimeout, &(DEAD_AFTER_S * 1_000))?;
    if let Some(source) = link.and_then(|link| link.source(client)).or_else(|| source(server.ip(), client)) {
        // Without this the kernel would pick the port before it knows the destination, and run out sooner.
        setsockopt(&socket, IpBindAddressNoPort, &true)?;
        socket.bind((source, 0).into())?;
    }
    socket.connect(server).await
}

/// Whether clients of that server can be spread over source addresses: it is on this machine, and speaks IPv4, of which
/// loopback has 16 million addresses. IPv6 has one, and what others route back to us is not ours to choose.
pub fn spreads(server: IpAddr) -> bool {
    let server = meant(server);
    // Only what is an address of this machine can be bound to.
    server.is_ipv4() && (server.is_loopback() || UdpSocket::bind((server, 0)).is_ok())
}

/// The address that an IPv4 address in IPv6 clothes stands for, or `0.0.0.0`, by which people mean this machine.
fn meant(server: IpAddr) -> IpAddr {
    match server.to_canonical() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        other => other,
    }
}

fn source(server: IpAddr, client: u32) -> Option<Ipv4Addr> {
    let group = client / CLIENTS_PER_SOURCE;
    (group > 0 && spreads(server)).then(|| Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_spread_towards_any_ipv4_address_of_this_machine() {
        for server in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "0.0.0.0"].map(|text| text.parse().unwrap()) {
            assert_eq!(source(server, CLIENTS_PER_SOURCE - 1), None);
            assert_eq!(source(server, CLIENTS_PER_SOURCE), Some(Ipv4Addr::new(127, 0, 0, 2)), "{server}");
            assert_eq!(source(server, 300 * CLIENTS_PER_SOURCE), Some(Ipv4Addr::new(127, 0, 1, 45)));
        }
        // Of IPv6 there is one loopback address; the other is reserved for documents, and nobody's.
        for server in ["::1", "203.0.113.1"].map(|text| text.parse().unwrap()) {
            assert_eq!(source(server, CLIENTS_PER_SOURCE), None, "{server}");
        }
    }

    #[tokio::test]
    async fn a_further_source_address_connects_to_whatever_address_the_server_has() {
        for listens in ["127.0.0.1", "127.9.9.9", "0.0.0.0"] {
            let listener = tokio::net::TcpListener::bind((listens, 0)).await.unwrap();
            let stream = dial(listener.local_addr().unwrap(), 3 * CLIENTS_PER_SOURCE, None).await.unwrap();
            assert_eq!(stream.local_addr().unwrap().ip(), Ipv4Addr::new(127, 0, 0, 4), "{listens}");
            assert!(stream.nodelay().unwrap());
        }
    }
}
