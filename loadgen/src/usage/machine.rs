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
    })
}

/// What the machine used between two readings.
pub fn machine_between(before: MachineUsage, after: MachineUsage) -> MachineUsage {
    MachineUsage {
        processors: after.processors,
        busy_ns: after.busy_ns.saturating_sub(before.busy_ns),
        stolen_ns: after.stolen_ns.saturating_sub(before.stolen_ns),
    }
}

#[cfg(test)]
mod tests {
    use protocol::clock::now_ns;

    use super::*;

    #[test]
    fn a_spin_shows() {
        let before = machine_reading().unwrap();
        let start_ns = now_ns();
        while now_ns() - start_ns < NS_PER_SEC / 5 {}
        let spun = machine_between(before, machine_reading().unwrap());
        assert!(spun.busy_ns + spun.stolen_ns >= NS_PER_SEC / 20, "of a spin of 200 ms: {spun:?}");
    }
}
