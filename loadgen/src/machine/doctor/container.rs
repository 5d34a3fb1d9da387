//! Limits that a container or service puts on processor time.

use super::{finding::Finding, machine, need::Need};
use crate::machine::cgroup::{Cgroups, Throttled, processors};

/// May the threads run whenever they want to?
pub(super) fn quota(need: &Need) -> Finding {
    let groups = Cgroups::own();
    let threads = need.workers + need.server.as_ref().map_or(0, |server| server.threads);
    judge_quota(groups.cpu_max(), groups.throttled(), threads, machine::cores())
}

fn judge_quota(cpu_max: Option<(u64, u64)>, throttled: Option<Throttled>, threads: u32, cores: u32) -> Finding {
    const CHECK: &str = "CPU quota";
    let Some((quota_us, period_us)) = cpu_max else { return Finding::ok(CHECK, "none") };
    let allowed = processors((quota_us, period_us));
    let times = throttled.unwrap_or_default().times;
    let found =
        format!("{allowed:.2} processors ({quota_us} µs in each {period_us} µs); held back {times} times so far");
    if allowed >= f64::from(threads.min(cores)) {
        return Finding::ok(CHECK, found);
    }
    Finding::warn(
        CHECK,
        format!("{found}: {threads} threads use that up, and then all stand still for the rest of a period"),
        "Raise it (--cpus of a container, limits.cpu of a pod, CPUQuota= of a systemd unit), or use processors of your own (--cpuset-cpus)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::doctor::Level;

    #[test]
    fn a_quota_below_the_threads_is_a_warning() {
        let level = |cpu_max| judge_quota(cpu_max, None, 2, 8).level;
        assert_eq!(level(None), Level::Ok);
        assert_eq!(level(Some((200_000, 100_000))), Level::Ok);
        assert_eq!(level(Some((199_000, 100_000))), Level::Warn);
        let found = judge_quota(Some((50_000, 100_000)), Some(Throttled { times: 7, ns: 1 }), 2, 8).found;
        assert!(
            found.starts_with("0.50 processors (50000 µs in each 100000 µs); held back 7 times so far: 2 threads"),
            "{found}"
        );
    }
}
