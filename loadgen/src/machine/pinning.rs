//! Keeping server and generator on processors of their own, so that neither is measured waiting for the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use protocol::results::Pinning;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use server::values::Cpus;

use super::topology::Place;

/// The calling thread, which has to drop this itself, keeps to some processors as long as it lives.
#[derive(Debug)]
pub struct Kept {
    before: CpuSet,
}

impl Kept {
    /// From now on. What the thread starts meanwhile keeps to them too, unless it goes elsewhere by itself.
    pub fn to(cpus: &Cpus) -> anyhow::Result<Self> {
        let before = sched_getaffinity(None)?;
        cpus.pin()?;
        Ok(Self { before })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // They were allowed before.
        let _ = sched_setaffinity(None, &self.before);
    }
}

/// Splits the processors that this process may use: one half for the server, the other for the generator.
///
/// By whole cores, as two threads of one core slow each other; and within one last-level cache, if some cache has so many
/// processors that none of the threads asked for waits for another. Where `workers` are not given there will be one for
/// each processor of the generator.
///
/// `None` where there is only one processor, or where it cannot be told.
pub fn split(server_threads: u32, workers: Option<u32>) -> Option<Pinning> {
    let allowed = sched_getaffinity(None).ok()?;
    let allowed = (0..CpuSet::MAX_CPU as u32).filter(|cpu| allowed.is_set(*cpu as usize));
    let places: Vec<_> = allowed.map(|cpu| Place::of(Path::new("/"), cpu)).collect();
    halves(&places, [server_threads, workers.unwrap_or(1)])
}

/// `threads`: how many of the server and of the generator want a processor each.
fn halves(places: &[Place], threads: [u32; 2]) -> Option<Pinning> {
    let Some(cores) = cores(places) else { return by_number(places, None, None) };
    let holds = |pinning: &Pinning| {
        [&pinning.server, &pinning.generator]
            .into_iter()
            .zip(threads)
            .all(|(cpus, threads)| cpus.len() >= threads as usize)
    };
    let known = places.iter().all(|place| place.cache.is_some());
    let caches: BTreeSet<u32> = places.iter().filter_map(|place| place.cache).filter(|_| known).collect();
    let within = caches.into_iter().filter_map(|cache| {
        let cores: Vec<_> = cores.iter().filter(|core| core[0].cache == Some(cache)).collect();
        by_core(&cores, Some(true)).filter(holds)
    });
    // Of equals the first.
    let widest = within.reduce(|widest, next| if size(&next) > size(&widest) { next } else { widest });
    let cores: Vec<_> = cores.iter().collect();
    widest
        .or_else(|| by_core(&cores, known.then_some(false)))
        .or_else(|| by_number(places, Some(true), known.then_some(true)))
}

/// The processors of each core, cores of one cache together; `None` if some core is not known.
fn cores(places: &[Place]) -> Option<Vec<Vec<Place>>> {
    let mut cores = BTreeMap::<_, Vec<Place>>::new();
    for place in places {
        cores.entry((place.cache, place.core?)).or_default().push(*place);
    }
    Some(cores.into_values().collect())
}

/// The greater half is the generator's. `None` of a single core.
fn by_core(cores: &[&Vec<Place>], share_cache: Option<bool>) -> Option<Pinning> {
    let (server, generator) = cores.split_at(cores.len() / 2);
    let cpus = |cores: &[&Vec<Place>]| {
        let mut cpus: Vec<u32> = cores.iter().flat_map(|core| core.iter().map(|place| place.cpu)).collect();
        cpus.sort_unstable();
        cpus
    };
    (!server.is_empty()).then(|| Pinning {
        server: cpus(server),
        generator: cpus(generator),
        share_core: Some(false),
        share_cache,
    })
}

fn by_number(places: &[Place], share_core: Option<bool>, share_cache: Option<bool>) -> Option<Pinning> {
    let mut server: Vec<u32> = places.iter().map(|place| place.cpu).collect();
    let generator = server.split_off(server.len() / 2);
    (!server.is_empty()).then_some(Pinning { server, generator, share_core, share_cache })
}

