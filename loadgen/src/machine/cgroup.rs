//! What control groups (v1 and v2) allow a process: its own group and those above it, as far as they can be seen.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use procfs::{
    FromRead, ProcessCGroup, ProcessCGroups,
    process::{MountInfo, MountInfos},
};

/// The groups of a process. What they do not tell is no limit.
#[derive(Debug, Clone, Default)]
pub struct Cgroups {
    memory: Groups,
    cpu: Groups,
}

/// Those of one controller, the process's own first.
#[derive(Debug, Clone, Default)]
struct Groups {
    folders: Vec<PathBuf>,
    is_v2: bool,
}

/// How often and how long a group has been kept from running since it was made, summed over processors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttled {
    /// Periods in which its quota was used up.
    pub times: u64,
    /// Nanoseconds.
    pub ns: u64,
}

impl Cgroups {
    /// Those of this process.
    pub fn own() -> Self {
        Self::at(Path::new("/"), "self")
    }

    /// Those of another process.
    pub fn of(pid: i32) -> Self {
        Self::at(Path::new("/"), &pid.to_string())
    }

    fn at(root: &Path, process: &str) -> Self {
        let proc = root.join("proc");
        let groups = ProcessCGroups::from_file(proc.join(process).join("cgroup"));
        let (Ok(groups), Ok(mounts)) = (groups, MountInfos::from_file(proc.join("self/mountinfo"))) else {
            return Self::default();
        };
        let of = |controller| Groups::of(root, controller, &groups.0, &mounts.0).unwrap_or_default();
        Self { memory: of("memory"), cpu: of("cpu") }
    }

    /// Bytes of memory that may be used, the least of all groups.
    pub fn memory_max(&self) -> Option<u64> {
        self.memory.least(|folder| self.memory_max_of(folder))
    }

    /// Bytes that may still be used, the least of all groups. What files have left in memory and nobody uses is given back in time.
    pub fn memory_left(&self) -> Option<u64> {
        let (current, idle) = if self.memory.is_v2 {
            ("memory.current", "inactive_file")
        } else {
            ("memory.usage_in_bytes", "total_inactive_file")
        };
        self.memory.least(|folder| {
            let used =
                number(&folder.join(current))?.saturating_sub(value(&folder.join("memory.stat"), idle).unwrap_or(0));
            Some(self.memory_max_of(folder)?.saturating_sub(used))
        })
    }

    fn memory_max_of(&self, folder: &Path) -> Option<u64> {
        // Without a limit, v2 says `max`, and v1 the largest number of whole pages.
        const V1_NONE: u64 = 1 << 62;
        let file = if self.memory.is_v2 { "memory.max" } else { "memory.limit_in_bytes" };
        number(&folder.join(file)).filter(|max| *max < V1_NONE)
    }

    /// Processor time in each period, both µs, of the group that may use the least.
    pub fn cpu_max(&self) -> Option<(u64, u64)> {
        let is_v2 = self.cpu.is_v2;
        let limits = self.cpu.folders.iter().filter_map(|folder| {
            if !is_v2 {
                // -1 without a limit.
                return Some((number(&folder.join("cpu.cfs_quota_us"))?, number(&folder.join("cpu.cfs_period_us"))?));
            }
            let text = fs::read_to_string(folder.join("cpu.max")).ok()?;
            let (quota, period) = text.trim().split_once(' ')?;
            Some((quota.parse().ok()?, period.parse().ok()?))
        });
        limits.filter(|(_, period)| *period > 0).min_by(|a, b| processors(*a).total_cmp(&processors(*b)))
    }

    /// How it was throttled, by its own group's quota and those above.
    pub fn throttled(&self) -> Option<Throttled> {
        let (name, unit_ns) = if self.cpu.is_v2 { ("throttled_usec", 1_000) } else { ("throttled_time", 1) };
        let each = self.cpu.folders.iter().filter_map(|folder| {
            let file = folder.join("cpu.stat");
            Some(Throttled { times: value(&file, "nr_throttled")?, ns: value(&file, name)? * unit_ns })
        });
        each.reduce(|sum, next| Throttled { times: sum.times + next.times, ns: sum.ns + next.ns })
    }
}

/// A limit as a number of processors.
pub fn processors((quota_us, period_us): (u64, u64)) -> f64 {
    quota_us as f64 / period_us as f64
}

