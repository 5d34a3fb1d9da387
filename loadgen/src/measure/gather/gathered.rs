//! What is gathered in the course of a run.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use anyhow::ensure;
use protocol::{
    clock,
    results::{
        Audience, LinkUsage, LosslessHistogram, MachineUsage, MemorySample, Phases, Plateaus, TcpUsage, Traffic,
    },
};

use super::timeline::{Timeline, next_look_ns};
use crate::{
    clients::{
        seats::Seats,
        worker::{Report, Worker},
    },
    link::Link,
    machine::{
        cgroup::Cgroups,
        loops::Loops,
        usage::{
            Before, CpuReading, Observed, Of, Process, Processors, machine_reading, tcp_reading, thread_cpu_ns,
            thread_waited_ns,
        },
    },
    measure::{
        account::{Account, Edge, Storm},
        others::{Publishing, Relayed},
        phase::Phase,
    },
};

/// Every counter, read at one edge.
#[derive(Debug)]
pub(super) struct Reading {
    /// Of each part of what is observed.
    pub(super) cpu: Option<Vec<(Of, CpuReading)>>,
    pub(super) server_throttled_ns: Option<u64>,
    pub(super) throttled_ns: Option<u64>,
    pub(super) own_cpu: CpuReading,
    pub(super) awake_ns: u64,
    pub(super) publisher_cpu_ns: Option<u64>,
    pub(super) workers_cpu_ns: Vec<u64>,
    pub(super) workers_waited_ns: Vec<u64>,
    pub(super) late_ns: u64,
    pub(super) rss_bytes: u64,
    pub(super) traffic: Traffic,
    pub(super) machine: MachineUsage,
    pub(super) tcp: Option<TcpUsage>,
}

impl Reading {
    /// CPU time of these parts together, if any of them is there.
    pub(super) fn cpu_of(&self, of: &[Of]) -> Option<CpuReading> {
        let parts = self.cpu.as_ref()?.iter().filter(|(part, _)| of.contains(part));
        parts.map(|(_, cpu)| *cpu).reduce(std::ops::Add::add)
    }
}

#[derive(Debug)]
pub(in crate::measure) struct Gathered {
    pub(super) begun_ns: u64,
    /// Who says updates, where it is clients who do.
    pub(in crate::measure) relayed: Option<Relayed>,
    /// Who has which topic.
    pub(in crate::measure) seats: Arc<Seats>,
    /// Which the machine's figures are of.
    processors: Processors,
    pub(super) machine_at_start: MachineUsage,
    pub(super) observed: Option<Observed>,
    /// Why it is not, or no longer, observed.
    pub(super) unread: Option<String>,
    pub(super) plateaus: Option<Plateaus>,
    pub(super) timeline: Timeline,
    pub(super) peak_rss_bytes: u64,
    pub(super) phases: Phases,
    pub(super) from: Option<Reading>,
    pub(super) to: Option<Reading>,
    /// What the link did between the two.
    pub(super) link: Option<LinkUsage>,
    pub(in crate::measure) account: Option<Account>,
    pub(in crate::measure) storm: Option<Storm>,
    /// How long a server of others took to acknowledge updates.
    pub(in crate::measure) acknowledged: Option<LosslessHistogram>,
    pub(in crate::measure) reports: Vec<Report>,
}

impl Gathered {
    pub(in crate::measure) fn new(relayed: Option<Relayed>) -> Self {
        Self {
            begun_ns: clock::now_ns(),
            relayed,
            seats: Arc::new(Seats::of(Audience::Broadcast, 0)),
            processors: Processors::own(),
            machine_at_start: MachineUsage::default(),
            observed: None,
            unread: None,
            plateaus: None,
            timeline: Timeline::new(),
            peak_rss_bytes: 0,
            phases: Phases::default(),
            from: None,
            to: None,
            link: None,
            account: None,
            storm: None,
            acknowledged: None,
            reports: Vec::new(),
        }
    }

    /// The first connection is about to be begun: times of the run count from here.
    pub(in crate::measure) fn begin(&mut self) -> anyhow::Result<()> {
        self.processors = self.observed.as_ref().map_or_else(Processors::own, Observed::processors);
        self.machine_at_start = machine_reading(&self.processors)?;
        self.begun_ns = clock::now_ns();
        Ok(())
    }

