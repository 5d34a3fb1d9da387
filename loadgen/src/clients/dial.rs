//! Connecting one client.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use nix::sys::socket::{
    setsockopt,
    sockopt::{IpBindAddressNoPort, KeepAlive, TcpKeepIdle, TcpKeepInterval, TcpUserTimeout},
};
use tokio::net::{TcpSocket, TcpStream};

/// Clients for each source address. A source has about 28,000 ports towards one server by default.
pub const CLIENTS_PER_SOURCE: u32 = 20_000;

/// A server that acknowledges nothing for so long, neither bytes nor probes, is dead.
const DEAD_AFTER_S: u32 = 60;
/// Seconds between two probes of a silent path, and before the first.
const PROBE_S: u32 = 15;

/// Connects client number `client`, with Nagle's algorithm off, so that a dead server is noticed within a minute.
///
/// To a server on loopback, every 20,000 clients come from another address of 127.0.0.0/8, so that ports suffice.
pub(crate) async fn dial(server: SocketAddr, client: u32) -> io::Result<TcpStream> {
    let socket = if server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_nodelay(true)?;
    setsockopt(&socket, KeepAlive, &true)?;
    setsockopt(&socket, TcpKeepIdle, &PROBE_S)?;
    setsockopt(&socket, TcpKeepInterval, &PROBE_S)?;
    setsockopt(&socket, TcpUserTimeout, &(DEAD_AFTER_S * 1_000))?;
    if let Some(source) = source(server.ip(), client) {
        // Without this the kernel would pick the port before it knows the destination, and run out sooner.
        setsockopt(&socket, IpBindAddressNoPort, &true)?;
        socket.bind((source, 0).into())?;
    }
    socket.connect(server).await
}

fn source(server: IpAddr, client: u32) -> Option<Ipv4Addr> {
    let group = client / CLIENTS_PER_SOURCE;
    match server {
        IpAddr::V4(server) if server.is_loopback() && group > 0 => {
            Some(Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + group))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_spread_over_loopback_only() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(source(loopback, CLIENTS_PER_SOURCE - 1), None);
        assert_eq!(source(loopback, CLIENTS_PER_SOURCE), Some(Ipv4Addr::new(127, 0, 0, 2)));
        assert_eq!(source(loopback, 300 * CLIENTS_PER_SOURCE), Some(Ipv4Addr::new(127, 0, 1, 45)));
        assert_eq!(source(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), CLIENTS_PER_SOURCE), None);
    }

    #[tokio::test]
    async fn a_further_source_address_connects() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = dial(listener.local_addr().unwrap(), 3 * CLIENTS_PER_SOURCE).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), Ipv4Addr::new(127, 0, 0, 4));
        assert!(stream.nodelay().unwrap());
    }
}
