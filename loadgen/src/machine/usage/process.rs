//! What `/proc/PID` says about a process.

use std::ops::Add;

use anyhow::Context;
use procfs::{
    ProcError,
    process::{Process as Entry, Stat, TasksIter},
};
use rustix::process::Pid;

use super::CpuReading;

/// A process that is being read. It holds the process's own `/proc` entry, so that a number given to another
/// process later is not mistaken for it.
#[derive(Debug)]
pub struct Process {
    entry: Entry,
}

/// User memory, exactly, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserMemory {
    pub(super) rss: u64,
    pub(super) pss: u64,
    pub(super) anonymous: u64,
}

impl Process {
    /// The process `pid`. Fails if there is none.
    pub fn new(pid: u32) -> anyhow::Result<Self> {
        let number = i32::try_from(pid).with_context(|| format!("{pid} is no process id"))?;
        match Entry::new(number) {
            Err(ProcError::NotFound(_)) => Err(ended(number)),
            other => Ok(Self { entry: other.with_context(|| format!("process {pid} cannot be read"))? }),
        }
    }

    /// One that was found.
    pub(super) fn found(entry: Entry) -> Self {
        Self { entry }
    }

    /// Its id.
    pub(super) fn pid(&self) -> i32 {
        self.entry.pid
    }

    /// What it is called, and its id.
    pub(super) fn name(&self) -> anyhow::Result<String> {
        Ok(format!("{} {}", self.stat()?.comm, self.entry.pid))
    }

    /// This process: the load generator itself.
    pub fn own() -> anyhow::Result<Self> {
        Ok(Self { entry: Entry::myself().context("/proc/self cannot be read")? })
    }

    /// CPU time so far of all threads but those. It forgets threads that have ended.
    pub fn cpu_without(&self, threads: &[Pid]) -> anyhow::Result<CpuReading> {
        let tasks = self.entry.tasks().or_else(|error| self.explain("task", error))?;
        let others = tasks.flatten().filter(|task| threads.iter().all(|thread| thread.as_raw_pid() != task.tid));
        Ok(others
            .filter_map(|task| Some(reading(task.schedstat().ok()?.sum_exec_runtime, &task.stat().ok()?)))
            .fold(CpuReading::default(), CpuReading::add))
    }

    /// CPU time so far, all threads.
    pub fn cpu(&self) -> anyhow::Result<CpuReading> {
        let tasks = self.entry.tasks().or_else(|error| self.explain("task", error))?;
        let threads_ns = threads_ns(tasks);
        Ok(reading(threads_ns, &self.stat()?))
    }

    /// The same, of a zombie too, with that of its children that it has waited for. `None` once it is gone.
    pub(super) fn cpu_and_waited(&self) -> Option<CpuReading> {
        let threads_ns = self.entry.tasks().map_or(0, threads_ns);
        let stat = self.entry.stat().ok()?;
        Some(reading(threads_ns, &stat) + waited(&stat))
    }

    /// CPU time of the children that it has waited for, and of theirs. `None` once it is gone.
    pub(super) fn waited(&self) -> Option<CpuReading> {
        self.entry.stat().ok().as_ref().map(waited)
    }

    /// The processes whose parent it is; none where the kernel does not tell.
    pub(super) fn children(&self) -> Vec<i32> {
        let tasks = self.entry.tasks().into_iter().flatten().flatten();
        tasks.filter_map(|task| task.children().ok()).flatten().filter_map(|pid| pid.try_into().ok()).collect()
    }

    /// Whether it can be told of: it lives, or nobody has waited for it.
    pub(super) fn is_there(&self) -> bool {
        self.entry.stat().is_ok()
    }

    /// Whether it has ended, or is about to, waited for or not.
    pub(super) fn has_ended(&self) -> bool {
        self.entry.stat().map_or(true, |stat| is_ending(&stat))
    }

    /// Resident memory in bytes, as `statm` has it: cheap, and off by some pages a thread.
    pub fn rss_bytes(&self) -> anyhow::Result<u64> {
        self.stat()?;
        let statm = self.entry.statm().or_else(|error| self.explain("statm", error))?;
        Ok(statm.resident * procfs::page_size())
    }

