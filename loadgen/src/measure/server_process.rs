//! The server under test: this program run again as `loadgen serve`, in a process of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use protocol::{
    Engine, clock,
    control::{Change, Command, Event, Published, Rescheduled, Window},
    results::{Pinning, Stream},
};
use server::{
    connection::{
        access::TOKEN_VARIABLE,
        tls::{KEY_VARIABLE, make_key},
    },
    stream::fault::Fault,
    values::Cpus,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

use super::sweep::Sweep;
use crate::{machine::program::OWN, scenario::plan::Planned};

/// How long the server may take to say that it is ready, and to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// What server to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// What is run as `serve`: this program, but for tests of it.
    pub program: &'a Path,
    /// The address at which it listens.
    pub listens: Ipv4Addr,
    /// What it will publish.
    pub stream: &'a Stream,
    /// To how many topics, where it is not for all.
    pub topics: Option<u32>,
    /// Whether clients may say updates.
    pub speak: bool,
    /// For how long it collects updates that leave together, milliseconds.
    pub coalesce_ms: f64,
    /// Where it finds that, if it is a feed.
    pub feed: Option<&'a Path>,
    /// Threads that serve clients.
    pub threads: u32,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// How it serves.
    pub engine: Option<Engine>,
    /// Seed of random gaps.
    pub seed: u64,
    /// The processors to keep to.
    pub cpus: Option<Cpus>,
    /// How it is to misbehave.
    pub faults: &'a [Fault],
    /// A server that has ended, and whose address, certificate and stream it takes up, with all changes of that.
    pub in_place_of: Option<&'a ServerProcess>,
}

/// Where a server listens: what comes through a link comes to an address of each client's own.
pub fn listens(behind_link: bool) -> Ipv4Addr {
    if behind_link { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST }
}

impl<'a> Launch<'a> {
    /// The server of a run, or one that takes its place.
    pub fn of(sweep: &Sweep<'a>, planned: &'a Planned, in_place_of: Option<&'a ServerProcess>) -> Self {
        let (scenario, load) = (sweep.scenario, &planned.point.load);
        Self {
            program: Path::new(OWN),
            listens: listens(planned.point.load.path.is_some()),
            stream: &planned.point.load.stream,
            topics: load.topics(),
            speak: load.speak,
            coalesce_ms: load.coalesce_ms,
            feed: sweep.feed,
            threads: scenario.server_threads,
            tls: planned.point.load.tls,
            engine: planned.point.load.engine,
            seed: scenario.seed + u64::from(planned.repeat),
            cpus: scenario.pinned.as_ref().map(|Pinning { server, .. }| Cpus(server.clone())),
            faults: sweep.faults,
            in_place_of,
        }
    }
}

/// A server process. It ends with its stdin, so also if this process is killed.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
    /// Its account of the stream, or of the window last asked for, if that came while something else was awaited.
    published: Option<Result<Published, String>>,
    /// By what that window's account is known.
    accounts_for: Option<u64>,
    /// Every change of its schedule that it has said was made.
    changes: Vec<Change>,
    /// How often it was told to change its schedule.
    asked: u64,
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate that it made for itself, as PEM, if it serves TLS.
    pub certificate: Option<String>,
    /// The private key of that, as PEM.
    key: Option<String>,
    /// Its process id.
    pub pid: u32,
}

