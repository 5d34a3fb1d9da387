//! The server and the workers of one run, and waiting while they work.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Context, anyhow};
use protocol::{
    clock,
    control::Window,
    results::{Disturbance, Failure, Pinning, Run, Scenario, Stream},
};
use server::{stream::publisher::Span, values::Cpus};

use super::{
    account::{Account, Edge, first_after, last_before},
    gather::Gathered,
    others::{Guarded, Others, Publication, Publishing, Relayed},
    phase::{Halt, Phase},
    server::Server,
    server_process::{Launch, ServerProcess},
    sweep::Sweep,
};
use crate::{
    clients::{
        mailbox::Mailbox,
        reconnect::Disturbed,
        tls::Tls,
        transports::Endpoint,
        window::MeasurePhase,
        worker::{Assignment, Worker},
    },
    machine::{loops::Loops, pinning::Kept, usage::Observed},
    scenario::plan::Planned,
};

/// Between two looks at whether the waiting is over, where more than time decides that.
const LOOK_NS: u64 = 10_000_000;
/// How long the server may take to notice that its clients are gone, before its memory is read all the same.
const EMPTYING: Duration = Duration::from_secs(2);

/// A run at work.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) sweep: &'a Sweep<'a>,
    pub(super) planned: &'a Planned,
    pub(super) phase: Phase,
    phase_begun_ns: u64,
    pub(super) server: Option<Server>,
    /// What stands before it.
    proxy: Option<Guarded>,
    /// What publishes to a server of others.
    publishing: Option<Publishing>,
    /// What clients are to say to it, where it is them who do.
    mailboxes: Arc<[Mailbox]>,
    pub(super) workers: Vec<Worker>,
    measure: MeasurePhase,
    pub(super) disturbed: Disturbed,
    /// While updates flow.
    awake: Option<Loops>,
    /// While updates flow, so that what this thread reads is no work on the server's processors.
    apart: Option<Kept>,
    pub(super) gathered: Gathered,
}

impl<'a> Session<'a> {
    pub(super) fn new(sweep: &'a Sweep<'a>, planned: &'a Planned) -> Self {
        let relayed =
            sweep.others(&planned.point.load).and_then(|others| Relayed::of(others, planned.point.load.clients));
        let speakers = relayed.map_or(0, |relayed| relayed.speakers);
        Self {
            sweep,
            planned,
            phase: Phase::Start,
            phase_begun_ns: clock::now_ns(),
            server: None,
            proxy: None,
            publishing: None,
            mailboxes: (0..speakers).map(|_| Mailbox::default()).collect(),
            workers: Vec::new(),
            measure: MeasurePhase::default(),
            disturbed: Disturbed::default(),
            awake: None,
            apart: None,
            gathered: Gathered::new(relayed),
        }
    }

    /// Ends the present phase and begins another.
    pub(super) fn enter(&mut self, phase: Phase) {
        let now_ns = clock::now_ns();
        let took_s = (now_ns - self.phase_begun_ns) as f64 / 1e9;
        self.gathered.phase_took(self.phase, took_s);
        (self.phase, self.phase_begun_ns) = (phase, now_ns);
    }

    /// Starts a fresh server, unless there is a target, and looks at its memory while it is empty.
    pub(super) async fn start_server(&mut self) -> Result<(), Halt> {
        let cpus = self.sweep.scenario.pinned.as_ref().map(|Pinning { server, .. }| Cpus(server.clone()));
        match (self.sweep.target, self.others().and_then(|others| others.command.as_ref())) {
            (Some(_), _) => {}
            (None, Some(command)) => {
                let server = tokio::select! {
                    server = Guarded::start(command, cpus.as_ref()) => server?,
                    () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
                };
                self.server = Some(Server::Guarded(server.into()));
            }
            (None, None) => {
                let launch = Launch::of(self.sweep, self.planned, None);
                let server = tokio::select! {
                    server = ServerProcess::start(&launch) => server?,
                    () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
                };
                self.server = Some(Server::Own(server.into()));
            }
        }
        if let Some(through) = self.sweep.through {
            let proxy = through.start(self.address()?, self.planned.point.load.clients, cpus.as_ref());
            self.proxy = Some(tokio::select! {
                proxy = proxy => proxy?,
                () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
            });
        }
        self.observe().await
    }

