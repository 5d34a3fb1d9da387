//! The file descriptors of a server, read from outside: how many it has open, and how many it may.

use std::fmt;

use procfs::process::{LimitValue, Process};

use super::finding::{Finding, count};

/// A process's file descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// Whose.
    pub pid: u32,
    /// Open now.
    pub open: u64,
    /// Open at most: its soft limit.
    pub limit: u64,
}

impl Descriptors {
    /// Those of a process; none if it does not let us look.
    pub fn of(pid: u32) -> Option<Self> {
        let process = Process::new(pid.try_into().ok()?).ok()?;
        let limit = match process.limits().ok()?.max_open_files.soft_limit {
            LimitValue::Value(limit) => limit,
            LimitValue::Unlimited => u64::MAX,
        };
        Some(Self { pid, open: process.fd_count().ok()? as u64, limit })
    }

    /// Whether no connection can be taken any more.
    pub fn are_used_up(self) -> bool {
        self.open >= self.limit
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, open, limit } = *self;
        write!(f, "the server (process {pid}) has {} of {} file descriptors open", count(open), count(limit))
    }
}

/// Whether a server may have so many more connections. No failure if not: it may be one of several that share the port.
pub(super) fn of_server(pid: u32, clients: u32) -> Finding {
    const CHECK: &str = "server";
    Descriptors::of(pid)
        .map_or_else(|| Finding::unknown(CHECK, &format!("/proc/{pid}/fd")), |found| judge(found, clients.into()))
}

fn judge(found: Descriptors, clients: u64) -> Finding {
    const CHECK: &str = "server";
    let needed = clients + found.open;
    if needed <= found.limit {
        return Finding::ok(CHECK, found.to_string());
    }
    Finding::warn(
        CHECK,
        format!("{found}, and {} needed for {} clients: it will not take them all", count(needed), count(clients)),
        format!("Start it where `ulimit -n` is {needed} or more, or ask for fewer clients"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::doctor::Level;

    #[test]
    fn a_server_with_too_few_is_told_before_it_is_tried() {
        let found = Descriptors { pid: 7, open: 14, limit: 64 };
        assert_eq!(judge(found, 50).level, Level::Ok);
        let Finding { level, found, remedy, .. } = judge(found, 51);
        assert_eq!(level, Level::Warn);
        assert!(
            found.starts_with("the server (process 7) has 14 of 64 file descriptors open, and 65 needed"),
            "{found}"
        );
        assert!(remedy.unwrap().contains("`ulimit -n` is 65"));
    }

    #[test]
    fn they_are_read_from_outside() {
        let found = Descriptors::of(std::process::id()).unwrap();
        assert!(found.open > 2 && found.open < found.limit && !found.are_used_up(), "{found:?}");
        assert_eq!(of_server(u32::MAX, 1).level, Level::Ok, "unknown is no fault");
    }
}
