//! Memory and CPU of a server's processes, observed from outside, with the kernel's share of it.

mod cpu;
mod kernel;
mod machine;
mod owners;
mod part;
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
pub use part::Of;
pub use process::Process;
pub use tcp::{tcp_between, tcp_reading};
pub use tree::descendants;

use super::cgroup::Cgroups;
use kernel::Kernel;
use part::{FoundBy, Part};

/// A server under observation, and what stands before it. Every method fails with words that say so once its process has ended, or all of
/// its processes.
#[derive(Debug)]
pub struct Observed {
    /// The server is the first.
    parts: Vec<Part>,
    kernel: Kernel,
    before: Before,
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
        Self::found(FoundBy::Id(pid), server_port)
    }

    /// Begins to observe the processes of the server that listens at an address, as one. Otherwise as [`Self::new`].
    pub fn listening(at: SocketAddr) -> anyhow::Result<Self> {
        Self::found(FoundBy::Port(at), at.port())
    }

    /// The same of all processes that descend from a process, which itself is none of the server's.
    pub fn descending(pid: u32, server_port: u16) -> anyhow::Result<Self> {
        Self::found(FoundBy::Descent(Process::new(pid)?), server_port)
    }

    fn found(found_by: FoundBy, server_port: u16) -> anyhow::Result<Self> {
        let server = Part::new(Of::Server, found_by)?;
        Ok(Self { parts: vec![server], kernel: Kernel::new(server_port)?, before: Before::default() })
    }

    /// The same with the processes of the proxy before it, all of which descend from one.
    pub fn behind(mut self, proxy_pid: u32, proxy_port: u16) -> anyhow::Result<Self> {
        self.kernel.also(proxy_port);
        self.parts.push(Part::new(Of::Proxy, FoundBy::Descent(Process::new(proxy_pid)?))?);
        Ok(self)
    }

    /// All processes.
    fn all(&self) -> impl Iterator<Item = &Process> {
        self.parts.iter().flat_map(Part::processes)
    }

    /// Looks again for the processes of a server that is not ours, whatever that takes: it may have started some for its clients. Tells
    /// whether they are others, so that CPU times before and after cannot be compared.
    pub fn look_again(&mut self) -> anyhow::Result<bool> {
        self.parts.iter_mut().try_fold(false, |others, part| Ok(part.look_again()? || others))
    }

    /// Whether it is not ours, but there: what cannot be read then is no failure of the run.
    pub fn is_elsewhere(&self) -> bool {
        match self.parts[0].found_by() {
            FoundBy::Id(_) => false,
            FoundBy::Port(address) => {
                sockets::at_port(address.port()).is_ok_and(|held| held.iter().any(|held| held.listens))
            }
            // That the first of them has ended is told by who started it.
            FoundBy::Descent(_) => true,
        }
    }

    /// The first of its processes.
    pub fn first_pid(&self) -> Option<u32> {
        u32::try_from(self.parts[0].processes().first()?.pid()).ok()
    }

    /// Its processes, by name and id, if they had to be found.
    pub fn names(&self) -> &[String] {
        self.parts[0].names()
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
    pub fn before(&mut self) -> anyhow::Result<Before> {
        Ok(Before { cpu: self.cpu()?, peak_rss_bytes: self.peak_rss_bytes()? })
    }

    /// Another process has taken its place; the account goes on.
    pub fn follow(&mut self, pid: u32, before: Before) -> anyhow::Result<()> {
        (self.parts[0], self.before) = (Part::new(Of::Server, FoundBy::Id(pid))?, before);
        Ok(())
    }

    /// Exact memory, for plateaus: 40 ms at 10,000 connections, 10 ms more for every gigabyte.
    ///
    /// `in_use` is the allocator's own view, which cannot be seen from outside.
    pub fn memory(&mut self, in_use: Option<u64>) -> anyhow::Result<MemorySample> {
        // Slab first: older kernels count open files by listing them, which makes slab of every one.
        let slab = self.kernel.slab()?;
        let mut sample =
            MemorySample { in_use, socket_buffers: self.kernel.socket_buffers()?, slab, ..MemorySample::default() };
        for part in &mut self.parts {
            let others_pss = sample.pss;
            part.add_memory(&mut sample)?;
            if part.of == Of::Proxy {
                sample.proxy_pss = Some(sample.pss - others_pss);
            }
        }
        Ok(sample)
    }

    /// A cheap look, for the timeline: 0.1 ms, and a little more for every thread.
    pub fn timeline_sample(&mut self, since_ns: u64) -> anyhow::Result<TimelineSample> {
        Ok(TimelineSample {
            at_ms: clock::now_ns().saturating_sub(since_ns) as f64 / 1e6,
            // First, as it finds the processes.
            cpu_ns: self.cpu()?.total_ns(),
            rss_bytes: self.sum(Process::rss_bytes)?,
            tcp_buffers_bytes: sockets::of_all_tcp()?,
        })
    }

    /// CPU time so far, of all parts; [`cpu_between`] two readings is what was used.
    pub fn cpu(&mut self) -> anyhow::Result<CpuReading> {
        Ok(self.cpu_by_part()?.into_iter().fold(CpuReading::default(), |sum, (_, cpu)| sum + cpu))
    }

    /// The same, of each part.
    pub fn cpu_by_part(&mut self) -> anyhow::Result<Vec<(Of, CpuReading)>> {
        let mut parts: Vec<_> =
            self.parts.iter_mut().map(|part| Ok((part.of, part.cpu()?))).collect::<anyhow::Result<_>>()?;
        parts[0].1 = parts[0].1 + self.before.cpu;
        Ok(parts)
    }

    /// Peak resident memory in bytes (`VmHWM`); of several processes the sum of their peaks.
    pub fn peak_rss_bytes(&self) -> anyhow::Result<u64> {
        Ok(self.before.peak_rss_bytes.max(self.sum(Process::peak_rss_bytes)?))
    }

    fn sum(&self, of: impl Fn(&Process) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
        let parts = self.parts.iter().map(|part| Ok(part.read(&of)?.into_iter().sum::<u64>()));
        parts.sum()
    }

    /// How kernel memory is counted here, in words.
    pub fn kernel_method(&self) -> String {
        self.kernel.method()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_living_process_shows_in_every_figure() {
        let since_ns = clock::now_ns();
        let mut observed = Observed::new(std::process::id(), 1).unwrap();
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
        let mut observed = Observed::new(pid, 1).unwrap();
        assert!(observed.timeline_sample(0).is_ok());
        // Without reaping it: a server that crashed is first seen as a zombie.
        child.kill().unwrap();
        let ended = format!("process {pid} has ended");
        let killed_ns = clock::now_ns();
        while observed.cpu().is_ok() && clock::now_ns() - killed_ns < 10 * clock::NS_PER_SEC {}
        let mut errors = || {
            [
                observed.cpu().unwrap_err(),
                observed.memory(None).unwrap_err(),
                observed.timeline_sample(0).unwrap_err(),
                observed.peak_rss_bytes().unwrap_err(),
            ]
        };
        let as_zombie = errors();
        assert!(as_zombie.iter().all(|error| error.to_string() == ended), "{as_zombie:?}");
        child.wait().unwrap();
        let reaped = errors();
        assert!(reaped.iter().all(|error| error.to_string() == ended), "{reaped:?}");
        assert_eq!(Observed::new(pid, 1).unwrap_err().to_string(), ended);
    }
}
