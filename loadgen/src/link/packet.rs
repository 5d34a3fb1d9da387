//! What is read of a packet, and what is changed: its two addresses trade places, which leaves every checksum as it was.

use std::net::Ipv4Addr;

/// An IPv4 head without options.
const HEAD_BYTES_MIN: usize = 20;
/// A multiplier that spreads what follows each other (the golden ratio's; Knuth, vol. 3, section 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What tells whose packet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Where it came from. Both ends of a client's connections have its address: the server answers from the one it was called by.
    pub(super) source: Ipv4Addr,
    /// The sender's port and the receiver's, which tell one direction from the other.
    pub(super) ports: u32,
}

impl Head {
    /// A number of so many bits for its connection and direction.
    pub(super) fn flow(self, bits: u32) -> usize {
        let connection = u64::from(self.source.to_bits()) << 32 | u64::from(self.ports);
        (connection.wrapping_mul(SPREAD) >> (64 - bits)) as usize
    }
}

/// Turns a packet back to where it came from, as if it came from where it was sent to. `None` of what is not IPv4.
pub(super) fn turn(packet: &mut [u8]) -> Option<Head> {
    if packet.len() < HEAD_BYTES_MIN || packet[0] >> 4 != 4 {
        return None;
    }
    let word = |at: usize| Some(u32::from_be_bytes(packet.get(at..at + 4)?.try_into().ok()?));
    let head_bytes = usize::from(packet[0] & 15) * 4;
    let head = Head { source: Ipv4Addr::from_bits(word(12)?), ports: word(head_bytes).unwrap_or(0) };
    let (source, destination) = packet[12..HEAD_BYTES_MIN].split_at_mut(4);
    source.swap_with_slice(destination);
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_trade_places_and_nothing_else_changes() {
        let mut packet: Vec<u8> = (0..28).collect();
        packet[0] = 0x45;
        let head = turn(&mut packet).unwrap();
        assert_eq!(head, Head { source: Ipv4Addr::new(12, 13, 14, 15), ports: 0x1415_1617 });
        assert_eq!(packet[12..20], [16, 17, 18, 19, 12, 13, 14, 15]);
        assert!(packet[1..12].iter().copied().eq(1..12) && packet[20..].iter().copied().eq(20..28));
    }

    #[test]
    fn what_is_not_ipv4_is_left_alone() {
        let mut with_options = [0x46; 24];
        assert_eq!(turn(&mut with_options).unwrap().ports, 0, "they would begin behind its end");
        for mut other in [vec![], vec![0x45; 19], vec![0x60; 40]] {
            let before = other.clone();
            assert_eq!((turn(&mut other), other), (None, before));
        }
    }
}
