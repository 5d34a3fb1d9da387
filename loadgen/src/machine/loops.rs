//! Busy loops beside a run: some that starve the generator on purpose, and some that only keep processors awake.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use anyhow::{Context, anyhow, bail};
use protocol::results::Pinning;
use rustix::thread::{Pid, gettid};
use server::values::Cpus;
use thread_priority::{
    NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

use super::usage::{Processors, thread_cpu_ns};

/// Loops that starve whatever else runs on their processor.
const STARVING: usize = 8;

/// Busy loops, for as long as this lives. Nobody waits until one has run at idle priority: on a processor that has enough to do that may take seconds, and a
/// run would stand still meanwhile, across the edges of its measure phase as well.
#[derive(Debug)]
pub struct Loops {
    stop: Arc<AtomicBool>,
    /// Why one of them is not what it is to be.
    failed: Arc<OnceLock<String>>,
    threads: Vec<(Pid, JoinHandle<()>)>,
}

impl Loops {
    /// Starves a generator that keeps to its processors; without such, the whole machine.
    pub fn that_starve(pinned: Option<&Pinning>) -> anyhow::Result<Self> {
        let cpus = pinned.map(|pinned| Cpus(pinned.generator.clone()));
        let count = cpus.as_ref().map_or(1, |Cpus(cpus)| cpus.len()) * STARVING;
        Self::start((0..count).map(|_| Loop { cpus: cpus.clone(), idle: false }))
    }

    /// Keeps every processor of server and generator awake, with loops that yield to everything else (`SCHED_IDLE`,
    /// sched(7)): one that sleeps takes 50 us to wake, and under a hypervisor now and then a millisecond. Who waits more often
    /// would be charged with that: the transport whose clients have less to do.
    pub fn that_keep_awake(pinned: Option<&Pinning>) -> anyhow::Result<Self> {
        let all = match pinned {
            Some(Pinning { server, generator, .. }) => server.iter().chain(generator).copied().collect(),
            None => Processors::own().numbers(),
        };
        Self::start(all.into_iter().map(|cpu| Loop { cpus: Some(Cpus(vec![cpu])), idle: true }))
    }

    /// Their threads, as the kernel knows them.
    pub fn threads(&self) -> Vec<Pid> {
        self.threads.iter().map(|(id, _)| *id).collect()
    }

    /// CPU time that they have used so far, nanoseconds; or why one of them does not run as it should.
    pub fn cpu_ns(&self) -> anyhow::Result<u64> {
        if let Some(why) = self.failed.get() {
            bail!("{why}");
        }
        self.threads.iter().map(|(id, _)| thread_cpu_ns(*id)).sum()
    }

    fn start(loops: impl Iterator<Item = Loop>) -> anyhow::Result<Self> {
        let mut started = Self { stop: Arc::default(), failed: Arc::default(), threads: Vec::new() };
        for each in loops {
            let (stop, failed) = (Arc::clone(&started.stop), Arc::clone(&started.failed));
            let (ready, readiness) = std::sync::mpsc::sync_channel(1);
            let thread = std::thread::spawn(move || {
                let kept = each.keep();
                let fine = kept.is_ok();
                let _ = ready.send(kept.map(|()| gettid()));
                match each.step_back() {
                    Err(why) => drop(failed.set(why.to_string())),
                    Ok(()) => {
                        while fine && !stop.load(Relaxed) {
                            each.turn();
                        }
                    }
                }
            });
            let id = readiness.recv().context("a busy loop did not start")??;
            started.threads.push((id, thread));
        }
        Ok(started)
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for (_, thread) in self.threads.drain(..) {
            // It cannot have panicked.
            let _ = thread.join();
        }
    }
}

/// Where a loop runs, and whether only where nothing else would.
struct Loop {
    cpus: Option<Cpus>,
    idle: bool,
}

impl Loop {
    fn turn(&self) {
        if self.idle {
            // A scheduler that owes it a turn (EEVDF) would let even an idle thread finish its slice of milliseconds.
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }

    /// Puts the calling thread there.
    fn keep(&self) -> anyhow::Result<()> {
        self.cpus.as_ref().map_or(Ok(()), Cpus::pin)
    }

    /// Has the calling thread run only where nothing else would, if it is to.
    fn step_back(&self) -> anyhow::Result<()> {
        if self.idle {
            let policy = ThreadSchedulePolicy::Normal(Idle);
            set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
                .map_err(|error| anyhow!("cannot keep a processor awake at idle priority: {error}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SCHED_IDLE` of sched(7).
    const IDLE: u32 = 5;

    #[test]
    fn loops_that_keep_awake_have_idle_priority_and_end_when_dropped() {
        let idle_threads = || {
            let tasks = procfs::process::Process::myself().unwrap().tasks().unwrap();
            tasks
                .filter(|task| task.as_ref().is_ok_and(|task| task.stat().is_ok_and(|stat| stat.policy == Some(IDLE))))
                .count()
        };
        let loops = Loops::that_keep_awake(None).unwrap();
        let all = Processors::own().numbers().len();
        assert_eq!(loops.threads().len(), all);
        while idle_threads() < all {
            std::thread::yield_now();
        }
        drop(loops);
        assert_eq!(idle_threads(), 0);
    }
}
