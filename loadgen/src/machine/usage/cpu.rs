//! CPU time: read twice, subtracted, then split into user and system.

use anyhow::Context;
use procfs::process::Schedstat;
use protocol::{clock::NS_PER_SEC, results::Cpu};
use rustix::thread::Pid;

/// CPU time of a process so far, as the kernel keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuReading {
    /// Nanoseconds, summed over the threads that live (`schedstat`). It lacks at most the current tick of each.
    pub(super) threads_ns: u64,
    /// `utime`, in clock ticks of mostly 10 ms.
    pub(super) user_ticks: u64,
    /// `stime`, likewise.
    pub(super) system_ticks: u64,
}

impl CpuReading {
    /// Of processes of which nothing is known but ticks.
    pub(super) fn of_ticks(user_ticks: u64, system_ticks: u64) -> Self {
        Self { threads_ns: (user_ticks + system_ticks) * tick_ns(), user_ticks, system_ticks }
    }

    /// All of it, in nanoseconds.
    ///
    /// The threads' account is exact but forgets threads that have ended. The ticks count those, and are rounded
    /// down: the greater of the two is never too much and at most two ticks too little.
    pub fn total_ns(&self) -> u64 {
        self.threads_ns.max((self.user_ticks + self.system_ticks) * tick_ns())
    }
}

fn tick_ns() -> u64 {
    NS_PER_SEC / procfs::ticks_per_second()
}

impl std::ops::Add for CpuReading {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            threads_ns: self.threads_ns + other.threads_ns,
            user_ticks: self.user_ticks + other.user_ticks,
            system_ticks: self.system_ticks + other.system_ticks,
        }
    }
}

/// What a process used between two readings.
///
/// `total_ns` is exact. It is split as the ticks of the same time stand to each other; where not a single tick
/// fell into it, as all ticks so far do.
pub fn cpu_between(before: CpuReading, after: CpuReading) -> Cpu {
    let total_ns = after.total_ns().saturating_sub(before.total_ns());
    let user = after.user_ticks.saturating_sub(before.user_ticks);
    let system = after.system_ticks.saturating_sub(before.system_ticks);
    let (user, system) = if user + system > 0 { (user, system) } else { (after.user_ticks, after.system_ticks) };
    let share = user as f64 / (user + system).max(1) as f64;
    let user_ns = (total_ns as f64 * share).round() as u64;
    Cpu { total_ns, user_ns, system_ns: total_ns.saturating_sub(user_ns) }
}

/// CPU time so far of one thread of this process, in nanoseconds (`schedstat`).
///
/// It is up to a tick late for a thread that is running. Fails if there is no such thread.
pub fn thread_cpu_ns(tid: Pid) -> anyhow::Result<u64> {
    Ok(schedstat(tid)?.sum_exec_runtime)
}

/// For how long so far such a thread could have run and waited for a processor, in nanoseconds. A wait is added when it ends.
pub fn thread_waited_ns(tid: Pid) -> anyhow::Result<u64> {
    Ok(schedstat(tid)?.run_delay)
}

fn schedstat(tid: Pid) -> anyhow::Result<Schedstat> {
    let tid = tid.as_raw_nonzero().get();
    procfs::process::Process::myself()
        .and_then(|own| own.task_from_tid(tid))
        .and_then(|task| task.schedstat())
        .with_context(|| format!("CPU time of thread {tid}"))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicBool, Ordering::Relaxed},
        },
        thread,
    };

    use protocol::clock::now_ns;
    use rustix::{
        thread::CpuSet,
        time::{ClockId, clock_gettime},
    };
    use server::values::Cpus;

    use super::*;
    use crate::machine::usage::Process;

    const SPIN_NS: u64 = 150_000_000;
    /// `schedstat` and ticks lag behind by as much, at either reading.
    const LAG_NS: u64 = 30_000_000;

    /// Uses that much CPU time, mostly in user mode, however busy the machine is.
    fn spin() {
        let thread_ns = || {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            time.tv_sec as u64 * NS_PER_SEC + time.tv_nsec as u64
        };
        let start_ns = thread_ns();
        while thread_ns() - start_ns < SPIN_NS {
            let lap_ns = now_ns();
            while now_ns() - lap_ns < 1_000_000 {}
        }
    }

    #[test]
    fn a_spin_is_seen_and_is_user_time() {
        // A process of its own: other tests share this one, and make system calls.
        let mut spinning = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let process = Process::new(spinning.id()).unwrap();
        let (before, begun_ns) = (process.cpu().unwrap(), now_ns());
        let used = loop {
            let used = cpu_between(before, process.cpu().unwrap());
            if used.total_ns >= SPIN_NS || now_ns() - begun_ns > 60 * NS_PER_SEC {
                break used;
            }
        };
        spinning.kill().unwrap();
        spinning.wait().unwrap();
        assert!(used.total_ns >= SPIN_NS, "{used:?}");
        assert!(used.user_ns > used.system_ns, "{used:?}");
        assert_eq!(used.user_ns + used.system_ns, used.total_ns);
    }

    #[test]
    fn a_thread_that_shares_a_processor_waits_for_it() {
        let ours = rustix::thread::sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| ours.is_set(*cpu)).unwrap();
        let cpus = Cpus(vec![first as u32]);
        let (ended, begun) = (AtomicBool::new(false), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                cpus.pin().unwrap();
                begun.wait();
                while !ended.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let waits = scope.spawn(|| {
                cpus.pin().unwrap();
                begun.wait();
                let tid = rustix::thread::gettid();
                let before = thread_waited_ns(tid);
                spin();
                // First of all, or a failure would never end.
                ended.store(true, Relaxed);
                thread_waited_ns(tid).unwrap() - before.unwrap()
            });
            let waited_ns = waits.join().unwrap();
            // The two have equal shares of what others leave them.
            assert!(waited_ns >= SPIN_NS / 2, "{waited_ns}");
        });
    }

    #[test]
    fn a_threads_time_is_its_own() {
        let tid = rustix::thread::gettid();
        let before = thread_cpu_ns(tid).unwrap();
        spin();
        let spun = thread_cpu_ns(tid).unwrap() - before;
        assert!((SPIN_NS - LAG_NS..SPIN_NS + LAG_NS).contains(&spun), "{spun}");
        assert!(thread_cpu_ns(rustix::thread::Pid::INIT).is_err(), "the first process is no thread of ours");
    }

    #[test]
    fn a_thread_that_ended_is_still_counted() {
        let own = Process::own().unwrap();
        let before = own.cpu().unwrap();
        thread::spawn(spin).join().unwrap();
        let used = cpu_between(before, own.cpu().unwrap());
        assert!(used.total_ns >= SPIN_NS - LAG_NS, "{used:?}");
    }

    #[test]
    fn the_split_is_made_over_the_difference() {
        let before = CpuReading { threads_ns: 5_000_000_000, user_ticks: 400, system_ticks: 100 };
        let after = CpuReading { threads_ns: 6_000_000_000, user_ticks: 420, system_ticks: 180 };
        let expected = Cpu { total_ns: 1_000_000_000, user_ns: 200_000_000, system_ns: 800_000_000 };
        assert_eq!(cpu_between(before, after), expected);
        assert_eq!(cpu_between(after, before), Cpu::default(), "backwards is nothing, not a panic");
        let sooner = CpuReading { threads_ns: 5_000_001_000, ..before };
        assert_eq!(cpu_between(before, sooner), Cpu { total_ns: 1_000, user_ns: 800, system_ns: 200 });
    }
}