    /// Begins to observe what is there now, before the first client.
    async fn observe(&mut self) -> Result<(), Halt> {
        let observed = match (&self.server, self.sweep.target) {
            (Some(Server::Own(server)), _) => Observed::new(server.pid, server.address.port()),
            (Some(Server::Guarded(server)), _) => Observed::descending(server.pid, server.address.port()),
            // Its own account of its process may be of another namespace, or of one process of several.
            (None, Some(target)) => Observed::listening(target.address),
            (None, None) => Err(anyhow!("there is no server")),
        };
        let observed = observed.and_then(|observed| match &self.proxy {
            Some(proxy) => observed.behind(proxy.pid, proxy.address.port()),
            None => Ok(observed),
        });
        match observed {
            Ok(observed) => {
                let in_use = self.in_use().await?;
                self.gathered.observe(observed, in_use)?;
            }
            // Somebody else's process may not be readable; ours must be.
            Err(error) if matches!(self.server, Some(Server::Own(_))) => return Err(error.into()),
            Err(error) => self.gathered.leave_out(&error),
        }
        Ok(())
    }

    /// Starts the workers, which begin to connect at once, and give up those that are not ready by then.
    pub(super) fn start_workers(&mut self, give_up_ns: u64) -> Result<(), Halt> {
        let scenario = self.sweep.scenario;
        let clients = self.planned.point.load.clients;
        let workers = scenario.workers.min(clients);
        let server = self.proxy.as_ref().map_or_else(|| self.address(), |proxy| Ok(proxy.address))?;
        let endpoint = self.endpoint(server);
        self.gathered.begin()?;
        for worker in 0..workers {
            // Even shares, the remainder spread over the first.
            let edge = |worker: u32| (u64::from(clients) * u64::from(worker) / u64::from(workers)) as u32;
            self.workers.push(Worker::start(Assignment {
                transport: self.planned.point.transport,
                server,
                clients: edge(worker)..edge(worker + 1),
                connect_rate: f64::from(scenario.connect_rate) / f64::from(workers),
                give_up_ns,
                tls: self.tls()?,
                endpoint: Arc::clone(&endpoint),
                pushed: self.is_pushed(),
                polls: scenario.polls,
                signal_rate_hz: scenario.signal_rate_hz,
                mailboxes: Arc::clone(&self.mailboxes),
                seed: scenario.seed,
                phase: Arc::clone(&self.measure),
                disturbed: self.disturbed.clone(),
                cpus: scenario.pinned.as_ref().map(|Pinning { generator, .. }| Cpus(generator.clone())),
            })?);
        }
        Ok(())
    }

