//! The processes of a server that was started with a command: everything that descends from one process.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use procfs::process::{Process as Entry, all_processes};

use super::{CpuReading, Process};

/// So many times CPU time is read at most, if at each some process ends while it is.
const READS_MAX: usize = 3;

/// The living descendants of a process, parents before their children; without itself.
///
/// Who lost its parent is the child of the nearest subreaper above it (prctl(2)), which that process is to be. It looks at every process of
/// the machine, and misses none.
pub fn descendants(root: i32) -> anyhow::Result<Vec<Entry>> {
    let mut children: BTreeMap<i32, Vec<Entry>> = BTreeMap::new();
    for process in all_processes().context("/proc cannot be read")?.flatten() {
        // One that has ended since is none; a zombie holds nothing any more.
        let Ok(stat) = process.stat() else { continue };
        if !matches!(stat.state, 'Z' | 'X') {
            children.entry(stat.ppid).or_default().push(process);
        }
    }
    let (mut found, mut parents) = (Vec::new(), vec![root]);
    while let Some(parent) = parents.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            parents.push(child.pid);
            found.push(child);
        }
    }
    Ok(found)
}

/// Brings the descendants that are known of up to date, whatever that takes.
pub(super) fn search(root: &Process, known: &mut Vec<Process>) -> anyhow::Result<()> {
    renew(root, known);
    if !children_are_told() {
        for entry in descendants(root.pid())? {
            add(known, entry.pid, || Some(Process::found(entry)));
        }
    }
    Ok(())
}

/// The same at little cost, from those that are known. Where the kernel does not tell a process's children (`CONFIG_PROC_CHILDREN`), nobody
/// is added.
///
/// Zombies stay until they are waited for, as their CPU time is nowhere else. The kernel may leave a child out while another one ends
/// (proc(5)); who is known stays known, and who is not is found the next time.
pub(super) fn renew(root: &Process, known: &mut Vec<Process>) {
    known.retain(Process::is_there);
    let mut children = root.children();
    for next in 0.. {
        for child in children {
            add(known, child, || Process::new(child.try_into().ok()?).ok());
        }
        let Some(parent) = known.get(next) else { return };
        children = parent.children();
    }
}

fn add(known: &mut Vec<Process>, pid: i32, process: impl FnOnce() -> Option<Process>) {
    if known.iter().all(|known| known.pid() != pid) {
        known.extend(process());
    }
}

fn children_are_told() -> bool {
    Path::new("/proc/thread-self/children").exists()
}

/// CPU time so far of all descendants: of those that are there, and of those that ended and were waited for, by whichever of them or by the
/// root, whose own is left out.
pub(super) fn cpu(root: &Process, known: &mut Vec<Process>) -> anyhow::Result<CpuReading> {
    let mut sum = CpuReading::default();
    for _ in 0..READS_MAX {
        renew(root, known);
        let waited = root.waited().with_context(|| format!("process {} has ended", root.pid()))?;
        // Parents first: what a child used is counted for one that was there then, and no more when its parent has waited for it since.
        let read: Vec<_> = known.iter().map(Process::cpu_and_waited).collect();
        sum = read.iter().flatten().fold(waited, |sum, each| sum + *each);
        if read.iter().all(Option::is_some) {
            break;
        }
        // Who ended meanwhile is in what its parent has waited for, which had been read before.
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn children_of_children_are_found_and_the_process_itself_is_not() {
        // Says when both are there: a shell, and what it started.
        let script = "sleep 1000 & echo there; wait";
        let mut shell = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let own = std::process::id() as i32;
        let all: Vec<i32> = descendants(own).unwrap().iter().map(|process| process.pid).collect();
        let shells = descendants(shell.id() as i32).unwrap();
        assert_eq!(shells.len(), 1);
        assert!(all.contains(&(shell.id() as i32)) && all.contains(&shells[0].pid) && !all.contains(&own), "{all:?}");
        let sleep = rustix::process::Pid::from_raw(shells[0].pid).unwrap();
        rustix::process::kill_process(sleep, rustix::process::Signal::KILL).unwrap();
        shell.wait().unwrap();
        assert!(descendants(shell.id() as i32).unwrap().is_empty());
    }
}
