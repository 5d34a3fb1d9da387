//! How busy the whole machine is, whoever keeps it so.

use anyhow::Context;
use procfs::{CurrentSI, KernelStats};
use protocol::{clock::NS_PER_SEC, results::MachineUsage};

/// Processor time of the whole machine since it was started; [`machine_between`] two readings is what was used.
///
/// Fails where `/proc/stat` cannot be read.
pub fn machine_reading() -> anyhow::Result<MachineUsage> {
    let stat = KernelStats::current().context("processor time of the machine")?;
    let cpu = &stat.total;
    let tick_ns = NS_PER_SEC / procfs::ticks_per_second();
    let rare: u64 = [cpu.irq, cpu.softirq].into_iter().flatten().sum();
    Ok(MachineUsage {
        processors: stat.cpu_time.len().max(1) as u32,
        busy_ns: (cpu.user + cpu.nice + cpu.system + rare) * tick_ns,
        stolen_ns: cpu.steal.unwrap_or(0) * tick_ns,
        listen_overflows: tcp_counter("ListenOverflows")?,
        memory_pressures: tcp_counter("TCPMemoryPressures")?,
    })
}

/// What the machine used between two readings.
pub fn machine_between(before: MachineUsage, after: MachineUsage) -> MachineUsage {
    MachineUsage {
        processors: after.processors,
        busy_ns: after.busy_ns.saturating_sub(before.busy_ns),
        stolen_ns: after.stolen_ns.saturating_sub(before.stolen_ns),
        listen_overflows: after.listen_overflows.saturating_sub(before.listen_overflows),
        memory_pressures: after.memory_pressures.saturating_sub(before.memory_pressures),
    }
}

/// A counter of the kernel's TCP since it was started: `/proc/net/netstat`, a line of names above a line of values.
fn tcp_counter(name: &str) -> anyhow::Result<u64> {
    const FILE: &str = "/proc/net/netstat";
    let text = std::fs::read_to_string(FILE).context(FILE)?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt: ")).map(str::split_whitespace);
    let (names, values) = lines.next().zip(lines.next()).with_context(|| format!("{FILE}: no TcpExt"))?;
    let value = names.zip(values).find(|(known, _)| *known == name).map(|(_, value)| value.parse());
    value.with_context(|| format!("{FILE}: no {name}"))?.with_context(|| format!("{FILE}: {name}"))
}

#[cfg(test)]
mod tests {
    use protocol::clock::now_ns;

    use super::*;

    #[test]
    fn a_full_queue_shows() {
        use socket2::{Domain, Socket, Type};
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let before = machine_reading().unwrap();
        let clients: Vec<Socket> = (0..8)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                // In progress, for ever: nobody accepts.
                let _ = client.connect(&listener.local_addr().unwrap());
                client
            })
            .collect();
        let after = machine_reading().unwrap();
        assert!(machine_between(before, after).listen_overflows > 0, "{} connections", clients.len());
    }

    #[test]
    fn a_spin_shows() {
        let before = machine_reading().unwrap();
        let start_ns = now_ns();
        while now_ns() - start_ns < NS_PER_SEC / 5 {}
        let spun = machine_between(before, machine_reading().unwrap());
        assert!(spun.busy_ns + spun.stolen_ns >= NS_PER_SEC / 20, "of a spin of 200 ms: {spun:?}");
    }
}