    /// Waits until `done`, or until then; samples the server meanwhile. Fails as soon as the server ends.
    pub(super) async fn wait(&mut self, until_ns: u64, done: impl Fn(&Self) -> bool) -> Result<(), Halt> {
        loop {
            if self.sweep.interrupt.is_cancelled() {
                return Err(Halt::Interrupted);
            }
            if let Some(death) = self.death() {
                return Err(death.into());
            }
            let now_ns = clock::now_ns();
            if done(self) || now_ns >= until_ns {
                return Ok(());
            }
            let next_sample_ns = self.gathered.timeline_sample()?;
            self.sweep.progress.phase(self.planned, &self.phase, &self.detail());
            // While updates flow, a look is work beside the workers', and is there only for the sample.
            let flows = matches!(self.phase, Phase::WarmUp | Phase::Measure);
            let look_ns = if flows { next_sample_ns } else { now_ns + LOOK_NS };
            let nap = Duration::from_nanos(look_ns.min(until_ns).saturating_sub(clock::now_ns()));
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                () = self.sweep.interrupt.cancelled() => {}
            }
        }
    }

    /// If the server has died, that is the reason, whatever failed first because of it.
    pub(super) fn explain(&mut self, halt: Halt) -> Halt {
        match (halt, self.death()) {
            (Halt::Failed(_) | Halt::Short { .. }, Some(death)) => Halt::Failed(death),
            (halt, _) => halt,
        }
    }

    /// Why nothing more is to be hoped for, if so: the server has ended, or is not published to any more.
    fn death(&mut self) -> Option<anyhow::Error> {
        let death =
            self.proxy.as_mut().and_then(Guarded::death).or_else(|| self.server.as_mut().and_then(Server::death));
        let death = death.map(anyhow::Error::msg);
        death.or_else(|| self.publishing.as_mut()?.failure())
    }

    /// Exact memory with every client connected and nothing happening.
    pub(super) async fn sample_idle(&mut self) -> Result<(), Halt> {
        self.gathered.look_again()?;
        let in_use = self.in_use().await?;
        Ok(self.gathered.sample(in_use, |plateaus| &mut plateaus.idle)?)
    }

    /// Exact memory after the measure phase.
    pub(super) async fn sample_busy(&mut self) -> Result<(), Halt> {
        self.gathered.check_unchanged()?;
        let in_use = self.in_use().await?;
        Ok(self.gathered.sample(in_use, |plateaus| &mut plateaus.busy)?)
    }

    /// Keeps processors awake from now on, where nobody has to pay for that.
    pub(super) fn keep_awake(&mut self) -> anyhow::Result<()> {
        let Scenario { kept_awake, pinned, .. } = self.sweep.scenario;
        self.awake = kept_awake.then(|| Loops::that_keep_awake(pinned.as_ref())).transpose()?;
        Ok(())
    }

    /// Keeps this thread, which samples, to the generator's processors, or has it go where it likes again.
    pub(super) fn keep_apart(&mut self, apart: bool) -> anyhow::Result<()> {
        // First of all: what was kept to gives back what was allowed before it.
        self.apart = None;
        let pinned = self.sweep.scenario.pinned.as_ref().filter(|_| apart);
        self.apart = pinned.map(|pinned| Kept::to(&Cpus(pinned.generator.clone()))).transpose()?;
        Ok(())
    }

    /// Makes the measure phase known to everybody, and has the stream published.
    pub(super) async fn publish(&mut self, first_due_ns: u64, window: Window) -> Result<(), Halt> {
        self.measure.set(window).map_err(|_| anyhow!("a run has one measure phase"))?;
        if let Some(server) = self.server.as_mut().and_then(Server::own) {
            server.publish(first_due_ns, window).await?;
        }
        if let Some(others) = self.others().filter(|_| !self.is_pushed()) {
            let address = self.address()?;
            let publication = Publication {
                others,
                stream: &self.planned.point.load.stream,
                feed: self.sweep.feed,
                seed: self.sweep.scenario.seed + u64::from(self.planned.repeat),
                address,
                endpoint: self.endpoint(address),
                tls: self.tls()?,
                mailboxes: Arc::clone(&self.mailboxes),
                relayed: self.gathered.relayed,
                cpus: self.sweep.scenario.pinned.as_ref().map(|Pinning { generator, .. }| Cpus(generator.clone())),
            };
            let span = Span { first_due_ns, window: Some(window) };
            let guarded = self.server.as_mut().and_then(Server::guarded);
            self.publishing = Some(Publishing::start(publication, span, guarded)?);
        }
        Ok(())
    }

    /// Notes where everything stands at one edge of the measure phase.
    pub(super) fn edge(&mut self, edge: Edge) -> Result<(), Halt> {
        let window = self.measure.get().context("the measure phase is not known yet")?;
        let due_ns = match edge {
            Edge::From => window.from_ns,
            Edge::To => window.to_ns,
        };
        Ok(self.gathered.edge((edge, due_ns), &self.workers, self.awake.as_ref())?)
    }

    /// Finds out which updates were due in the measure phase: from the publisher, or from what the clients saw.
    pub(super) async fn account(&mut self, until_ns: u64) -> Result<(), Halt> {
        let patience = Duration::from_nanos(until_ns.saturating_sub(clock::now_ns()));
        let account = if let Some(server) = self.server.as_mut().and_then(Server::own) {
            let published = tokio::time::timeout(patience, server.published())
                .await
                .context("the server did not account for its stream in time")??;
            Account::stated(
                published,
                self.gathered.storm.is_some_and(|storm| storm.disturbance == Disturbance::Restart),
            )
        } else if self.is_pushed() {
            Account::of_arrivals()
        } else if let Some(publishing) = &mut self.publishing {
            let published = tokio::time::timeout(patience, publishing.published())
                .await
                .context("the publisher did not account for its stream in time")??;
            self.gathered.acknowledged = publishing.acknowledged();
            // How often the server wrote, it alone knows.
            Account { writes: None, ..Account::stated(published, false) }
        } else {
            self.wait(until_ns, |session| first_after(&session.workers) < u64::MAX).await?;
            Account::bracketed(last_before(&self.workers), first_after(&self.workers))?
        };
        self.gathered.account = Some(account);
        Ok(())
    }

    /// Whether everything that was published in the measure phase has arrived wherever there is a client.
    pub(super) fn is_complete(&self) -> bool {
        let Some(account) = &self.gathered.account else { return false };
        let unexpected = self.gathered.relayed.map_or(0, |relayed| relayed.unexpected(account.updates));
        self.delivered() + unexpected >= account.updates * self.ready()
    }

    /// Whether updates go on whatever is done here: a server that runs already, or one that pushes by itself.
    pub(super) fn goes_on(&self) -> bool {
        self.server.is_none() || self.is_pushed()
    }

    fn is_pushed(&self) -> bool {
        self.planned.point.load.stream == Stream::Pushed
    }

    /// Closes every connection, looks at the server once it is empty again, and ends it.
    pub(super) async fn close(&mut self) -> anyhow::Result<()> {
        (self.awake, self.apart, self.publishing) = (None, None, None);
        for worker in self.workers.drain(..) {
            self.gathered.reports.push(worker.stop()?);
        }
        let patience_ns = clock::now_ns() + EMPTYING.as_nanos() as u64;
        loop {
            // Whatever ended the run, its server may have ended as well.
            let in_use = self.in_use().await.unwrap_or(None);
            let empty = self.gathered.sample_drained(in_use).unwrap_or(true);
            if empty || clock::now_ns() >= patience_ns {
                break;
            }
            tokio::time::sleep(Duration::from_nanos(LOOK_NS)).await;
        }
        let proxy = match self.proxy.take() {
            Some(proxy) => proxy.stop().await,
            None => Ok(()),
        };
        match self.server.take() {
            Some(server) => server.stop().await.and(proxy),
            None => proxy,
        }
    }

    pub(super) fn into_run(self, started_utc: String, failure: Option<Failure>) -> Run {
        self.gathered.into_run(self.planned, started_utc, failure, self.measure.get().copied())
    }

    pub(super) fn ready(&self) -> u64 {
        self.sum(|worker| worker.progress.ready.load(Relaxed))
    }

    pub(super) fn failed(&self) -> u64 {
        self.sum(|worker| worker.progress.failed.load(Relaxed))
    }

    pub(super) fn trying_again(&self) -> u64 {
        self.sum(|worker| worker.progress.trying_again.load(Relaxed))
    }

    pub(super) fn current(&self) -> u64 {
        self.sum(|worker| worker.progress.current.load(Relaxed))
    }

    /// The allocator's own view of the server's memory, if the server is ours to ask.
    async fn in_use(&mut self) -> anyhow::Result<Option<u64>> {
        match self.server.as_mut().and_then(Server::own) {
            Some(server) => server.in_use_bytes().await.map(Some),
            None => Ok(None),
        }
    }

    fn delivered(&self) -> u64 {
        self.sum(|worker| worker.progress.delivered.load(Relaxed))
    }

    fn sum(&self, of: impl Fn(&Worker) -> u64) -> u64 {
        self.workers.iter().map(of).sum()
    }

    fn tls(&self) -> anyhow::Result<Option<Tls>> {
        match (&self.server, self.sweep.target) {
            (Some(Server::Own(server)), _) => {
                server.certificate.as_deref().map(|pem| Tls::trusting(pem, server.address.ip())).transpose()
            }
            (None, Some(target)) => Ok(target.tls.clone()),
            _ => Ok(None),
        }
    }

    /// What every request to a server there says.
    fn endpoint(&self, server: SocketAddr) -> Arc<Endpoint> {
        let named = self.sweep.target.map(|target| Arc::clone(&target.endpoint));
        let dialect = self.others().map(|others| Arc::clone(&others.dialect));
        named.unwrap_or_else(|| Endpoint { dialect, ..Endpoint::of(server) }.into())
    }

    /// The server of this run, if it is one of others.
    fn others(&self) -> Option<&'a Others> {
        self.sweep.others(&self.planned.point.load)
    }

    fn address(&self) -> anyhow::Result<SocketAddr> {
        let ours = self.server.as_ref().map(Server::address);
        ours.or(self.sweep.target.map(|target| target.address)).context("there is no server")
    }

    fn detail(&self) -> String {
        match self.phase {
            Phase::Connect => format!(" {}", self.ready()),
            _ => String::new(),
        }
    }
}
