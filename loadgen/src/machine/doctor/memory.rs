//! Is there memory enough, for the processes and for TCP?

use procfs::{Current, Meminfo};

use super::{
    finding::{Finding, count, megabytes},
    need::Need,
    read::numbers,
};
use crate::machine::cgroup::Cgroups;

/// Both ends of a connection, user and kernel: an estimate from measured servers, on the generous side.
const CLIENT_BYTES: u64 = 40 << 10;
/// The processes without clients: histograms, code, feeds.
const PROCESSES_BYTES: u64 = 200_000_000;
/// TCP buffers of a connection under way, both ends: a page each.
const TCP_BYTES: u64 = 8 << 10;
const TCP_MEM: &str = "/proc/sys/net/ipv4/tcp_mem";

pub(super) fn available(need: &Need) -> Finding {
    let machine = Meminfo::current().ok().and_then(|memory| memory.mem_available);
    match machine.into_iter().chain(Cgroups::own().memory_left()).min() {
        Some(bytes) => judge_available(need.clients, bytes),
        None => Finding::unknown("memory", "MemAvailable of /proc/meminfo"),
    }
}

pub(super) fn tcp(need: &Need) -> Finding {
    match numbers(TCP_MEM).as_deref() {
        Some([_, pressure, _]) => judge_tcp(need.clients, pressure * procfs::page_size()),
        _ => Finding::unknown("TCP memory", TCP_MEM),
    }
}

fn judge_available(clients: u32, available: u64) -> Finding {
    const CHECK: &str = "memory";
    let needed = u64::from(clients) * CLIENT_BYTES + PROCESSES_BYTES;
    let found = format!("about {} needed, {} available", megabytes(needed), megabytes(available));
    if needed <= available {
        return Finding::ok(CHECK, found);
    }
    let most = available.saturating_sub(PROCESSES_BYTES) / CLIENT_BYTES;
    Finding::fail(CHECK, found, format!("Ask for at most {} clients, or free some", count(most)))
}

fn judge_tcp(clients: u32, pressure: u64) -> Finding {
    const CHECK: &str = "TCP memory";
    let needed = u64::from(clients) * TCP_BYTES;
    let found =
        format!("about {} needed, the kernel shrinks buffers from {} on", megabytes(needed), megabytes(pressure));
    if needed <= pressure {
        return Finding::ok(CHECK, found);
    }
    Finding::warn(CHECK, found, "Ask for fewer clients, or raise net.ipv4.tcp_mem (pages: low, pressure, high)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::doctor::Level;

    #[test]
    fn too_little_memory_is_a_failure_that_says_how_many_fit() {
        let finding = judge_available(100_000, 1_000_000_000);
        assert_eq!(finding.level, Level::Fail);
        assert_eq!(finding.found, "about 4,296 MB needed, 1,000 MB available");
        assert_eq!(finding.remedy.as_deref(), Some("Ask for at most 19,531 clients, or free some"));
        assert_eq!(judge_available(19_531, 1_000_000_000).level, Level::Ok);
    }

    #[test]
    fn tcp_under_pressure_is_a_warning() {
        assert_eq!(judge_tcp(10_000, 100_000_000).level, Level::Ok);
        assert_eq!(judge_tcp(20_000, 100_000_000).level, Level::Warn);
    }
}
