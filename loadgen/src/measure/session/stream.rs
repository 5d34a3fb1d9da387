//! What is published in a run, and whether all of it has come.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use protocol::{
    clock,
    control::{Change, Window},
    results::{Arrivals, Disturbance, Pinning, Scenario, Stream},
    update::PAYLOAD_BYTES_MIN,
};
use server::{stream::span::Span, values::Cpus};

use super::Session;
use crate::{
    machine::{loops::Loops, pinning::Kept},
    measure::{
        account::{Account, Edge, first_after, last_before},
        others::{Publication, Publishing, Relayed},
        phase::Halt,
        server::Server,
    },
};

/// What flows where nothing is tried: so little that nobody is kept from anything by it.
pub(in crate::measure) const QUIET: Stream =
    Stream::Synthetic { arrivals: Arrivals::Constant, rate_hz: 1.0, payload_bytes: PAYLOAD_BYTES_MIN };

/// A schedule from then on.
fn change(from_ns: u64, stream: &Stream) -> anyhow::Result<Change> {
    let Stream::Synthetic { arrivals, rate_hz, payload_bytes } = *stream else {
        bail!("{stream} has no schedule that could be changed");
    };
    Ok(Change { from_ns, arrivals, rate_hz, payload_bytes, burst: NonZeroU32::MIN })
}

impl Session<'_> {
    /// Keeps processors awake from now on, where nobody has to pay for that.
    pub(in crate::measure) fn keep_awake(&mut self) -> anyhow::Result<()> {
        let Scenario { kept_awake, pinned, .. } = self.sweep.scenario;
        if self.awake.is_none() {
            self.awake = kept_awake.then(|| Loops::that_keep_awake(pinned.as_ref())).transpose()?;
        }
        Ok(())
    }

    /// Keeps this thread, which samples, to the generator's processors, or has it go where it likes again.
    pub(in crate::measure) fn keep_apart(&mut self, apart: bool) -> anyhow::Result<()> {
        // First of all: what was kept to gives back what was allowed before it.
        self.apart = None;
        let pinned = self.sweep.scenario.pinned.as_ref().filter(|_| apart);
        self.apart = pinned.map(|pinned| Kept::to(&Cpus(pinned.generator.clone()))).transpose()?;
        Ok(())
    }

    /// Has the stream published, to the end of its window if it has one.
    pub(in crate::measure) async fn publish(&mut self, first_due_ns: u64, window: Option<Window>) -> Result<(), Halt> {
        let load = &self.planned.point.load;
        if let Some(server) = self.server.as_mut().and_then(Server::own).filter(|_| !self.planned.point.load.speak) {
            server.publish(first_due_ns, window).await?;
        }
        let others = self.others().filter(|_| !self.is_pushed());
        if others.is_some() || load.speak {
            let address = self.address()?;
            let publication = Publication {
                others,
                speakers: load.speak.then_some(load.clients),
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
            let span = Span { first_due_ns, window, changes: Vec::new() };
            let guarded = self.server.as_mut().and_then(Server::guarded);
            self.publishing = Some(Publishing::start(publication, span, guarded)?);
        }
        Ok(())
    }

    /// Has the stream of a server that stays up follow the load's schedule from then to the end of the window, and be quiet before and after
    /// it. All is told ahead, so that a load that was too much ends in time, whatever it has done to anybody here.
    pub(in crate::measure) async fn publish_trial(&mut self, first_due_ns: u64, window: Window) -> Result<(), Halt> {
        let loud = change(first_due_ns, &self.planned.point.load.stream)?;
        let quiet = change(window.to_ns, &QUIET)?;
        if let Some(server) = self.server.as_mut().and_then(Server::own) {
            server.account_for(window).await?;
            server.reschedule_later(quiet).await?;
            server.reschedule(loud).await?;
        }
        if let Some(publishing) = &mut self.publishing {
            publishing.account_for(window)?;
            publishing.reschedule(loud)?;
            publishing.reschedule(quiet)?;
        }
        Ok(())
    }

    /// Makes the measure phase known to everybody.
    pub(in crate::measure) fn count(&mut self, window: Window) {
        self.measure = Some(window);
        self.workers.iter().for_each(|worker| worker.phase.set(window));
    }

    /// Notes where everything stands at one edge of the measure phase.
    pub(in crate::measure) fn edge(&mut self, edge: Edge) -> Result<(), Halt> {
        let window = self.measure.context("the measure phase is not known yet")?;
        let due_ns = match edge {
            Edge::From => window.from_ns,
            Edge::To => window.to_ns,
        };
        Ok(self.gathered.edge(
            (edge, due_ns),
            &self.workers,
            self.publishing.as_ref(),
            self.awake.as_ref(),
            self.link.as_ref(),
        )?)
    }

    /// Finds out which updates were due in the measure phase: from the publisher, or from what the clients saw.
    pub(in crate::measure) async fn account(&mut self, until_ns: u64) -> Result<(), Halt> {
        let patience = Duration::from_nanos(until_ns.saturating_sub(clock::now_ns()));
        let speak = self.speaks();
        let account = if let Some(server) = self.server.as_mut().and_then(Server::own).filter(|_| !speak) {
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
            if speak { Account::spoken(published, &self.gathered.seats) } else { Account::published(published) }
        } else {
            self.wait(until_ns, |session| first_after(&session.workers) < u64::MAX).await?;
            Account::bracketed(last_before(&self.workers), first_after(&self.workers))?
        };
        self.gathered.account = Some(account);
        Ok(())
    }

    /// Whether everything that was published in the measure phase has arrived wherever there is a client.
    pub(in crate::measure) fn is_complete(&self) -> bool {
        let Some(account) = &self.gathered.account else { return false };
        let (seats, left_out) = (&self.gathered.seats, self.gathered.relayed.as_ref().map_or(0, Relayed::left_out));
        // Of those who are there; who is not has as much of it as anybody.
        let expected =
            u128::from(account.expected(seats)) * u128::from(self.ready()) / u128::from(seats.clients().max(1));
        u128::from(self.delivered() + account.updates * left_out) >= expected
    }
}
