//! Busy loops beside a run: some that starve the generator on purpose, and some that only keep processors awake.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use anyhow::{Context, anyhow};
use protocol::results::Pinning;
use server::values::Cpus;
use thread_priority::{
    NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// Loops that starve whatever else runs on their processor.
const STARVING: usize = 8;

/// Busy loops, for as long as this lives.
#[derive(Debug)]
pub(super) struct Loops {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Loops {
    /// Starves a generator that keeps to its processors; without such, the whole machine.
    pub(super) fn that_starve(pinned: Option<&Pinning>) -> anyhow::Result<Self> {
        let cpus = pinned.map(|pinned| Cpus(pinned.generator.clone()));
        let count = cpus.as_ref().map_or(1, |Cpus(cpus)| cpus.len()) * STARVING;
        Self::start((0..count).map(|_| Loop { cpus: cpus.clone(), idle: false }))
    }

    /// Keeps every processor of server and generator awake, with loops that yield to everything else (`SCHED_IDLE`,
    /// sched(7)): one that sleeps takes 50 us to wake, and under a hypervisor now and then a millisecond.
    pub(super) fn that_keep_awake(pinned: Option<&Pinning>) -> anyhow::Result<Self> {
        let all = pinned.into_iter().flat_map(|Pinning { server, generator, .. }| server.iter().chain(generator));
        Self::start(all.map(|cpu| Loop { cpus: Some(Cpus(vec![*cpu])), idle: true }))
    }

    fn start(loops: impl Iterator<Item = Loop>) -> anyhow::Result<Self> {
        let mut started = Self { stop: Arc::default(), threads: Vec::new() };
        for each in loops {
            let stop = Arc::clone(&started.stop);
            let (ready, readiness) = std::sync::mpsc::sync_channel(1);
            started.threads.push(std::thread::spawn(move || {
                let begun = each.begin();
                let fine = begun.is_ok();
                let _ = ready.send(begun);
                while fine && !stop.load(Relaxed) {
                    each.turn();
                }
            }));
            readiness.recv().context("a busy loop did not start")??;
        }
        Ok(started)
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in self.threads.drain(..) {
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
    fn begin(&self) -> anyhow::Result<()> {
        if let Some(cpus) = &self.cpus {
            cpus.pin()?;
        }
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
        let pinned =
            crate::machine::pinning::split(1, None).unwrap_or(Pinning { server: vec![0], ..Pinning::default() });
        let loops = Loops::that_keep_awake(Some(&pinned)).unwrap();
        assert_eq!(idle_threads(), pinned.server.len() + pinned.generator.len());
        drop(loops);
        assert_eq!(idle_threads(), 0);
    }
}