impl ServerProcess {
    /// Starts a server that will publish when told to, and waits until it listens.
    pub async fn start(launch: &Launch<'_>) -> anyhow::Result<Self> {
        let Launch { program, listens, stream, feed, threads, tls, engine, seed, cpus, faults, in_place_of, .. } =
            launch;
        let mut command = tokio::process::Command::new(program);
        command.arg0("loadgen").args(["serve", "--control"]);
        match in_place_of {
            Some(ended) => command.args(["--resume", "--listen", &ended.address.to_string()]),
            None => command.arg("--listen").arg(format!("{listens}:0")),
        };
        command.args(["--threads", &threads.to_string(), "--seed", &seed.to_string()]);
        command.args(engine.iter().flat_map(|engine| ["--engine", engine.name()]));
        command.args(stream_options(stream));
        command.args(launch.topics.iter().flat_map(|topics| ["--topics".to_owned(), topics.to_string()]));
        if launch.speak {
            command.arg("--speak");
        }
        if launch.coalesce_ms > 0.0 {
            command.args(["--coalesce", &format!("{}us", (launch.coalesce_ms * 1e3).round())]);
        }
        if let Some(feed) = feed {
            command.arg("--replay").arg(feed);
        }
        let key = match in_place_of {
            Some(ended) => ended.key.clone(),
            None => tls.then(make_key).transpose()?,
        };
        if let Some(key) = &key {
            command.arg("--tls-self-signed").env(KEY_VARIABLE, key);
        }
        // That is for a server of --server, and our clients show none.
        command.env_remove(TOKEN_VARIABLE);
        for fault in *faults {
            command.args(["--fault", &fault.to_string()]);
        }
        if let Some(Cpus(cpus)) = cpus {
            let list: Vec<String> = cpus.iter().map(ToString::to_string).collect();
            command.args(["--cpus", &list.join(",")]);
        }
        // A group of its own: Ctrl-C is for the generator, which then ends the server in order.
        command.process_group(0).kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the server")?;
        let pid = child.id().context("the server ended at once")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no pipe from the server")?;
        let events = BufReader::new(stdout).lines();
        let (published, certificate, address) = (None, None, ([0, 0, 0, 0], 0).into());
        let changes = in_place_of.map_or_else(Vec::new, |ended| ended.changes.clone());
        let (asked, accounts_for) = (0, None);
        let mut server =
            Self { child, stdin, events, published, accounts_for, changes, asked, address, certificate, key, pid };
        match timeout(PATIENCE, server.event()).await.context("the server did not get ready")?? {
            Event::Ready { listen, certificate } => (server.address, server.certificate) = (listen, certificate),
            other => bail!("the server said {other:?} before it was ready"),
        }
        Ok(server)
    }