impl Groups {
    /// None where the controller is not mounted, or the process's group lies outside of what is.
    fn of(root: &Path, controller: &str, groups: &[ProcessCGroup], mounts: &[MountInfo]) -> Option<Self> {
        let v1 = groups.iter().find(|group| group.controllers.iter().any(|name| name == controller));
        let (group, mount) = match v1 {
            Some(group) => (
                group,
                mounts.iter().find(|mount| is_of(mount, "cgroup") && mount.super_options.contains_key(controller)),
            ),
            None => {
                (groups.iter().find(|group| group.hierarchy == 0)?, mounts.iter().find(|mount| is_of(mount, "cgroup2")))
            }
        };
        let mount = mount?;
        let path = Path::new(&group.pathname);
        if path.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        // In a container that sees the host's names only its own group may be mounted, as if it were the topmost.
        let inside = path.strip_prefix(&mount.root).unwrap_or(Path::new(""));
        let top = root.join(mount.mount_point.strip_prefix("/").ok()?);
        Some(Self { folders: inside.ancestors().map(|part| top.join(part)).collect(), is_v2: v1.is_none() })
    }

    fn least(&self, of: impl Fn(&Path) -> Option<u64>) -> Option<u64> {
        self.folders.iter().filter_map(|folder| of(folder)).min()
    }
}

fn is_of(mount: &MountInfo, kind: &str) -> bool {
    mount.fs_type == kind
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The number beside a name.
fn value(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: [(&str, &str); 6] = [
        ("proc/self/cgroup", "0::/pod/box\n"),
        ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"),
        ("sys/fs/cgroup/pod/memory.max", "1000000000\n"),
        ("sys/fs/cgroup/pod/memory.current", "900000000\n"),
        ("sys/fs/cgroup/pod/memory.stat", "anon 1\ninactive_file 300000000\n"),
        ("sys/fs/cgroup/pod/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 2\nthrottled_usec 30\n"),
    ];

    fn at(files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroups) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let groups = Cgroups::at(root.path(), "self");
        (root, groups)
    }

    #[test]
    fn in_v2_the_tightest_of_a_group_and_those_above_counts() {
        let own = [
            ("sys/fs/cgroup/pod/box/memory.max", "2000000000\n"),
            ("sys/fs/cgroup/pod/box/memory.current", "100\n"),
            ("sys/fs/cgroup/pod/box/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/pod/box/cpu.stat", "nr_throttled 3\nthrottled_usec 70\n"),
            ("sys/fs/cgroup/pod/cpu.max", "40000 50000\n"),
            ("sys/fs/cgroup/cpu.stat", "usage_usec 5\n"),
        ];
        let (_root, groups) = at(&[&V2[..], &own].concat());
        assert_eq!((groups.memory_max(), groups.memory_left()), (Some(1_000_000_000), Some(400_000_000)));
        assert_eq!(groups.cpu_max(), Some((40_000, 50_000)));
        assert_eq!(groups.throttled(), Some(Throttled { times: 5, ns: 100_000 }));
    }

    #[test]
    fn what_is_not_limited_is_none() {
        let own = [("sys/fs/cgroup/pod/memory.max", "max\n"), ("sys/fs/cgroup/pod/box/cpu.max", "max 100000\n")];
        let (_root, groups) = at(&[&V2[..], &own].concat());
        assert_eq!((groups.memory_max(), groups.memory_left(), groups.cpu_max()), (None, None, None));
        let (_root, nothing) = at(&[]);
        assert_eq!((nothing.memory_max(), nothing.cpu_max(), nothing.throttled()), (None, None, None));
        let (_root, outside) = at(&[&V2[1..], &[("proc/self/cgroup", "0::/../other\n")]].concat());
        assert_eq!(outside.throttled(), None);
    }

    #[test]
    fn in_v1_each_controller_has_a_hierarchy_of_its_own() {
        let (_root, groups) = at(&[
            ("proc/self/cgroup", "4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab/in\n1:name=systemd:/\n0::/\n"),
            (
                "proc/self/mountinfo",
                "32 31 0:29 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n\
                 35 31 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
                 41 31 0:38 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "4096\n"),
            ("sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes", "500000000\n"),
            ("sys/fs/cgroup/memory/docker/ab/memory.usage_in_bytes", "200000000\n"),
            ("sys/fs/cgroup/memory/docker/ab/memory.stat", "inactive_file 7\ntotal_inactive_file 50000000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 8\nnr_throttled 4\nthrottled_time 9000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/in/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/in/cpu.cfs_period_us", "100000\n"),
        ]);
        assert_eq!((groups.memory_max(), groups.memory_left()), (Some(500_000_000), Some(350_000_000)));
        assert_eq!(groups.cpu_max(), Some((50_000, 100_000)));
        assert_eq!(groups.throttled(), Some(Throttled { times: 4, ns: 9_000 }));
    }
}
