//! How a run begins: its server, what is observed of it, and the workers.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use protocol::results::{Path, Pinning};
use server::values::Cpus;

use super::Session;
use crate::{
    clients::{
        seats::Seats,
        window::MeasurePhase,
        worker::{Assignment, Worker},
    },
    link::{Conditions, Link},
    machine::usage::Observed,
    measure::{
        others::Guarded,
        phase::Halt,
        server::Server,
        server_process::{Launch, ServerProcess, listens},
    },
};

/// A server of others has so long at least to listen.
const LISTENS_S: f64 = 5.0;

impl Session<'_> {
    /// Starts a fresh server, unless there is a target, and looks at its memory while it is empty.
    pub(in crate::measure) async fn start_server(&mut self) -> Result<(), Halt> {
        self.link = self.planned.point.load.path.map(|path| self.lay(path)).transpose()?;
        let cpus = self.sweep.scenario.pinned.as_ref().map(|Pinning { server, .. }| Cpus(server.clone()));
        let patience = Duration::from_secs_f64(self.sweep.scenario.connect_grace_s.max(LISTENS_S));
        match (self.sweep.target, self.others().and_then(|others| others.command.as_ref())) {
            (Some(_), _) => {}
            (None, Some(command)) => {
                let server = tokio::select! {
                    server = Guarded::start(command, listens(self.link.is_some()), cpus.as_ref(), patience) => server?,
                    () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
                };
                self.server = Some(Server::Guarded(server.into()));
            }
            (None, None) => {
                let launch = Launch::of(self.sweep, &self.planned, None);
                let server = tokio::select! {
                    server = ServerProcess::start(&launch) => server?,
                    () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
                };
                self.server = Some(Server::Own(server.into()));
            }
        }
        if let Some(through) = self.sweep.through {
            let proxy = through.start(
                self.address()?,
                listens(self.link.is_some()),
                self.planned.point.load.clients,
                cpus.as_ref(),
                patience,
            );
            self.proxy = Some(tokio::select! {
                proxy = proxy => proxy?,
                () = self.sweep.interrupt.cancelled() => return Err(Halt::Interrupted),
            });
        }
        self.observe().await
    }

    /// A link of its own for this run: TCP remembers nothing of another's. Clients are as far in each run of a repeat.
    fn lay(&self, path: Path) -> anyhow::Result<Link> {
        let scenario = self.sweep.scenario;
        let cpus = scenario.pinned.as_ref().map(|Pinning { generator, .. }| Cpus(generator.clone()));
        let seed = scenario.seed + u64::from(self.planned.repeat);
        Link::start(&Conditions { path, seed }, cpus.as_ref())
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
    pub(in crate::measure) fn start_workers(&mut self, give_up_ns: u64) -> Result<(), Halt> {
        let scenario = self.sweep.scenario;
        let clients = self.planned.point.load.clients;
        let workers = scenario.workers.min(clients);
        let server = self.proxy.as_ref().map_or_else(|| self.address(), |proxy| Ok(proxy.address))?;
        let server = self.link.as_ref().map_or(server, |link| (link.server(), server.port()).into());
        let endpoint = self.endpoint(server);
        self.gathered.seats = Arc::new(Seats::of(self.planned.point.load.audience, clients));
        self.gathered.begin()?;
        for worker in 0..workers {
            // Even shares, the remainder spread over the first.
            let edge = |worker: u32| (u64::from(clients) * u64::from(worker) / u64::from(workers)) as u32;
            self.workers.push(Worker::start(Assignment {
                transport: self.planned.point.transport,
                server,
                link: self.link.as_ref().map(Link::addresses),
                clients: edge(worker)..edge(worker + 1),
                connect_rate: f64::from(scenario.connect_rate) / f64::from(workers),
                give_up_ns,
                tls: self.tls()?,
                endpoint: Arc::clone(&endpoint),
                pushed: self.is_pushed(),
                polls: scenario.polls,
                poll_interval: self.poll_interval(),
                signal_rate_hz: scenario.signal_rate_hz,
                seats: Arc::clone(&self.gathered.seats),
                speak: self.speaks(),
                mailboxes: Arc::clone(&self.mailboxes),
                seed: scenario.seed,
                phase: MeasurePhase::default(),
                disturbed: self.disturbed.clone(),
                cpus: scenario.pinned.as_ref().map(|Pinning { generator, .. }| Cpus(generator.clone())),
            })?);
        }
        Ok(())
    }
}