    /// Forgets all that is of one measure phase, and keeps what is of the server.
    pub(in crate::measure) fn begin_anew(&mut self) {
        (self.timeline, self.phases, self.storm) = (Timeline::new(), Phases::default(), None);
        (self.from, self.to, self.account) = (None, None, None);
        self.plateaus = self.plateaus.map(|plateaus| Plateaus { busy: None, drained: None, ..plateaus });
        self.reports.clear();
    }

    pub(in crate::measure) fn observe(&mut self, observed: Observed, in_use: Option<u64>) -> anyhow::Result<()> {
        self.observed = Some(observed);
        let empty = self.read(|observed| observed.memory(in_use))?;
        self.plateaus = empty.map(|empty| Plateaus { empty, idle: None, busy: None, drained: None });
        Ok(())
    }

    /// The server's memory and CPU cannot be told, and why. What was read of them so far is of no use.
    pub(in crate::measure) fn leave_out(&mut self, why: &anyhow::Error) {
        (self.observed, self.plateaus) = (None, None);
        self.unread = Some(format!("{why:#}"));
    }

    /// Reads the server, if it can be read. Somebody else's may cease to be readable, and is left out from then on.
    fn read<T>(&mut self, look: impl FnOnce(&mut Observed) -> anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        let Some(observed) = &mut self.observed else { return Ok(None) };
        match look(observed) {
            Ok(read) => Ok(Some(read)),
            Err(error) if observed.is_elsewhere() => {
                self.leave_out(&error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The first of the server's processes, if they can be read.
    pub(in crate::measure) fn first_pid(&self) -> Option<u32> {
        self.observed.as_ref()?.first_pid()
    }

    /// The server's CPU time so far, if it can be read.
    pub(in crate::measure) fn server_cpu(&mut self) -> anyhow::Result<Option<CpuReading>> {
        self.read(Observed::cpu)
    }

    /// Looks for processes that the server has started for its clients.
    pub(in crate::measure) fn look_again(&mut self) -> anyhow::Result<()> {
        self.read(Observed::look_again).map(|_| ())
    }

    /// Leaves the server out if its processes are others than when that was last asked: their CPU cannot be compared.
    pub(in crate::measure) fn check_unchanged(&mut self) -> anyhow::Result<()> {
        self.read(|observed| {
            ensure!(
                !observed.look_again()?,
                "the processes that hold the server's port were others after it was measured than before"
            );
            Ok(())
        })
        .map(|_| ())
    }

    /// What the server used, to be handed on before another takes its place.
    pub(in crate::measure) fn before(&mut self) -> anyhow::Result<Option<Before>> {
        self.observed.as_mut().map(Observed::before).transpose()
    }

    /// Another process has taken the server's place.
    pub(in crate::measure) fn follow(&mut self, pid: u32, before: Option<Before>) -> anyhow::Result<()> {
        match (&mut self.observed, before) {
            (Some(observed), Some(before)) => observed.follow(pid, before),
            _ => Ok(()),
        }
    }

    pub(in crate::measure) fn phase_took(&mut self, phase: Phase, seconds: f64) {
        match phase {
            Phase::Connect => self.phases.connect_s = seconds,
            Phase::Settle => self.phases.settle_s = seconds,
            Phase::WarmUp => self.phases.warm_up_s = seconds,
            Phase::Measure => self.phases.measure_s = seconds,
            Phase::Drain => self.phases.drain_s = seconds,
            Phase::Start | Phase::Close => {}
        }
    }

    /// Adds to the timeline, if a sample is due, and tells when to look again.
    pub(in crate::measure) fn timeline_sample(&mut self) -> anyhow::Result<u64> {
        let begun_ns = self.begun_ns;
        let since_ns = clock::now_ns().saturating_sub(begun_ns);
        if self.timeline.is_due(since_ns)
            && let Some(sample) = self.read(|observed| observed.timeline_sample(begun_ns))?
        {
            self.timeline.add(since_ns, sample);
        }
        Ok(begun_ns + next_look_ns(since_ns))
    }

    pub(in crate::measure) fn sample(
        &mut self,
        in_use: Option<u64>,
        plateau: impl Fn(&mut Plateaus) -> &mut Option<MemorySample>,
    ) -> anyhow::Result<()> {
        let sample = self.read(|observed| Ok((observed.memory(in_use)?, observed.peak_rss_bytes()?)))?;
        if let (Some((memory, peak_rss_bytes)), Some(plateaus)) = (sample, &mut self.plateaus) {
            *plateau(plateaus) = Some(memory);
            self.peak_rss_bytes = self.peak_rss_bytes.max(peak_rss_bytes);
        }
        Ok(())
    }

    /// Samples the server without clients; true if it has closed what it had opened for them.
    pub(in crate::measure) fn sample_drained(&mut self, in_use: Option<u64>) -> anyhow::Result<bool> {
        let (Some(observed), Some(plateaus)) = (&mut self.observed, &mut self.plateaus) else { return Ok(true) };
        // Not by `read`: what has ended with its clients leaves nothing out that was measured before.
        let drained = observed.memory(in_use)?;
        plateaus.drained = Some(drained);
        // Of processes that have ended with their clients as well.
        self.peak_rss_bytes = self.peak_rss_bytes.max(observed.peak_rss_bytes()?);
        Ok(drained.open_files <= plateaus.empty.open_files)
    }

    pub(in crate::measure) fn edge(
        &mut self,
        (edge, due_ns): (Edge, u64),
        workers: &[Worker],
        publishing: Option<&Publishing>,
        awake: Option<&Loops>,
        link: Option<&Link>,
    ) -> anyhow::Result<()> {
        let own = Process::own()?;
        self.link = link.map(Link::take).transpose()?;
        // What is no client's work.
        let beside: Vec<_> =
            awake.map(Loops::threads).unwrap_or_default().into_iter().chain(link.map(|link| link.thread_id)).collect();
        let reading = Reading {
            cpu: self.read(Observed::cpu_by_part)?,
            tcp: tcp_reading(),
            own_cpu: own.cpu_without(&beside)?,
            awake_ns: awake.map_or(Ok(0), Loops::cpu_ns)?,
            publisher_cpu_ns: publishing.map(Publishing::cpu_ns).transpose()?,
            workers_cpu_ns: workers.iter().map(|worker| thread_cpu_ns(worker.thread_id)).collect::<Result<_, _>>()?,
            workers_waited_ns: workers
                .iter()
                .map(|worker| thread_waited_ns(worker.thread_id))
                .collect::<Result<_, _>>()?,
            rss_bytes: own.rss_bytes()?,
            traffic: workers.iter().map(traffic).fold(Traffic::default(), combine(u64::wrapping_add)),
            machine: machine_reading(&self.processors)?,
            server_throttled_ns: self.observed.as_ref().and_then(Observed::throttled_ns),
            throttled_ns: Cgroups::own().throttled().map(|throttled| throttled.ns),
            // Last, as the rest takes its time.
            late_ns: clock::now_ns().saturating_sub(due_ns),
        };
        match edge {
            Edge::From => self.from = Some(reading),
            Edge::To => self.to = Some(reading),
        }
        Ok(())
    }
}

/// What one worker has moved so far.
fn traffic(worker: &Worker) -> Traffic {
    let (progress, tally) = (&worker.progress, &worker.tally);
    Traffic {
        updates: progress.updates.load(Relaxed),
        payloads: progress.payloads.load(Relaxed),
        requests: tally.writes.load(Relaxed),
        connections: progress.reopened.load(Relaxed),
        bytes_in: tally.bytes_in.load(Relaxed),
        bytes_out: tally.bytes_out.load(Relaxed),
        reads: tally.reads.load(Relaxed),
        server_writes: None,
    }
}

pub(super) fn combine(with: fn(u64, u64) -> u64) -> impl Fn(Traffic, Traffic) -> Traffic {
    move |a, b| Traffic {
        updates: with(a.updates, b.updates),
        payloads: with(a.payloads, b.payloads),
        requests: with(a.requests, b.requests),
        connections: with(a.connections, b.connections),
        bytes_in: with(a.bytes_in, b.bytes_in),
        bytes_out: with(a.bytes_out, b.bytes_out),
        reads: with(a.reads, b.reads),
        server_writes: None,
    }
}
