//! A link in the network namespace that this process is in already: its machine's, whose other programs come through it too.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use anyhow::{Context, anyhow, bail, ensure};
use procfs::net::RouteEntry;
use protocol::results::{Path, RoundTrip};

use super::{
    addresses::{Addresses, OWN},
    conditions::Conditions,
    control::Link,
    device,
    rights::Refused,
};

/// A route of fewer bits is where a machine sends what it knows no better way for, not a network that has these addresses.
const BITS_MIN: u32 = 8;
/// A connection through a link without delay that takes so long is not made: something drops its packets.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts a link of that round trip here, if there are rights to one, nobody has its addresses, and packets pass it.
///
/// The kernel keeps what it has learnt of the path, and its settings are those that are set here. A server that listens on
/// [`Link::own`] is reached through the link at [`Link::server`].
pub fn start_here(rtt_ms: f64) -> anyhow::Result<Link> {
    device::may_be_made().map_err(Refused::no_device)?;
    let addresses = Addresses::PRIVATE;
    let [own, server] = [OWN.into(), addresses.server()];
    [own, server].into_iter().try_for_each(is_free)?;
    let path = Path { rtt_ms: RoundTrip::constant(0.0), jitter_ms: 0.0, loss_percent: 0.0 };
    let link = Link::start(&Conditions { path, seed: 0 }, None)
        .map_err(|error| anyhow!("{error:#}; run this as root, or with CAP_NET_ADMIN"))?;
    passes(own, server)?;
    link.set_round_trip(rtt_ms);
    Ok(link)
}

/// Fails if an interface has that address, or a route leads to it.
fn is_free(address: IpAddr) -> anyhow::Result<()> {
    ensure!(UdpSocket::bind((address, 0)).is_err(), "this machine has the address {address} already");
    let routes = procfs::net::route().context("/proc/net/route cannot be read")?;
    if let Some(route) = routes.iter().find(|route| covers(route, address)) {
        let bits = u32::from(route.mask).count_ones();
        bail!(
            "{address} belongs to a network of this machine already: {}/{bits} by {}",
            route.destination,
            route.iface
        );
    }
    Ok(())
}

fn covers(route: &RouteEntry, address: IpAddr) -> bool {
    let [mask, destination] = [route.mask, route.destination].map(u32::from);
    let is_in = |address: Ipv4Addr| u32::from(address) & mask == destination;
    mask.count_ones() >= BITS_MIN && matches!(address, IpAddr::V4(address) if is_in(address))
}

/// Fails if no connection is made through the link, as where a firewall takes its device for the world outside.
fn passes(own: IpAddr, server: IpAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind((own, 0)).with_context(|| format!("cannot listen on {own}"))?;
    let through = SocketAddr::new(server, listener.local_addr()?.port());
    TcpStream::connect_timeout(&through, PATIENCE)
        .context("packets do not pass the link's device: does a firewall drop them? Let 10.99.0.2 in")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_has_the_address_covers_it_and_the_way_to_all_others_does_not() {
        for (destination, mask, covered) in [
            ([10, 99, 0, 0], [255, 255, 255, 0], true),
            ([10, 0, 0, 0], [255, 0, 0, 0], true),
            ([10, 99, 0, 2], [255, 255, 255, 255], true),
            ([10, 98, 0, 0], [255, 255, 0, 0], false),
            ([0, 0, 0, 0], [128, 0, 0, 0], false),
            ([0, 0, 0, 0], [0, 0, 0, 0], false),
        ] {
            let [destination, mask] = [destination, mask].map(Ipv4Addr::from);
            let route = RouteEntry {
                iface: "eth0".to_owned(),
                destination,
                gateway: Ipv4Addr::UNSPECIFIED,
                flags: 1,
                refcnt: 0,
                in_use: 0,
                metrics: 0,
                mask,
                mtu: 0,
                window: 0,
                irtt: 0,
            };
            assert_eq!(covers(&route, Addresses::PRIVATE.server()), covered, "{destination}/{mask}");
        }
    }

    #[test]
    fn an_address_of_an_interface_is_not_free() {
        let told = is_free(Ipv4Addr::LOCALHOST.into()).unwrap_err().to_string();
        assert_eq!(told, "this machine has the address 127.0.0.1 already");
    }
}
