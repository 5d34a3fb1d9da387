//! A server of others that is started for one run, with all its processes: by `loadgen guard`, which ends them however this process ends.

use std::{
    collections::VecDeque,
    io::PipeWriter,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::{AsRawFd, OwnedFd},
    process::{self, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use protocol::control;
use server::values::Cpus;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::Child,
    time::timeout,
};

use super::{command::Command, ready::unready};
use crate::machine::program::OWN;

/// How long all its processes may take to end; the guard kills them before.
const END: Duration = Duration::from_secs(15);
/// Where servers of others listen: what Linux gives to clients begins there at 32,768 by default.
const PORTS: std::ops::Range<u16> = 20_000..32_768;
/// So many ports are tried, so far apart (a prime: all are reached), and so many steps were taken.
const STEPS_MAX: usize = 1_000;
const STEP: u32 = 7_919;
static STEPS: AtomicU32 = AtomicU32::new(0);
/// So many of its last lines are told, and so much of each.
const LINES_MAX: usize = 10;
const LINE_BYTES_MAX: u64 = 400;

/// A server of others, and all processes that it started.
#[derive(Debug)]
pub struct Guarded {
    guard: Child,
    /// Closed, the guard ends everything.
    control: PipeWriter,
    stdin: OwnedFd,
    said: Arc<Mutex<Said>>,
    /// What it is called in messages.
    name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its guard's process id: its own processes descend from that.
    pub pid: u32,
}

#[derive(Debug, Default)]
struct Said {
    lines: VecDeque<String>,
    ended: Option<String>,
}

impl Guarded {
    /// Starts a server, and waits until it answers, for so long at most.
    pub async fn start(
        command: &Command,
        listens: Ipv4Addr,
        cpus: Option<&Cpus>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        Self::start_at(free_address(listens)?, "the server".to_owned(), command, cpus, patience, false).await
    }

    /// The same at that address, under a name for messages. `scratch`: the folder of its command goes with it.
    pub async fn start_at(
        address: SocketAddr,
        name: String,
        command: &Command,
        cpus: Option<&Cpus>,
        patience: Duration,
        scratch: bool,
    ) -> anyhow::Result<Self> {
        let (pipe, control) = std::io::pipe().context("no pipe")?;
        let mut guard = tokio::process::Command::new(OWN);
        guard.arg0("loadgen").arg("guard");
        guard.arg("--control").arg(format!("/proc/{}/fd/{}", std::process::id(), pipe.as_raw_fd()));
        if let Some(Cpus(cpus)) = cpus {
            guard.arg("--cpus").arg(cpus.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        }
        if scratch {
            guard.arg("--scratch");
        }
        guard.current_dir(&command.folder).arg("--").args(command.at(address));
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut guard = guard.spawn().context("cannot start the server's guard")?;
        let pid = guard.id().context("the server's guard ended at once")?;
        let stdin = guard.stdin.take().context("no pipe to the server")?.into_owned_fd()?;
        let (stdout, stderr) = (guard.stdout.take().context("no pipe")?, guard.stderr.take().context("no pipe")?);
        let said = Arc::<Mutex<Said>>::default();
        tokio::spawn(listen(stderr, Arc::clone(&said), |said, line| {
            said.lines.truncate(LINES_MAX - 1);
            said.lines.push_front(line);
        }));
        tokio::spawn(listen(stdout, Arc::clone(&said), |said, line| {
            if let Ok(control::Guarded::Ended { status }) = serde_json::from_str(&line) {
                said.ended = Some(status);
            }
        }));
        let mut server = Self { guard, control, stdin, said, name, address, pid };
        let unready = unready(address, command.ready.as_deref(), patience, || server.death().is_some()).await;
        // First of all: who has died was not the one that answered.
        if let Some(death) = server.death() {
            bail!("{death}");
        }
        if let Some(why) = unready {
            bail!("{} {why}{}", server.name, server.last_lines());
        }
        // Opened by the guard before it started anything.
        drop(pipe);
        Ok(server)
    }

    /// What is written here comes to its stdin, which is open until it is ended: a server that ends with its stdin would do so while
    /// updates are under way, and the time of a thread that does could not be read any more.
    pub fn stdin(&self) -> anyhow::Result<OwnedFd> {
        self.stdin.try_clone().context("the server's stdin cannot be written to")
    }

    /// How it ended, if it has.
    pub fn death(&mut self) -> Option<String> {
        let ended = self.said.lock().unwrap_or_else(PoisonError::into_inner).ended.clone();
        let ended = match (ended, self.guard.try_wait()) {
            (Some(status), _) => format!("{} ended by itself: {status}", self.name),
            (None, Ok(None)) => return None,
            (None, status) => format!("{}'s guard ended by itself: {status:?}", self.name),
        };
        Some(format!("{ended}{}", self.last_lines()))
    }

    /// Ends it, with every process that it started.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { mut guard, control, stdin, said, .. } = self;
        drop((stdin, control));
        let status = timeout(END, guard.wait()).await.context("the server's guard does not end")?;
        ensure!(status?.success(), "the server's guard failed{}", last_lines(&said));
        Ok(())
    }

    fn last_lines(&self) -> String {
        last_lines(&self.said)
    }
}

/// Where something may listen that is started next: at a port that the kernel gives nobody of its own accord (ip(7),
/// `ip_local_port_range`). One of the others, free now, may be a client's by the time the server asks for it, and whoever has it then would be
/// taken for the server. From then until it listens another program like this one may look for a port, too, for as long as a server takes to
/// start: each begins at its own process id, and goes on in steps.
pub fn free_address(at: Ipv4Addr) -> anyhow::Result<SocketAddr> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let given_from = range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(PORTS.end);
    let ports = if given_from > PORTS.start { PORTS.start..given_from.min(PORTS.end) } else { PORTS };
    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    let step = || process::id().wrapping_add(STEP.wrapping_mul(STEPS.fetch_add(1, Relaxed))) % ports.len() as u32;
    (0..STEPS_MAX)
        .map(|_| SocketAddr::from((at, ports.start + step() as u16)))
        .find(is_free)
        .with_context(|| format!("no free port from {} to {}", ports.start, ports.end))
}

fn last_lines(said: &Mutex<Said>) -> String {
    let said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let lines: Vec<_> = said.lines.iter().rev().map(String::as_str).collect();
    if lines.is_empty() { "; it said nothing".to_owned() } else { format!("; its last lines: {}", lines.join(" | ")) }
}

/// Takes note of each line, as long as there are any.
async fn listen(from: impl AsyncRead + Unpin, said: Arc<Mutex<Said>>, note: impl Fn(&mut Said, String)) {
    let mut from = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        match (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !line.is_empty() {
            note(&mut said.lock().unwrap_or_else(PoisonError::into_inner), line);
        }
    }
}