    /// Peak resident memory in bytes (`VmHWM`).
    pub fn peak_rss_bytes(&self) -> anyhow::Result<u64> {
        self.stat()?;
        let status = self.entry.status().or_else(|error| self.explain("status", error))?;
        status.vmhwm.map(|kib| kib * 1024).context("/proc/PID/status has no VmHWM")
    }

    pub(super) fn threads(&self) -> anyhow::Result<u32> {
        Ok(u32::try_from(self.stat()?.num_threads)?)
    }

    pub(super) fn open_files(&self) -> anyhow::Result<u32> {
        let files = self.entry.fd_count().or_else(|error| self.explain("fd", error))?;
        Ok(u32::try_from(files)?)
    }

    /// Exact: the kernel walks every page table (`smaps_rollup`, 11 ms at 1.3 GB).
    pub(super) fn memory(&self) -> anyhow::Result<UserMemory> {
        self.stat()?;
        // Who becomes another program between the opening and the reading has given up the memory that was opened, and has other by then.
        let rollup = self.entry.smaps_rollup().or_else(|_| self.entry.smaps_rollup());
        let rollup = rollup.or_else(|error| self.explain("smaps_rollup", error))?;
        let map = rollup.memory_map_rollup.0.into_iter().next().context("smaps_rollup is empty")?.extension.map;
        let field = |name| map.get(name).copied().with_context(|| format!("smaps_rollup has no {name}"));
        Ok(UserMemory { rss: field("Rss")?, pss: field("Pss")?, anonymous: field("Anonymous")? })
    }

    /// Of a living process: a zombie's other files are still there, and say 0.
    fn stat(&self) -> anyhow::Result<Stat> {
        match self.entry.stat() {
            Ok(stat) if is_ending(&stat) => Err(ended(self.entry.pid)),
            Ok(stat) => Ok(stat),
            Err(ProcError::PermissionDenied(_)) => anyhow::bail!("process {}: no permission", self.entry.pid),
            Err(_) => Err(ended(self.entry.pid)),
        }
    }

    /// Says why a file of the process could not be read: mostly because it ended.
    fn explain<T>(&self, file: &str, error: ProcError) -> anyhow::Result<T> {
        self.stat()?;
        Err(error).with_context(|| format!("/proc/{}/{file} cannot be read", self.entry.pid))
    }
}

/// A process gives up its memory some time before it is a zombie, and cannot be read any more from then on. The flag is set before that
/// (`PF_EXITING`, proc(5) and the kernel's `sched.h`).
fn is_ending(stat: &Stat) -> bool {
    const PF_EXITING: u32 = 0x4;
    matches!(stat.state, 'Z' | 'X') || stat.flags & PF_EXITING != 0
}

/// CPU time so far of the threads that live. One may end while we look: its time is still in the ticks of its process, which are read after
/// this and of which [`CpuReading`] makes use.
fn threads_ns(tasks: TasksIter) -> u64 {
    tasks.flatten().filter_map(|task| task.schedstat().ok()).map(|schedstat| schedstat.sum_exec_runtime).sum()
}

fn reading(threads_ns: u64, stat: &Stat) -> CpuReading {
    CpuReading { threads_ns, user_ticks: stat.utime, system_ticks: stat.stime }
}

fn waited(stat: &Stat) -> CpuReading {
    CpuReading::of_ticks(stat.cutime.unsigned_abs(), stat.cstime.unsigned_abs())
}

fn ended(pid: i32) -> anyhow::Error {
    anyhow::anyhow!("process {pid} has ended")
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn anonymous_memory_grows_by_what_is_touched() {
        const BYTES: u64 = 64 << 20;
        let own = Process::own().unwrap();
        let before = own.memory().unwrap();
        let block = black_box(vec![1_u8; BYTES as usize]);
        let after = own.memory().unwrap();
        let grown = after.anonymous - before.anonymous;
        // Other tests run in this process too.
        assert!((BYTES..BYTES + (16 << 20)).contains(&grown), "{grown}");
        let cheap = own.rss_bytes().unwrap();
        assert!(cheap.abs_diff(after.rss) < 16 << 20, "{cheap} is not about {after:?}");
        assert!(own.peak_rss_bytes().unwrap() >= BYTES);
        drop(block);
    }

    #[test]
    fn a_missing_process_is_named() {
        let error = Process::new(i32::MAX as u32).unwrap_err();
        assert_eq!(error.to_string(), "process 2147483647 has ended");
        assert!(Process::new(u32::MAX).is_err());
    }
}
