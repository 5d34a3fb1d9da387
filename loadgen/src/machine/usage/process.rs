//! What `/proc/PID` says about a process.

use std::ops::Add;

use anyhow::Context;
use procfs::{
    ProcError,
    process::{Process as Entry, Stat},
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
            .filter_map(|task| task.stat().ok().zip(task.schedstat().ok()))
            .map(|(stat, schedstat)| CpuReading {
                threads_ns: schedstat.sum_exec_runtime,
                user_ticks: stat.utime,
                system_ticks: stat.stime,
            })
            .fold(CpuReading::default(), CpuReading::add))
    }

    /// CPU time so far, all threads.
    pub fn cpu(&self) -> anyhow::Result<CpuReading> {
        let tasks = self.entry.tasks().or_else(|error| self.explain("task", error))?;
        // A thread may end while we look. Its time is still in the ticks below, which CpuReading makes use of.
        let threads_ns =
            tasks.flatten().filter_map(|task| task.schedstat().ok()).map(|task| task.sum_exec_runtime).sum();
        let stat = self.stat()?;
        Ok(CpuReading { threads_ns, user_ticks: stat.utime, system_ticks: stat.stime })
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
        let rollup = self.entry.smaps_rollup().or_else(|error| self.explain("smaps_rollup", error))?;
        let map = rollup.memory_map_rollup.0.into_iter().next().context("smaps_rollup is empty")?.extension.map;
        let field = |name| map.get(name).copied().with_context(|| format!("smaps_rollup has no {name}"));
        Ok(UserMemory { rss: field("Rss")?, pss: field("Pss")?, anonymous: field("Anonymous")? })
    }

    /// Of a living process: a zombie's other files are still there, and say 0.
    fn stat(&self) -> anyhow::Result<Stat> {
        match self.entry.stat() {
            Ok(stat) if matches!(stat.state, 'Z' | 'X') => Err(ended(self.entry.pid)),
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
