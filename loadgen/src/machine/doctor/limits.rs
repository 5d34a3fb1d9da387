//! Limits on what may be open at once: file descriptors, ports, the listener's backlog.

use protocol::results::Limits;
use server::{FILES_BESIDES, raise_open_files};

use super::{
    finding::{Finding, count},
    need::{Need, ServerNeed},
    read::numbers,
};
use crate::machine::cgroup::Cgroups;

const SOMAXCONN: &str = "/proc/sys/net/core/somaxconn";
const PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// The limits in force, for the manifest; the one on open files is raised first. 0 stands for unknown.
pub fn limits() -> Limits {
    let groups = Cgroups::own();
    Limits {
        open_files: raise_open_files(),
        somaxconn: numbers(SOMAXCONN).and_then(|read| read.first().copied()).unwrap_or(0),
        ports: port_range().unwrap_or((0, 0)),
        memory_max: groups.memory_max(),
        cpu_max: groups.cpu_max(),
    }
}

/// A process for each end of the connections, each with the same limit: the server inherits ours.
pub(super) fn open_files(need: &Need) -> Finding {
    judge_open_files(need.clients, raise_open_files())
}

pub(super) fn ports(need: &Need) -> Finding {
    match port_range() {
        Some(range) => judge_ports(need.clients, need.per_source, range),
        None => Finding::unknown("ports", PORTS),
    }
}

pub(super) fn backlog(server: &ServerNeed) -> Finding {
    const CHECK: &str = "backlog";
    let asked = u64::from(server.backlog);
    match numbers(SOMAXCONN).as_deref() {
        Some([most, ..]) if *most >= asked => Finding::ok(CHECK, format!("{} connections may wait", count(asked))),
        Some([most, ..]) => Finding::warn(
            CHECK,
            format!("{} connections may wait, not {}: connecting will be slow and uneven", count(*most), count(asked)),
            format!("sysctl -w net.core.somaxconn={asked}"),
        ),
        _ => Finding::unknown(CHECK, SOMAXCONN),
    }
}

fn judge_open_files(clients: u32, limit: u64) -> Finding {
    const CHECK: &str = "file descriptors";
    let needed = u64::from(clients) + FILES_BESIDES;
    let clients = count(u64::from(clients));
    if needed <= limit {
        return Finding::ok(CHECK, format!("{} needed for {clients} clients, {} allowed", count(needed), count(limit)));
    }
    Finding::fail(
        CHECK,
        format!("{} needed for {clients} clients, the hard limit is {}", count(needed), count(limit)),
        format!(
            "Ask for at most {} clients, or raise it: `ulimit -Hn {needed}` as root, /etc/security/limits.conf, \
             LimitNOFILE= of a systemd unit, --ulimit nofile= of a container",
            count(limit.saturating_sub(FILES_BESIDES))
        ),
    )
}

fn judge_ports(connections: u32, per_source: Option<u32>, (first, last): (u16, u16)) -> Finding {
    const CHECK: &str = "ports";
    let ports = u32::from(last.saturating_sub(first)) + 1;
    let needed = connections.min(per_source.unwrap_or(connections));
    let found = format!(
        "{} of {} ({first}-{last}) needed by each source address",
        count(u64::from(needed)),
        count(u64::from(ports))
    );
    if needed <= ports {
        return Finding::ok(CHECK, found);
    }
    let widen = "sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    match per_source {
        Some(_) => Finding::fail(CHECK, found, widen),
        None => Finding::fail(
            CHECK,
            format!(
                "{found}, of which there is one: clients are spread over several only towards an IPv4 address of this machine"
            ),
            format!(
                "Name the server by such an address, as in 127.0.0.1; ask for at most {} connections; or {widen}",
                count(u64::from(ports))
            ),
        ),
    }
}

fn port_range() -> Option<(u16, u16)> {
    match numbers(PORTS)?[..] {
        [first, last] => Some((first.try_into().ok()?, last.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::doctor::Level;

    #[test]
    fn too_few_descriptors_are_a_failure_with_numbers_and_a_remedy() {
        let finding = judge_open_files(25_000, 20_000);
        assert_eq!(finding.level, Level::Fail);
        assert_eq!(finding.found, "25,064 needed for 25,000 clients, the hard limit is 20,000");
        let remedy = finding.remedy.unwrap();
        assert!(remedy.starts_with("Ask for at most 19,936 clients") && remedy.contains("ulimit -Hn"), "{remedy}");
        assert_eq!(judge_open_files(19_936, 20_000).level, Level::Ok);
        assert_eq!(judge_open_files(19_937, 20_000).level, Level::Fail);
    }

    #[test]
    fn a_tiny_port_range_is_a_failure() {
        let level = |connections, per_source, range| judge_ports(connections, per_source, range).level;
        assert_eq!(level(80_000, Some(20_000), (32_768, 60_999)), Level::Ok);
        assert_eq!(level(11, Some(20), (1_000, 1_009)), Level::Fail);
        assert_eq!(level(10, Some(20), (1_000, 1_009)), Level::Ok);
    }

    #[test]
    fn clients_that_cannot_be_spread_need_a_port_each() {
        let range = (32_768, 60_999);
        assert_eq!(judge_ports(28_232, None, range).level, Level::Ok);
        let Finding { level, found, remedy, .. } = judge_ports(28_233, None, range);
        assert_eq!(level, Level::Fail);
        assert!(found.starts_with("28,233 of 28,232 (32768-60999)") && found.contains("IPv4 address of this machine"));
        assert!(remedy.unwrap().contains("at most 28,232 connections"));
    }

    #[test]
    fn a_short_backlog_is_a_warning() {
        let asked = |backlog| super::backlog(&ServerNeed { threads: 1, backlog }).level;
        assert_eq!(asked(1), Level::Ok);
        assert_eq!(asked(u32::MAX), Level::Warn);
    }
}
