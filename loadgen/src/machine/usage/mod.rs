//! Memory and CPU of a server's processes, observed from outside, with the kernel's share of it.

mod cpu;
mod kernel;
mod machine;
mod owners;
mod process;
mod sockets;
mod tcp;
mod tree;

use std::net::SocketAddr;

use protocol::{
    clock,
    results::{MemorySample, TimelineSample},
};

pub use cpu::{CpuReading, cpu_between, thread_cpu_ns, thread_waited_ns};
pub use machine::{Processors, machine_between, machine_reading};
pub use process::Process;
pub use tcp::{tcp_between, tcp_reading};
pub use tree::descendants;

use super::cgroup::Cgroups;
use kernel::Kernel;

/// A server under observation. Every method fails with words that say so once the process has ended.
#[derive(Debug)]
pub struct Observed {
    processes: Vec<Process>,
    kernel: Kernel,
    before: Before,
    found_by: FoundBy,
    names: Vec<String>,
    /// The proxy before it: whom its processes descend from, and they.
    proxy: Option<(u32, Vec<Process>)>,
}

/// How its processes are known.
#[derive(Debug, Clone, Copy)]
enum FoundBy {
    /// It is one, and that was named.
    Id,
    /// They hold the sockets of where it listens.
    Port(SocketAddr),
    /// They descend from that one, which started them.
    Descent(u32),
}

/// What was used by processes that were in its place before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    cpu: CpuReading,
    peak_rss_bytes: u64,
}

impl Observed {
    /// Begins to observe the process `pid`, whose listener is bound to `server_port`.
    ///
    /// Kernel memory is counted from now: call it while the server has no connection yet. It blocks for 60 ms, and
    /// for up to a second while the kernel still gives back what earlier connections held. Fails if there is no such process or it may not be read.
    pub fn new(pid: u32, server_port: u16) -> anyhow::Result<Self> {
        let (process, kernel) = (Process::new(pid)?, Kernel::new(server_port)?);
        Ok(Self {
            processes: vec![process],
            kernel,
            before: Before::default(),
            found_by: FoundBy::Id,
            names: Vec::new(),
            proxy: None,
        })
    }

    /// Begins to observe the processes of the server that listens at an address, as one. Otherwise as [`Self::new`].
    pub fn listening(at: SocketAddr) -> anyhow::Result<Self> {
        Self::found(FoundBy::Port(at), at.port())
    }

    /// The same of all processes that descend from a process, which itself is none of the server's.
    pub fn descending(pid: u32, server_port: u16) -> anyhow::Result<Self> {
        Self::found(FoundBy::Descent(pid), server_port)
    }

    fn found(found_by: FoundBy, server_port: u16) -> anyhow::Result<Self> {
        let (processes, names) = found_by.find()?;
        Ok(Self {
            processes,
            kernel: Kernel::new(server_port)?,
            before: Before::default(),
            found_by,
            names,
            proxy: None,
        })
    }

    /// The same with the processes of the proxy before it, all of which descend from one: every figure is of both, and its own part is told
    /// apart.
    pub fn behind(mut self, proxy_pid: u32, proxy_port: u16) -> anyhow::Result<Self> {
        self.kernel.also(proxy_port);
        self.proxy = Some((proxy_pid, FoundBy::Descent(proxy_pid).find()?.0));
        Ok(self)
    }

    /// All processes.
    fn all(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().chain(self.proxy.iter().flat_map(|(_, processes)| processes))
    }

    /// Looks again for the processes of a server that is not ours: it may have started some for its clients. Tells whether they are others.
    pub fn look_again(&mut self) -> anyhow::Result<bool> {
        let before: Vec<_> = self.all().map(Process::pid).collect();
        if !matches!(self.found_by, FoundBy::Id) {
            (self.processes, self.names) = self.found_by.find()?;
        }
        if let Some((pid, processes)) = &mut self.proxy {
            *processes = FoundBy::Descent(*pid).find()?.0;
        }
        Ok(!self.all().map(Process::pid).eq(before))
    }

    /// Whether it is not ours, but there: what cannot be read then is no failure of the run.
    pub fn is_elsewhere(&self) -> bool {
        match self.found_by {
            FoundBy::Id => false,
            FoundBy::Port(address) => {
                sockets::at_port(address.port()).is_ok_and(|held| held.iter().any(|held| held.listens))
            }
            // That the first of them has ended is told by who started it.
            FoundBy::Descent(_) => true,
        }
    }

    /// The first of its processes.
    pub fn first_pid(&self) -> Option<u32> {
        u32::try_from(self.processes.first()?.pid()).ok()
    }

    /// Its processes, by name and id, if they had to be found.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The processors that this process or the server may use.
    pub fn processors(&self) -> Processors {
        self.all().fold(Processors::own(), |all, process| all.and_of(process.pid()))
    }

    /// For how long the server's control groups were kept from running so far; those that several processes are in once.
    pub fn throttled_ns(&self) -> Option<u64> {
        self.all().filter_map(|process| Cgroups::of(process.pid()).throttled()).map(|throttled| throttled.ns).max()
    }

    /// What to hand on to [`Self::follow`], while the process is still there.
    pub fn before(&self) -> anyhow::Result<Before> {
        Ok(Before { cpu: self.cpu()?, peak_rss_bytes: self.peak_rss_bytes()? })
    }