fn size(pinning: &Pinning) -> usize {
    pinning.server.len() + pinning.generator.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNKNOWN: Option<u32> = None;

    /// Processors with their core and last-level cache, split for threads of server and generator.
    fn split(
        places: &[(u32, impl Into<Option<u32>> + Copy, impl Into<Option<u32>> + Copy)],
        threads: [u32; 2],
    ) -> Option<Said> {
        let places: Vec<_> = places
            .iter()
            .map(|(cpu, core, cache)| Place { cpu: *cpu, core: (*core).into(), cache: (*cache).into() })
            .collect();
        let pinning = halves(&places, threads)?;
        Some((pinning.server, pinning.generator, pinning.share_core, pinning.share_cache))
    }

    #[test]
    fn a_thread_keeps_to_processors_for_a_while() {
        let before = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu)).unwrap();
        let kept = Kept::to(&Cpus(vec![first as u32])).unwrap();
        let meanwhile = sched_getaffinity(None).unwrap();
        assert!(meanwhile.count() == 1 && meanwhile.is_set(first), "{meanwhile:?}");
        drop(kept);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }

    type Said = (Vec<u32>, Vec<u32>, Option<bool>, Option<bool>);

    fn said<const S: usize, const G: usize>(server: [u32; S], generator: [u32; G], core: bool, cache: bool) -> Said {
        (server.into(), generator.into(), Some(core), Some(cache))
    }

    /// Two sockets, each of three cores with two threads: 0-5 are the first threads, 6-11 the second.
    fn two_sockets() -> Vec<(u32, u32, u32)> {
        (0..12).map(|cpu| (cpu, cpu % 6, if cpu % 6 < 3 { 0 } else { 3 })).collect()
    }

    #[test]
    fn both_sides_get_whole_cores_however_they_are_numbered() {
        assert_eq!(split(&[(0, 0, 0), (1, 1, 0)], [1, 1]), Some(said([0], [1], false, true)));
        let far = [(0, 0, 0), (1, 1, 0), (2, 0, 0), (3, 1, 0)];
        assert_eq!(split(&far, [1, 1]), Some(said([0, 2], [1, 3], false, true)));
        let near = [(0, 0, 0), (1, 0, 0), (2, 2, 0), (3, 2, 0)];
        assert_eq!(split(&near, [1, 1]), Some(said([0, 1], [2, 3], false, true)));
        let odd = [(0, 0, 0), (1, 1, 0), (2, 2, 0)];
        assert_eq!(split(&odd, [1, 1]), Some(said([0], [1, 2], false, true)), "the greater half is the generator's");
    }

    #[test]
    fn threads_of_one_core_are_split_where_there_is_no_other() {
        assert_eq!(split(&[(4, 4, 0)], [1, 1]), None);
        assert_eq!(split(&[(0, 0, 0), (1, 0, 0)], [1, 1]), Some(said([0], [1], true, true)));
        // A container that may use no more of a machine with many.
        assert_eq!(split(&[(2, 2, 0), (10, 2, 0)], [1, 1]), Some(said([2], [10], true, true)));
    }

    #[test]
    fn a_cache_that_can_hold_both_sides_does() {
        assert_eq!(split(&two_sockets(), [1, 1]), Some(said([0, 6], [1, 2, 7, 8], false, true)));
        assert_eq!(split(&two_sockets(), [2, 4]), Some(said([0, 6], [1, 2, 7, 8], false, true)));
        let apart = Some(said([0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11], false, false));
        assert_eq!(split(&two_sockets(), [3, 1]), apart, "three threads on two processors would wait for each other");
        assert_eq!(split(&two_sockets(), [1, 5]), apart);
        assert_eq!(split(&[(0, 0, 0), (1, 1, 1)], [1, 1]), Some(said([0], [1], false, false)), "a cache each");
    }

    #[test]
    fn only_what_may_be_used_is_split() {
        // Of the second socket there is more.
        let some: Vec<_> = two_sockets().into_iter().filter(|(cpu, ..)| [1, 3, 4, 5, 9].contains(cpu)).collect();
        assert_eq!(split(&some, [1, 1]), Some(said([3, 9], [4, 5], false, true)));
        let halved: Vec<_> = two_sockets().into_iter().filter(|(cpu, ..)| [1, 7, 8].contains(cpu)).collect();
        assert_eq!(split(&halved, [1, 1]), Some(said([1, 7], [8], false, true)));
    }

    #[test]
    fn what_is_not_told_is_split_by_number() {
        let nothing = [(0, UNKNOWN, UNKNOWN), (2, UNKNOWN, UNKNOWN), (5, UNKNOWN, UNKNOWN)];
        assert_eq!(split(&nothing, [1, 1]), Some((vec![0], vec![2, 5], None, None)));
        let cores = [(0, 0, UNKNOWN), (1, 1, UNKNOWN), (2, 0, UNKNOWN), (3, 1, UNKNOWN)];
        assert_eq!(split(&cores, [1, 1]), Some((vec![0, 2], vec![1, 3], Some(false), None)));
        assert_eq!(split(&cores[..1], [1, 1]), None);
    }
}
