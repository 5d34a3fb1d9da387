//! The processes of a server that was started with a command: everything that descends from one process.

use std::collections::BTreeMap;

use anyhow::Context;
use procfs::process::{Process as Entry, all_processes};

/// The living descendants of a process, by their ids; without itself.
///
/// Who lost its parent is the child of the nearest subreaper above it (prctl(2)), which that process is to be.
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
    found.sort_by_key(|process| process.pid);
    Ok(found)
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
