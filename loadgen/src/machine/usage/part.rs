//! A part of what is observed: the processes of the server, or of what stands before it.

use std::net::SocketAddr;

use anyhow::ensure;
use protocol::results::MemorySample;

use super::{CpuReading, Process, owners, tree};

/// Whose processes a part's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The server that is measured.
    Server,
    /// A proxy before it.
    Proxy,
}

/// How processes are known.
#[derive(Debug)]
pub(super) enum FoundBy {
    /// It is one, and that was named.
    Id(u32),
    /// They hold the sockets of where it listens.
    Port(SocketAddr),
    /// They descend from that one, which started them and is none of them.
    Descent(Process),
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) of: Of,
    found_by: FoundBy,
    /// Of a tree parents stand before their children.
    processes: Vec<Process>,
    names: Vec<String>,
}

impl Part {
    pub(super) fn new(of: Of, found_by: FoundBy) -> anyhow::Result<Self> {
        let mut part = Self { of, found_by, processes: Vec::new(), names: Vec::new() };
        part.look_again()?;
        Ok(part)
    }

    pub(super) fn processes(&self) -> &[Process] {
        &self.processes
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn found_by(&self) -> &FoundBy {
        &self.found_by
    }

    /// Looks for all of its processes. True if they are others, and the CPU time of those that have ended is not known.
    pub(super) fn look_again(&mut self) -> anyhow::Result<bool> {
        let before: Vec<_> = self.processes.iter().map(Process::pid).collect();
        match &self.found_by {
            FoundBy::Id(pid) if before.is_empty() => self.processes = vec![Process::new(*pid)?],
            // It has no name, as it was not found.
            FoundBy::Id(_) => return Ok(false),
            FoundBy::Port(address) => self.processes = owners::of(*address)?.into_iter().map(Process::found).collect(),
            FoundBy::Descent(root) => tree::search(root, &mut self.processes)?,
        }
        if !matches!(self.found_by, FoundBy::Id(_)) {
            self.names = self.read(Process::name)?;
        }
        Ok(matches!(self.found_by, FoundBy::Port(_)) && !self.processes.iter().map(Process::pid).eq(before))
    }

    /// CPU time so far, of a tree with all that was waited for.
    pub(super) fn cpu(&mut self) -> anyhow::Result<CpuReading> {
        match &self.found_by {
            FoundBy::Descent(root) => tree::cpu(root, &mut self.processes),
            _ => Ok(self.read(Process::cpu)?.into_iter().fold(CpuReading::default(), std::ops::Add::add)),
        }
    }

    /// Adds what is exact of its memory; nothing of the kernel's.
    pub(super) fn add_memory(&mut self, sample: &mut MemorySample) -> anyhow::Result<()> {
        if let FoundBy::Descent(root) = &self.found_by {
            tree::renew(root, &mut self.processes);
        }
        for (user, threads, files) in self.read(|each| Ok((each.memory()?, each.threads()?, each.open_files()?)))? {
            sample.rss += user.rss;
            sample.pss += user.pss;
            sample.anonymous += user.anonymous;
            sample.threads += threads;
            sample.open_files += files;
        }
        Ok(())
    }

    /// Of each of the processes that live. One of several that ends meanwhile is left out; that none is left is an error.
    pub(super) fn read<T>(&self, of: impl Fn(&Process) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.processes.len());
        for process in &self.processes {
            match of(process) {
                Ok(read) => all.push(read),
                Err(_) if !matches!(self.found_by, FoundBy::Id(_)) && process.has_ended() => {}
                Err(error) => return Err(error),
            }
        }
        ensure!(!all.is_empty(), "all processes of the {} have ended", format!("{:?}", self.of).to_lowercase());
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        process::{Child, Command, Stdio},
    };

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    /// A shell that does a line of its stdin after the other.
    fn shell() -> Child {
        Command::new("sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Has the shell do that, and say a line after it.
    fn told(shell: &mut Child, line: &str) {
        writeln!(shell.stdin.as_mut().unwrap(), "{line}; echo done").unwrap();
        let mut said = String::new();
        // There is no more than this line, so nothing is lost with the buffer.
        BufReader::new(shell.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "done\n");
    }

    fn below(shell: &Child) -> Part {
        Part::new(Of::Server, FoundBy::Descent(Process::new(shell.id()).unwrap())).unwrap()
    }

    #[test]
    fn who_came_is_counted_who_ended_is_left_out_and_that_all_have_is_an_error() {
        let mut shell = shell();
        told(&mut shell, "sleep 1000 & first=$!");
        let mut part = below(&shell);
        let threads = |part: &mut Part| {
            let mut memory = MemorySample::default();
            part.add_memory(&mut memory).map(|()| memory.threads)
        };
        assert_eq!(threads(&mut part).unwrap(), 1);
        told(&mut shell, "sleep 1000 & second=$!");
        assert_eq!(threads(&mut part).unwrap(), 2, "without being told to look");
        // It ends between being found and being read.
        kill_process(Pid::from_raw(part.processes()[0].pid()).unwrap(), Signal::KILL).unwrap();
        while !part.processes()[0].has_ended() {}
        assert_eq!(part.read(Process::rss_bytes).unwrap().len(), 1);
        assert_eq!(threads(&mut part).unwrap(), 1);
        told(&mut shell, "kill -9 $second; wait $second");
        assert_eq!(threads(&mut part).unwrap_err().to_string(), "all processes of the server have ended");
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }

    #[test]
    fn cpu_time_of_who_came_and_ended_between_two_looks_is_counted() {
        const SPINS: &str = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'";
        let mut shell = shell();
        told(&mut shell, "sleep 1000 & sleep=$!");
        let mut part = below(&shell);
        let before = part.cpu().unwrap();
        told(&mut shell, SPINS);
        let after = part.cpu().unwrap();
        let used = super::super::cpu_between(before, after);
        // As the kernel has it of what the shell has waited for.
        let known = Process::new(shell.id()).unwrap().waited().unwrap().total_ns();
        assert!(known > 0 && used.total_ns > 0 && used.total_ns.abs_diff(known) <= 60_000_000, "{used:?} of {known}");
        told(&mut shell, "kill -9 $sleep; wait $sleep");
        assert!(part.cpu().unwrap().total_ns() + 60_000_000 >= after.total_ns(), "it does not fall with who ends");
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}
