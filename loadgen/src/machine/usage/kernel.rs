//! Memory that the kernel holds on behalf of a server, which shows in no process: socket buffers and slab.

use std::{thread, time::Duration};

use anyhow::Context;
use procfs::Current;

use super::sockets;

/// Kernel memory from a baseline on.
#[derive(Debug)]
pub(super) struct Kernel {
    port: u16,
    /// A proxy's that stands before it.
    proxy_port: Option<u16>,
    /// Why `sock_diag` cannot be used, if it cannot.
    refused: Option<String>,
    slab_baseline_bytes: u64,
}

impl Kernel {
    /// The baseline is now, or up to a second from now; `port` is the server's.
    pub(super) fn new(port: u16) -> anyhow::Result<Self> {
        let refused = sockets::of_port(port).err().map(|error| format!("{error:#}"));
        Ok(Self { port, proxy_port: None, refused, slab_baseline_bytes: settled_slab_bytes()? })
    }

    /// The sockets of a proxy that listens there are looked at as well.
    pub(super) fn also(&mut self, proxy_port: u16) {
        self.proxy_port = Some(proxy_port);
    }

    /// Buffers of the server's TCP sockets, in bytes.
    pub(super) fn socket_buffers(&self) -> anyhow::Result<u64> {
        if self.refused.is_some() {
            return sockets::of_all_tcp();
        }
        Ok(sockets::of_port(self.port)? + self.proxy_port.map_or(Ok(0), sockets::of_port)?)
    }

    /// The server's half of what the machine's slab has grown by, in bytes; with a proxy, three of a client's four ends are the server's or
    /// the proxy's.
    pub(super) fn slab(&self) -> anyhow::Result<u64> {
        let grown = slab_bytes()?.saturating_sub(self.slab_baseline_bytes);
        Ok(if self.proxy_port.is_some() { grown / 4 * 3 } else { grown / 2 })
    }

    /// How it is done, for the reader of the results.
    pub(super) fn method(&self) -> String {
        let buffers = match &self.refused {
            None => {
                "sock_diag, TCP sockets on the server's port: received + queued for sending + reserved + backlog".into()
            }
            Some(why) => format!("/proc/net/sockstat, TCP sockets of the whole machine, both ends ({why})"),
        };
        let share = match self.proxy_port {
            None => "halved, as both ends of a connection are on this machine",
            Some(_) => {
                "three quarters of it, as of a client's four ends one is its own (of the proxy's buffers those towards clients)"
            }
        };
        format!(
            "socket buffers: {buffers}; slab: growth of the whole machine's Slab in /proc/meminfo since the server \
             was ready, {share} (whatever else the machine did is in it)"
        )
    }
}

/// Slab once it no longer falls.
///
/// Connections that an earlier run closed give theirs back some tens of milliseconds later. A baseline that still
/// held them would hide as much of what the next run takes.
fn settled_slab_bytes() -> anyhow::Result<u64> {
    const STEP: Duration = Duration::from_millis(20);
    const STEPS_MAX: u32 = 50;
    const STEPS_QUIET: u32 = 3;
    let mut bytes = slab_bytes()?;
    let mut quiet = 0;
    for _ in 0..STEPS_MAX {
        if quiet == STEPS_QUIET {
            break;
        }
        thread::sleep(STEP);
        let now = slab_bytes()?;
        quiet = if now < bytes { 0 } else { quiet + 1 };
        bytes = now;
    }
    Ok(bytes)
}

fn slab_bytes() -> anyhow::Result<u64> {
    Ok(procfs::Meminfo::current().context("/proc/meminfo cannot be read")?.slab)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn idle_connections_are_slab_and_no_buffers() {
        const PAIRS: u64 = 300;
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let kernel = Kernel::new(address.port()).unwrap();
        let connect = |_| (TcpStream::connect(address).unwrap(), listener.accept().unwrap().0);
        let pairs: Vec<_> = (0..PAIRS).map(connect).collect();
        // 3.8 KiB an end were measured. What else runs on this machine moves the sum, so the bound is wide.
        let slab_bytes = kernel.slab().unwrap();
        assert!(slab_bytes >= PAIRS * 1_024, "{slab_bytes}");
        assert!(kernel.socket_buffers().unwrap() <= PAIRS * 8_192);
        drop(pairs);
    }

    #[test]
    fn a_refusal_is_named_and_the_whole_machine_counted() {
        let kernel = Kernel {
            port: 1,
            proxy_port: None,
            refused: Some("sock_diag refused: why".into()),
            slab_baseline_bytes: u64::MAX,
        };
        assert!(kernel.method().contains("whole machine, both ends (sock_diag refused: why)"), "{}", kernel.method());
        assert!(kernel.socket_buffers().is_ok());
        assert_eq!(kernel.slab().unwrap(), 0, "less than the baseline is nothing");
    }
}
