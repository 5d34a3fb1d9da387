//! A run at work: its server, its workers, and what is gathered of them.

mod close;
mod start;
mod stream;
mod wait;

pub(super) use stream::QUIET;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::Context;
use protocol::{Transport, clock, control::Window, results::Stream};

use super::{
    gather::Gathered,
    others::{Guarded, Others, Publishing, Relayed},
    phase::{Halt, Phase},
    server::Server,
    sweep::Sweep,
};
use crate::{
    clients::{mailbox::Mailbox, reconnect::Disturbed, tls::Tls, transports::Endpoint, worker::Worker},
    link::Link,
    machine::{loops::Loops, pinning::Kept},
    scenario::plan::Planned,
};

/// Between two looks at whether the waiting is over, where more than time decides that.
const LOOK_NS: u64 = 10_000_000;

/// A run at work.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) sweep: &'a Sweep<'a>,
    /// What is measured now.
    pub(super) planned: Planned,
    pub(super) phase: Phase,
    phase_begun_ns: u64,
    pub(super) server: Option<Server>,
    /// What lies between it and clients.
    pub(super) link: Option<Link>,
    /// What stands before it.
    proxy: Option<Guarded>,
    /// What publishes to a server of others.
    publishing: Option<Publishing>,
    /// What clients are to say to it, where it is them who do.
    mailboxes: Arc<[Mailbox]>,
    pub(super) workers: Vec<Worker>,
    /// The measure phase, once it is known.
    measure: Option<Window>,
    pub(super) disturbed: Disturbed,
    /// Whether what was last measured has come to everybody.
    is_drained: bool,
    /// While updates flow.
    awake: Option<Loops>,
    /// While updates flow, so that what this thread reads is no work on the server's processors.
    apart: Option<Kept>,
    pub(super) gathered: Gathered,
}

impl<'a> Session<'a> {
    pub(super) fn new(sweep: &'a Sweep<'a>, planned: &Planned) -> Self {
        let relayed =
            sweep.others(&planned.point.load).and_then(|others| Relayed::of(others, planned.point.load.clients));
        let load = &planned.point.load;
        let own = if load.speak { load.clients.into() } else { 0 };
        let speakers = relayed.map_or(own, |relayed| relayed.speakers);
        Self {
            sweep,
            planned: planned.clone(),
            phase: Phase::Start,
            phase_begun_ns: clock::now_ns(),
            server: None,
            link: None,
            proxy: None,
            publishing: None,
            mailboxes: (0..speakers).map(|_| Mailbox::default()).collect(),
            workers: Vec::new(),
            measure: None,
            disturbed: Disturbed::default(),
            is_drained: false,
            awake: None,
            apart: None,
            gathered: Gathered::new(relayed),
        }
    }

    /// Whether there is no server yet.
    pub(super) fn is_to_start(&self) -> bool {
        self.server.is_none()
    }

    /// Whether all clients are there that the load has, and nothing of an earlier one is under way to them.
    pub(super) fn has_its_clients(&self) -> bool {
        let clients = u64::from(self.planned.point.load.clients);
        self.is_drained && self.failed() == 0 && self.ready() == clients
    }

    /// Closes what connections there are, with what is under way on them; what came of them is nobody's.
    pub(super) async fn forget_clients(&mut self) -> anyhow::Result<()> {
        self.is_drained = false;
        if !self.workers.is_empty() {
            self.disconnect().await?;
            self.gathered.begin_anew();
        }
        Ok(())
    }

    /// What was measured has come to everybody, or to nobody any more.
    pub(super) fn note_drained(&mut self) {
        self.is_drained = self.is_complete();
    }

    /// Ends the present phase and begins another.
    pub(super) fn enter(&mut self, phase: Phase) {
        let now_ns = clock::now_ns();
        let took_s = (now_ns - self.phase_begun_ns) as f64 / 1e9;
        self.gathered.phase_took(self.phase, took_s);
        (self.phase, self.phase_begun_ns) = (phase, now_ns);
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

    /// Whether updates go on whatever is done here: a server that runs already, or one that pushes by itself.
    pub(super) fn goes_on(&self) -> bool {
        self.server.is_none() || self.is_pushed()
    }

    /// How often clients ask, where they ask by the clock.
    fn poll_interval(&self) -> Option<Duration> {
        let interval_s = self.sweep.scenario.poll_interval_s;
        interval_s.filter(|_| self.planned.point.transport == Transport::ShortPoll).map(Duration::from_secs_f64)
    }

    /// Whether clients say updates to the own server.
    fn speaks(&self) -> bool {
        self.planned.point.load.speak && self.gathered.relayed.is_none()
    }

    fn is_pushed(&self) -> bool {
        self.planned.point.load.stream == Stream::Pushed
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
}