    /// Ends it at once, without a chance to say goodbye.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the server")?;
        // A change may have been made whose answer nobody waited for; and the last line may be cut off.
        while let Some(line) = self.events.next_line().await.context("cannot read from the server")? {
            let _ = self.read(&line);
        }
        Ok(())
    }

    /// Tells it to publish from `first_due_ns` to the end of `window`, or without end. One in place of another publishes what that
    /// would have, by the same changes.
    pub async fn publish(&mut self, first_due_ns: u64, window: Option<Window>) -> anyhow::Result<()> {
        self.tell(&Command::Publish { first_due_ns, window, changes: self.changes.clone() }).await
    }

    /// Tells it to publish by another schedule, and waits until it does: until `change.from_ns`, or at once if that is past. The error
    /// says why it will not. Updates due at `change.from_ns` of the answer or later are by the new schedule, unless another follows.
    /// Who drops the future does not take the change back.
    pub async fn reschedule(&mut self, change: Change) -> anyhow::Result<Rescheduled> {
        self.asked += 1;
        let asked = self.asked;
        self.tell(&Command::Reschedule { id: asked, change }).await?;
        let patience = PATIENCE.saturating_add(Duration::from_nanos(change.from_ns.saturating_sub(clock::now_ns())));
        let answer = self.until(|event| match event {
            Event::Rescheduled { id, made } if id == asked => Ok(Ok(made)),
            Event::Refused { id, reason } if id == asked => Ok(Err(reason)),
            other => Err(other),
        });
        let answer = timeout(patience, answer).await.context("the server does not answer")??;
        answer.map_err(|reason| anyhow!("the schedule cannot be changed: {reason}"))
    }

    /// Tells it the same, and does not wait. Whether it was done is not told.
    pub async fn reschedule_later(&mut self, change: Change) -> anyhow::Result<()> {
        self.asked += 1;
        self.tell(&Command::Reschedule { id: self.asked, change }).await
    }

    /// Asks it to account for a window that is still to begin; [`Self::published`] waits for that.
    pub async fn account_for(&mut self, window: Window) -> anyhow::Result<()> {
        self.asked += 1;
        (self.accounts_for, self.published) = (Some(self.asked), None);
        self.tell(&Command::Account { id: self.asked, window }).await
    }

    /// Every change of its schedule that was made, in the order in which they began, as far as it was listened to.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Bytes that it has in use, by its allocator's own account.
    pub async fn in_use_bytes(&mut self) -> anyhow::Result<u64> {
        self.tell(&Command::Memory).await?;
        let answer = self.until(|event| match event {
            Event::Memory { in_use_bytes } => Ok(in_use_bytes),
            other => Err(other),
        });
        timeout(PATIENCE, answer).await.context("the server does not answer")?
    }

    /// Waits for its account: of the window last asked for, else of the stream. Dropping the future loses nothing.
    pub async fn published(&mut self) -> anyhow::Result<Published> {
        let published = match self.published.take() {
            Some(published) => published,
            None => {
                let accounts_for = self.accounts_for;
                self.until(|event| account(accounts_for, event)).await?
            }
        };
        published.map_err(|reason| anyhow!("the server does not account for its stream: {reason}"))
    }

    /// How it ended, if it has.
    pub fn death(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("the server ended by itself: {status}")),
            Err(error) => Some(format!("the server cannot be waited for: {error}")),
        }
    }

    /// Ends it: closes its stdin, and waits; kills it if that takes too long.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => {
                let status = status.context("cannot wait for the server")?;
                anyhow::ensure!(status.success(), "the server ended with {status}");
                Ok(())
            }
            Err(_) => {
                self.child.kill().await.context("cannot kill the server")?;
                bail!("the server did not end within {PATIENCE:?} and was killed")
            }
        }
    }

    async fn tell(&mut self, command: &Command) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(command)?;
        line.push('\n');
        let stdin = self.stdin.as_mut().context("the server's stdin is closed")?;
        stdin.write_all(line.as_bytes()).await.context("the server does not listen to commands")
    }

    /// Waits for what is awaited. An account that comes meanwhile is kept; an answer for which nobody waits any more is not.
    async fn until<T>(&mut self, awaited: impl Fn(Event) -> Result<T, Event>) -> anyhow::Result<T> {
        loop {
            let other = match awaited(self.event().await?) {
                Ok(found) => return Ok(found),
                Err(other) => other,
            };
            match account(self.accounts_for, other) {
                Ok(published) => self.published = Some(published),
                Err(other @ Event::Ready { .. }) => bail!("the server said {other:?} after it was ready"),
                Err(_) => {}
            }
        }
    }

    async fn event(&mut self) -> anyhow::Result<Event> {
        match self.events.next_line().await.context("cannot read from the server")? {
            Some(line) => self.read(&line),
            None => match self.child.wait().await {
                Ok(status) => bail!("the server ended by itself: {status}"),
                Err(error) => bail!("the server cannot be waited for: {error}"),
            },
        }
    }

    /// Reads an event, and notes what a server in place of this one would have to know.
    fn read(&mut self, line: &str) -> anyhow::Result<Event> {
        let event = serde_json::from_str(line).with_context(|| format!("not an event: {line}"))?;
        if let Event::Rescheduled { made, .. } = &event {
            self.changes.push(made.change);
        }
        Ok(event)
    }
}

/// The account of the stream, or of the window known by that.
fn account(accounts_for: Option<u64>, event: Event) -> Result<Result<Published, String>, Event> {
    match event {
        Event::Published(published) => Ok(Ok(published)),
        Event::Account { id, published } if Some(id) == accounts_for => Ok(Ok(published)),
        Event::Refused { id, reason } if Some(id) == accounts_for => Ok(Err(reason)),
        other => Err(other),
    }
}

fn stream_options(stream: &Stream) -> Vec<String> {
    use protocol::results::Arrivals;
    match stream {
        Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
            let mut options =
                vec!["--rate".into(), rate_hz.to_string(), "--payload-bytes".into(), payload_bytes.to_string()];
            if *arrivals == Arrivals::Poisson {
                options.push("--poisson".into());
            }
            options
        }
        Stream::Replay { speed, .. } => vec!["--speed".into(), speed.to_string()],
        Stream::Pushed => Vec::new(),
    }
}
