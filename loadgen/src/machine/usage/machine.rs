//! How busy our processors are, whoever keeps them so.

use anyhow::Context;
use protocol::{clock::NS_PER_SEC, results::MachineUsage};
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_getaffinity},
};

use super::tcp::tcp_counter;

/// Processors by number. Work on others than those that one may use takes nothing away.
#[derive(Debug, Clone)]
pub struct Processors(Vec<u32>);

impl Processors {
    /// Those that this process may use.
    pub fn own() -> Self {
        Self(allowed(None))
    }

    /// Each.
    pub fn numbers(&self) -> Vec<u32> {
        self.0.clone()
    }

    /// These and those that another process may use.
    #[must_use]
    pub fn and_of(mut self, pid: i32) -> Self {
        self.0.extend(Pid::from_raw(pid).map_or_else(Vec::new, |pid| allowed(Some(pid))));
        self
    }
}

fn allowed(pid: Option<Pid>) -> Vec<u32> {
    let cpus = sched_getaffinity(pid).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::MAX_CPU as u32).filter(|cpu| cpus.is_set(*cpu as usize)).collect()
}

/// Time of these processors since the machine was started; [`machine_between`] two readings is what was used.
///
/// Fails where `/proc/stat` cannot be read.
pub fn machine_reading(processors: &Processors) -> anyhow::Result<MachineUsage> {
    const FILE: &str = "/proc/stat";
    let stat = std::fs::read_to_string(FILE).context(FILE)?;
    let tick_ns = NS_PER_SEC / procfs::ticks_per_second();
    let (processors, busy, stolen) = ticks(&stat, &processors.0);
    Ok(MachineUsage {
        processors,
        busy_ns: busy * tick_ns,
        stolen_ns: stolen * tick_ns,
        listen_overflows: tcp_counter("ListenOverflows")?,
        memory_pressures: tcp_counter("TCPMemoryPressures")?,
    })
}

/// How many of the processors there are, and their ticks: busy, and stolen. Of all if none of them is there, as where somebody counts
/// anew for a container.
fn ticks(stat: &str, processors: &[u32]) -> (u32, u64, u64) {
    let lines = stat.lines().filter_map(|line| {
        let (name, ticks) = line.strip_prefix("cpu")?.split_once(' ')?;
        let ticks: Vec<u64> = ticks.split(' ').map_while(|word| word.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in the first two.
        let &[user, nice, system, _, _, irq, softirq, steal, ..] = &ticks[..] else { return None };
        Some((name.parse::<u32>().ok()?, user + nice + system + irq + softirq, steal))
    });
    let all: Vec<_> = lines.collect();
    let ours: Vec<_> = all.iter().filter(|(number, ..)| processors.contains(number)).collect();
    let counted = if ours.is_empty() { all.iter().collect() } else { ours };
    counted.iter().fold((0, 0, 0), |(count, busy, stolen), each| (count + 1, busy + each.1, stolen + each.2))
}

/// What was used between two readings.
pub fn machine_between(before: MachineUsage, after: MachineUsage) -> MachineUsage {
    MachineUsage {
        processors: after.processors,
        busy_ns: after.busy_ns.saturating_sub(before.busy_ns),
        stolen_ns: after.stolen_ns.saturating_sub(before.stolen_ns),
        listen_overflows: after.listen_overflows.saturating_sub(before.listen_overflows),
        memory_pressures: after.memory_pressures.saturating_sub(before.memory_pressures),
    }
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
        let before = machine_reading(&Processors::own()).unwrap();
        let clients: Vec<Socket> = (0..8)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                // In progress, for ever: nobody accepts.
                let _ = client.connect(&listener.local_addr().unwrap());
                client
            })
            .collect();
        let after = machine_reading(&Processors::own()).unwrap();
        assert!(machine_between(before, after).listen_overflows > 0, "{} connections", clients.len());
    }

    #[test]
    fn only_our_processors_are_counted() {
        let stat =
            "cpu  111 222 333 4 5 6 7 8 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\ncpu2 10 20 30 40 50 60 70 80 90 0\nintr 5\n";
        assert_eq!(ticks(stat, &[0]), (1, 19, 8));
        assert_eq!(ticks(stat, &[1, 2, 2]), (1, 190, 80));
        assert_eq!(ticks(stat, &[7]), (2, 209, 88));
    }

    #[test]
    fn a_spin_shows() {
        let ours = Processors::own();
        let before = machine_reading(&ours).unwrap();
        let start_ns = now_ns();
        while now_ns() - start_ns < NS_PER_SEC / 5 {}
        let spun = machine_between(before, machine_reading(&ours).unwrap());
        assert!(spun.busy_ns + spun.stolen_ns >= NS_PER_SEC / 20, "of a spin of 200 ms: {spun:?}");
    }
}
