//! Which processors are threads of one core, and which share a last-level cache, as far as `/sys` tells.

use std::{fs, path::Path};

/// A processor, and where it lies. Cores and caches are named by their first processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) cpu: u32,
    /// Absent where the machine does not tell, as is the next.
    pub(super) core: Option<u32>,
    /// The cache of the highest level.
    pub(super) cache: Option<u32>,
}

impl Place {
    /// `root` is `/` but in tests.
    pub(super) fn of(root: &Path, cpu: u32) -> Self {
        let folder = root.join(format!("sys/devices/system/cpu/cpu{cpu}"));
        // The second is the name before Linux 5.1.
        let lists = ["topology/core_cpus_list", "topology/thread_siblings_list"];
        let core = lists.iter().find_map(|list| first(&folder.join(list)));
        Self { cpu, core, cache: last_level(&folder.join("cache")) }
    }
}

fn last_level(caches: &Path) -> Option<u32> {
    let caches = fs::read_dir(caches).ok()?.flatten().map(|entry| entry.path());
    let shared =
        caches.filter_map(|cache| Some((first(&cache.join("level"))?, first(&cache.join("shared_cpu_list"))?)));
    shared.max().map(|(_, cpu)| cpu)
}

/// The first number of a list as in `0-3,8`, which is its lowest.
fn first(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.trim().split(['-', ',']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_has_two_names_and_the_highest_cache_counts() {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("cpu4/topology/core_cpus_list", "0,4\n"),
            ("cpu4/cache/index0/level", "1\n"),
            ("cpu4/cache/index0/shared_cpu_list", "4\n"),
            ("cpu4/cache/index3/level", "3\n"),
            ("cpu4/cache/index3/shared_cpu_list", "2-5,9\n"),
            ("cpu4/cache/index2/level", "2\n"),
            ("cpu4/cache/index2/shared_cpu_list", "4-5\n"),
            ("cpu4/cache/uevent", ""),
            ("cpu5/topology/thread_siblings_list", "5\n"),
        ] {
            let file = root.path().join("sys/devices/system/cpu").join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let of = |cpu| Place::of(root.path(), cpu);
        assert_eq!(of(4), Place { cpu: 4, core: Some(0), cache: Some(2) });
        assert_eq!(of(5), Place { cpu: 5, core: Some(5), cache: None });
        assert_eq!(of(6), Place { cpu: 6, core: None, cache: None });
    }
}
