//! What the kernel counts of TCP in our network namespace, whoever's connections they are.

use anyhow::Context;
use protocol::results::TcpUsage;

/// Segments and acknowledgements since the kernel was started; [`tcp_between`] two readings is what a time saw. `None` where the kernel
/// does not tell, as in some containers: that fails no run.
pub fn tcp_reading() -> Option<TcpUsage> {
    Some(TcpUsage {
        segments: procfs::net::snmp().ok()?.tcp_out_segs,
        delayed_acks: tcp_counter("DelayedACKs").ok()?,
        data_segments: tcp_counter("TCPOrigDataSent").ok()?,
    })
}

/// What was counted between two readings.
pub fn tcp_between(before: TcpUsage, after: TcpUsage) -> TcpUsage {
    TcpUsage {
        segments: after.segments.saturating_sub(before.segments),
        delayed_acks: after.delayed_acks.saturating_sub(before.delayed_acks),
        data_segments: after.data_segments.saturating_sub(before.data_segments),
    }
}

/// A counter of the kernel's TCP since it was started: `/proc/net/netstat`, a line of names above a line of values.
pub(super) fn tcp_counter(name: &str) -> anyhow::Result<u64> {
    const FILE: &str = "/proc/net/netstat";
    let text = std::fs::read_to_string(FILE).context(FILE)?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt: ")).map(str::split_whitespace);
    let (names, values) = lines.next().zip(lines.next()).with_context(|| format!("{FILE}: no TcpExt"))?;
    let value = names.zip(values).find(|(known, _)| *known == name).map(|(_, value)| value.parse());
    value.with_context(|| format!("{FILE}: no {name}"))?.with_context(|| format!("{FILE}: {name}"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn segments_and_their_acknowledgements_show() {
        const TIMES: u64 = 50;
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        sender.set_nodelay(true).unwrap();
        let mut receiver = listener.accept().unwrap().0;
        let before = tcp_reading().unwrap();
        for _ in 0..TIMES {
            sender.write_all(b"update").unwrap();
            receiver.read_exact(&mut [0; 6]).unwrap();
        }
        let counted = tcp_between(before, tcp_reading().unwrap());
        // Others may have sent more meanwhile. The first 16 are acknowledged at once, but for those that the handshake used.
        assert!(counted.data_segments >= TIMES && counted.segments >= counted.data_segments + 8, "{counted:?}");
    }
}