    /// Another process has taken its place; the account goes on.
    pub fn follow(&mut self, pid: u32, before: Before) -> anyhow::Result<()> {
        (self.processes, self.before) = (vec![Process::new(pid)?], before);
        Ok(())
    }

    /// Exact memory, for plateaus: 40 ms at 10,000 connections, 10 ms more for every gigabyte.
    ///
    /// `in_use` is the allocator's own view, which cannot be seen from outside.
    pub fn memory(&self, in_use: Option<u64>) -> anyhow::Result<MemorySample> {
        // Slab first: older kernels count open files by listing them, which makes slab of every one.
        let slab = self.kernel.slab()?;
        let mut sample =
            MemorySample { in_use, socket_buffers: self.kernel.socket_buffers()?, slab, ..MemorySample::default() };
        if let Some((_, processes)) = &self.proxy {
            sample.proxy_pss =
                Some(processes.iter().map(|process| Ok(process.memory()?.pss)).sum::<anyhow::Result<_>>()?);
        }
        for process in self.all() {
            let user = process.memory()?;
            sample.rss += user.rss;
            sample.pss += user.pss;
            sample.anonymous += user.anonymous;
            sample.threads += process.threads()?;
            sample.open_files += process.open_files()?;
        }
        Ok(sample)
    }

    /// A cheap look, for the timeline: 0.1 ms, and a little more for every thread.
    pub fn timeline_sample(&self, since_ns: u64) -> anyhow::Result<TimelineSample> {
        Ok(TimelineSample {
            at_ms: clock::now_ns().saturating_sub(since_ns) as f64 / 1e6,
            rss_bytes: self.sum(Process::rss_bytes)?,
            tcp_buffers_bytes: sockets::of_all_tcp()?,
            cpu_ns: self.cpu()?.total_ns(),
        })
    }

    /// The server's CPU time so far; [`cpu_between`] two readings is what it used.
    pub fn cpu(&self) -> anyhow::Result<CpuReading> {
        self.all().try_fold(self.before.cpu, |sum, process| Ok(sum + process.cpu()?))
    }

    /// The part of it that is the proxy's, if there is one.
    pub fn proxy_cpu(&self) -> anyhow::Result<Option<CpuReading>> {
        let Some((_, processes)) = &self.proxy else { return Ok(None) };
        processes.iter().try_fold(CpuReading::default(), |sum, process| Ok(sum + process.cpu()?)).map(Some)
    }

    /// Peak resident memory in bytes (`VmHWM`); of several processes the sum of their peaks.
    pub fn peak_rss_bytes(&self) -> anyhow::Result<u64> {
        Ok(self.before.peak_rss_bytes.max(self.sum(Process::peak_rss_bytes)?))
    }

    fn sum(&self, of: impl Fn(&Process) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
        self.all().map(of).sum()
    }

    /// How kernel memory is counted here, in words.
    pub fn kernel_method(&self) -> String {
        self.kernel.method()
    }
}

impl FoundBy {
    fn find(self) -> anyhow::Result<(Vec<Process>, Vec<String>)> {
        let entries = match self {
            Self::Id => Vec::new(),
            Self::Port(address) => owners::of(address)?,
            Self::Descent(pid) => descendants(i32::try_from(pid)?)?,
        };
        let processes: Vec<_> = entries.into_iter().map(Process::found).collect();
        let names = processes.iter().map(Process::name).collect::<Result<_, _>>()?;
        Ok((processes, names))
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_living_process_shows_in_every_figure() {
        let since_ns = clock::now_ns();
        let observed = Observed::new(std::process::id(), 1).unwrap();
        let memory = observed.memory(None).unwrap();
        assert!(memory.rss >= memory.pss && memory.pss > 0, "{memory:?}");
        assert!(memory.threads >= 2 && memory.open_files >= 3, "{memory:?}");
        let sample = observed.timeline_sample(since_ns).unwrap();
        assert!(sample.at_ms > 0.0 && sample.rss_bytes > 0 && sample.cpu_ns > 0, "{sample:?}");
        assert!(observed.peak_rss_bytes().unwrap() >= memory.rss, "{memory:?}");
    }

    #[test]
    fn a_process_that_ended_is_an_error_that_says_so() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        let observed = Observed::new(pid, 1).unwrap();
        assert!(observed.timeline_sample(0).is_ok());
        // Without reaping it: a server that crashed is first seen as a zombie.
        child.kill().unwrap();
        let ended = format!("process {pid} has ended");
        let killed_ns = clock::now_ns();
        while observed.cpu().is_ok() && clock::now_ns() - killed_ns < 10 * clock::NS_PER_SEC {}
        let errors = || {
            [
                observed.cpu().unwrap_err(),
                observed.memory(None).unwrap_err(),
                observed.timeline_sample(0).unwrap_err(),
                observed.peak_rss_bytes().unwrap_err(),
            ]
        };
        assert!(errors().iter().all(|error| error.to_string() == ended), "as a zombie: {:?}", errors());
        child.wait().unwrap();
        assert!(errors().iter().all(|error| error.to_string() == ended), "reaped: {:?}", errors());
        assert_eq!(Observed::new(pid, 1).unwrap_err().to_string(), ended);
    }
}
