//! Starts loadgen in a folder of its own, listens to it, and ends it with the test.

use std::{
    io::{BufRead, BufReader, Read},
    panic::resume_unwind,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use loadgen::machine::usage::descendants;
use procfs::process::{Process, all_processes};
use protocol::clock::now_ns;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// After this a test has hung. Nothing is ever waited for so long when all is well.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks at what nothing announces.
const LOOK: Duration = Duration::from_millis(5);

/// A running loadgen, killed when dropped.
pub(crate) struct Loadgen {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// How it ended, and what was left unread of what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

/// Runs it to its end.
pub(crate) fn loadgen(dir: &Path, options: &str) -> Ended {
    Loadgen::start(dir, options).ended()
}

/// Does it for each at once, and gives what came of each in their order: nearly all of a sweep's time is spent waiting for its own clock.
pub(crate) fn at_once<T: Send, R: Send>(of: impl IntoIterator<Item = T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let each = &each;
        let all: Vec<_> = of.into_iter().map(|one| scope.spawn(move || each(one))).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

impl Loadgen {
    /// Starts it in a folder, to which relative paths in the options refer.
    pub(crate) fn start(dir: &Path, options: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.args(options.split_whitespace());
        Self::spawn(dir, command)
    }

    /// The same with so many file descriptors at most.
    pub(crate) fn with_open_files(dir: &Path, files: u32, options: &str) -> Self {
        let mut command = Command::new("sh");
        let script = format!("ulimit -Sn {files} && ulimit -Hn {files} && exec \"$0\" {options}");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_loadgen")]);
        Self::spawn(dir, command)
    }

    /// The same with what `env` makes of signals: a test that runs in the background is born ignoring some.
    pub(crate) fn with_signals(dir: &Path, signals: &str, options: &str) -> Self {
        let mut command = Command::new("env");
        command.args([signals, env!("CARGO_BIN_EXE_loadgen")]).args(options.split_whitespace());
        Self::spawn(dir, command)
    }

    pub(crate) fn spawn(dir: &Path, mut command: Command) -> Self {
        let child = command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let (stdout, stderr) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, stdout, stderr }
    }

    /// The next line on stdout.
    pub(crate) fn stdout_line(&self) -> String {
        self.stdout.recv_timeout(DEADLINE).expect("a line")
    }

    /// Reads stderr up to the line that begins so, and gives that.
    pub(crate) fn stderr_line(&self, beginning: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(DEADLINE).unwrap_or_else(|error| panic!("no {beginning:?}: {error}"));
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it make no file larger from now on.
    pub(crate) fn fill_the_disk(&self) {
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, none).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The server that it runs at present, once there is one that publishes.
    pub(crate) fn publishing_server(&self) -> Server {
        eventually("a server publishes", || self.server().filter(Server::publishes))
    }

    /// The server that it runs at present, once there is one.
    pub(crate) fn any_server(&self) -> Server {
        eventually("there is a server", || self.server())
    }

    fn server(&self) -> Option<Server> {
        let parent = self.child.id() as i32;
        let alive = |process: &Process| process.stat().is_ok_and(|stat| stat.ppid == parent && stat.state != 'Z');
        // Between fork and exec a child still has its parent's command line.
        let serves = |process: &Process| process.cmdline().is_ok_and(|words| words.iter().any(|word| word == "serve"));
        all_processes().unwrap().flatten().find(|process| alive(process) && serves(process)).map(Server)
    }

    /// A process of that name that descends from it, if there is one.
    pub(crate) fn descendant(&self, name: &str) -> Option<Server> {
        let is_called = |process: &Process| process.stat().is_ok_and(|stat| stat.comm == name);
        descendants(self.child.id() as i32).unwrap().into_iter().find(is_called).map(Server)
    }

    /// A process below it that has that word in its command.
    pub(crate) fn descendant_told(&self, word: &str) -> Option<Server> {
        let is_told = |process: &Process| process.cmdline().is_ok_and(|words| words.iter().any(|told| told == word));
        descendants(self.child.id() as i32).unwrap().into_iter().find(is_told).map(Server)
    }

    /// Waits for its end, and for that of every server it started: they share its stderr.
    pub(crate) fn ended(mut self) -> Ended {
        let stdout = rest(&self.stdout);
        let stderr = rest(&self.stderr);
        Ended { status: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Loadgen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Everything on stderr.
    pub(crate) fn message(&self) -> String {
        self.stderr.join("\n")
    }
}

/// A server process of a loadgen. Holds its `/proc` entry, so it cannot be mistaken for a later one.
pub(crate) struct Server(Process);

impl Server {
    fn publishes(&self) -> bool {
        let names = self.0.tasks().ok().into_iter().flatten().flatten().filter_map(|task| task.stat().ok());
        names.into_iter().any(|stat| stat.comm == "publisher")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.0.pid).unwrap(), signal).unwrap();
    }

    /// Waits until the process is no more.
    pub(crate) fn gone(&self) {
        eventually("the server is gone", || self.0.stat().map_or(true, |stat| stat.state == 'Z').then_some(()));
    }
}

pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline_ns = now_ns() + DEADLINE.as_nanos() as u64;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now_ns() < deadline_ns, "still not: {what}");
        std::thread::sleep(LOOK);
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn rest(lines: &Receiver<String>) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => rest.push(line),
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("it did not end; so far: {rest:?}"),
        }
    }
}
