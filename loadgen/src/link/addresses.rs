//! Which addresses there are at the two ends of a link.

use std::net::{IpAddr, Ipv4Addr};

/// As many clients have a source address of their own.
pub const CLIENTS_MAX: u32 = (1 << (32 - RANGE_BITS)) - 2;

/// How many bits of a client's address are those of the range.
pub(super) const RANGE_BITS: u8 = 16;
/// What is sent from no address of the range comes from here: the device's own.
pub(super) const OWN: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// What is sent there leaves by the device.
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
/// The first client's; what is sent to one of the range is for this machine.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 98, 0, 1);

/// The addresses by which clients use a link, and by which it knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub(super) server: Ipv4Addr,
    pub(super) first: Ipv4Addr,
}

impl Addresses {
    /// Those of a network namespace in which nobody else has any.
    pub(super) const PRIVATE: Self = Self { server: SERVER, first: FIRST };

    /// The address by which clients reach, through the link, a server that listens on all addresses.
    pub fn server(self) -> IpAddr {
        self.server.into()
    }

    /// The address that a client is to bind before it connects, which is nobody else's. `None` from [`CLIENTS_MAX`] on.
    pub fn source(self, client: u32) -> Option<Ipv4Addr> {
        (client < CLIENTS_MAX).then(|| Ipv4Addr::from_bits(self.first.to_bits() + client))
    }

    /// The number of the client whose address that is; of another address, a number that no client has.
    pub(super) fn client(self, source: Ipv4Addr) -> u32 {
        source.to_bits().wrapping_sub(self.first.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_an_address_and_is_known_by_it() {
        let addresses = Addresses::PRIVATE;
        for (client, source) in [(0, [10, 98, 0, 1]), (300, [10, 98, 1, 45]), (CLIENTS_MAX - 1, [10, 98, 255, 254])] {
            assert_eq!(addresses.source(client), Some(source.into()));
            assert_eq!(addresses.client(source.into()), client);
        }
        assert_eq!(addresses.source(CLIENTS_MAX), None);
        for other in [OWN, Ipv4Addr::LOCALHOST] {
            assert!(addresses.client(other) >= CLIENTS_MAX);
        }
    }
}
