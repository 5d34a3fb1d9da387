//! Starts the server's program, waits on it, and ends it with the test.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use protocol::{
    Engine,
    clock::now_ns,
    control::{Command as Told, Event},
};
use rustix::process::{Pid, Signal, kill_process};

/// After this a test has hung. Nothing is ever waited for so long when all is well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks at something that only a question can tell.
const LOOK: Duration = Duration::from_millis(5);

/// Only one update in the life of a test, due at the start.
pub(crate) const ONE_UPDATE: &str = "--rate 0.001";

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: Receiver<String>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one with these options, and waits until it says where it listens.
    pub(crate) fn start(options: &str) -> Self {
        Self::of(command(options).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// One of each engine, one after the other.
    pub(crate) fn of_each_engine(options: &str) -> impl Iterator<Item = Self> {
        Engine::ALL.into_iter().map(move |engine| Self::start(&format!("{options} --engine {engine}")))
    }

    /// The same, with these variables.
    pub(crate) fn start_in(options: &str, variables: &[(&str, &str)]) -> Self {
        Self::of(command(options).envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// One that is told what to do, and listens there.
    pub(crate) fn under_control(listen: SocketAddr, options: &str) -> Self {
        let mut command = command(&format!("--control --listen {listen} {options}"));
        Self::of(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Starts one with options that need not be UTF-8.
    pub(crate) fn start_with(options: &[&OsStr]) -> Self {
        Self::of(command("").args(options).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// The same, with what it logs.
    pub(crate) fn start_logging(options: &str) -> (Self, Receiver<String>) {
        let mut command = command(options);
        command.env("RUST_LOG", "info").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = lines(child.stderr.take().unwrap());
        (Self::of(child), log)
    }

    /// The same with so many open files, softly and hardly.
    pub(crate) fn with_open_files(soft: u32, hard: u32, options: &str) -> (Self, Receiver<String>) {
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"")]);
        let server = command(options);
        limited.arg(server.get_program()).args(server.get_args());
        limited.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = limited.spawn().unwrap();
        let log = lines(child.stderr.take().unwrap());
        (Self::of(child), log)
    }

    /// The same, started by `env`: a test that runs in the background is born ignoring some signals.
    pub(crate) fn start_by_env(options_of_env: &[&str], options: &str) -> Self {
        let server = command(options);
        let mut command = Command::new("env");
        command.args(options_of_env).arg(server.get_program()).args(server.get_args()).stdin(Stdio::null());
        Self::of(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// The same, with much to say on a stderr whose reader has gone.
    pub(crate) fn start_unread(options: &str) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Self::of(command(options).env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(writer).spawn().unwrap())
    }

    fn of(mut child: Child) -> Self {
        let stdout = lines(child.stdout.take().unwrap());
        let ready = stdout.recv_timeout(DEADLINE).expect("a ready line");
        let Event::Ready { listen, .. } = serde_json::from_str(&ready).unwrap() else { panic!("not ready: {ready}") };
        Self { child, stdout, address: listen }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it, if it is under control.
    pub(crate) fn tell(&mut self, told: &Told) {
        let line = serde_json::to_string(told).unwrap() + "\n";
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }

    /// What it says next.
    pub(crate) fn event(&self) -> Event {
        serde_json::from_str(&self.stdout.recv_timeout(DEADLINE).expect("an event")).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        // Its stdout closes with it.
        match self.stdout.recv_timeout(DEADLINE) {
            Err(RecvTimeoutError::Disconnected) => self.child.wait().unwrap(),
            other => panic!("the server did not end: {other:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a server that is expected to refuse its options, and gives what it said on stderr.
pub(crate) fn refusal(options: &str) -> String {
    let mut child = command(options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A server that does not refuse would run for ever, and says that it is ready.
    if let Ok(line) = lines(child.stdout.take().unwrap()).recv_timeout(DEADLINE) {
        child.kill().unwrap();
        panic!("{options}: not refused: {line}");
    }
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{options}: {stderr}");
    stderr
}

/// Asks until there is an answer.
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

fn command(options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.env("RUST_LOG", "error").stdin(Stdio::null());
    if !options.contains("--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(options.split_whitespace());
    command
}

fn lines(stdout: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
