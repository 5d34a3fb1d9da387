//! What is gathered in the course of a run, and the [`Run`] that comes of it.

mod clients;

use std::sync::atomic::Ordering::Relaxed;

use hdrhistogram::Histogram;
use protocol::{
    clock,
    control::{Published, Window},
    results::{
        Counts, Expectation, Failure, FanOut, GeneratorUsage, LosslessHistogram, MachineUsage, MemorySample, Moment,
        Phases, Plateaus, Polling, Run, ServerUsage, Slice, StreamAccount, TlsHandshakes, Traffic,
    },
};

use super::{Phase, disturb::Storm};
use crate::{
    plan::Planned,
    recorder::{SLICES, histogram},
    spread::fan_out,
    usage::{Before, CpuReading, Observed, Process, cpu_between, machine_between, machine_reading, thread_cpu_ns},
    worker::{Report, Worker},
};

/// An edge of the measure phase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edge {
    From,
    To,
}

/// Which updates were due in the measure phase, and what the publisher says of them.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) first_seq: u64,
    pub(super) updates: u64,
    pub(super) source: Expectation,
    pub(super) lateness_ns: Option<Vec<u64>>,
    pub(super) writes: Option<u64>,
}

impl Account {
    /// A server that took another's place knows what was due, but not what became of it before.
    pub(super) fn stated(published: Published, is_second: bool) -> Self {
        let Published { first_seq, updates, lateness_ns, writes } = published;
        let (lateness_ns, writes) = if is_second { (None, None) } else { (Some(lateness_ns), Some(writes)) };
        Self { first_seq, updates, source: Expectation::Publisher, lateness_ns, writes }
    }
}

/// Where everything stood at one moment.
#[derive(Debug)]
struct Standing {
    server_cpu: Option<CpuReading>,
    own_cpu: CpuReading,
    workers_cpu_ns: Vec<u64>,
    rss_bytes: u64,
    traffic: Traffic,
    machine: MachineUsage,
}

#[derive(Debug)]
pub(super) struct Gathered {
    begun_ns: u64,
    machine_at_start: MachineUsage,
    observed: Option<Observed>,
    plateaus: Option<Plateaus>,
    timeline: Vec<Moment>,
    sampled_ns: u64,
    peak_rss_bytes: u64,
    phases: Phases,
    from: Option<Standing>,
    to: Option<Standing>,
    pub(super) account: Option<Account>,
    pub(super) storm: Option<Storm>,
    pub(super) reports: Vec<Report>,
}

impl Gathered {
    pub(super) fn new() -> Self {
        Self {
            begun_ns: clock::now_ns(),
            machine_at_start: MachineUsage::default(),
            observed: None,
            plateaus: None,
            timeline: Vec::new(),
            sampled_ns: 0,
            peak_rss_bytes: 0,
            phases: Phases::default(),
            from: None,
            to: None,
            account: None,
            storm: None,
            reports: Vec::new(),
        }
    }

    /// The first connection is about to be begun: times of the run count from here.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        self.machine_at_start = machine_reading()?;
        self.begun_ns = clock::now_ns();
        Ok(())
    }

    pub(super) fn observe(&mut self, observed: Observed, in_use: Option<u64>) -> anyhow::Result<()> {
        let empty = observed.memory(in_use)?;
        self.plateaus = Some(Plateaus { empty, idle: None, busy: None, drained: None });
        self.observed = Some(observed);
        Ok(())
    }

    /// The server's CPU time so far, if it can be read.
    pub(super) fn server_cpu(&self) -> anyhow::Result<Option<CpuReading>> {
        self.observed.as_ref().map(Observed::cpu).transpose()
    }

    /// What the server used, to be handed on before another takes its place.
    pub(super) fn before(&self) -> anyhow::Result<Option<Before>> {
        self.observed.as_ref().map(Observed::before).transpose()
    }

    /// Another process has taken the server's place.
    pub(super) fn follow(&mut self, pid: u32, before: Option<Before>) -> anyhow::Result<()> {
        match (&mut self.observed, before) {
            (Some(observed), Some(before)) => observed.follow(pid, before),
            _ => Ok(()),
        }
    }

    pub(super) fn phase_took(&mut self, phase: Phase, seconds: f64) {
        match phase {
            Phase::Connect => self.phases.connect_s = seconds,
            Phase::Settle => self.phases.settle_s = seconds,
            Phase::WarmUp => self.phases.warm_up_s = seconds,
            Phase::Measure => self.phases.measure_s = seconds,
            Phase::Drain => self.phases.drain_s = seconds,
            Phase::Start | Phase::Close => {}
        }
    }

    /// Adds to the timeline, if the last addition is long enough ago.
    pub(super) fn moment(&mut self, every_ns: u64) -> anyhow::Result<()> {
        let now_ns = clock::now_ns();
        if let Some(observed) = &self.observed
            && now_ns >= self.sampled_ns + every_ns
        {
            self.sampled_ns = now_ns;
            self.timeline.push(observed.moment(self.begun_ns)?);
        }
        Ok(())
    }

    pub(super) fn sample(
        &mut self,
        in_use: Option<u64>,
        plateau: impl Fn(&mut Plateaus) -> &mut Option<MemorySample>,
    ) -> anyhow::Result<()> {
        if let (Some(observed), Some(plateaus)) = (&self.observed, &mut self.plateaus) {
            *plateau(plateaus) = Some(observed.memory(in_use)?);
        }
        Ok(())
    }

    /// Samples the server without clients; true if it has closed what it had opened for them.
    pub(super) fn sample_drained(&mut self, in_use: Option<u64>) -> anyhow::Result<bool> {
        self.sample(in_use, |plateaus| &mut plateaus.drained)?;
        self.peak_rss_bytes = self.observed.as_ref().map_or(Ok(0), Observed::peak_rss_bytes)?;
        let files = |plateaus: &Plateaus| Some((plateaus.drained?.open_files, plateaus.empty.open_files));
        Ok(self.plateaus.as_ref().and_then(files).is_none_or(|(drained, empty)| drained <= empty))
    }

    pub(super) fn edge(&mut self, edge: Edge, workers: &[Worker]) -> anyhow::Result<()> {
        let own = Process::own()?;
        let standing = Standing {
            server_cpu: self.server_cpu()?,
            own_cpu: own.cpu()?,
            workers_cpu_ns: workers.iter().map(|worker| thread_cpu_ns(worker.thread_id)).collect::<Result<_, _>>()?,
            rss_bytes: own.rss_bytes()?,
            traffic: workers.iter().map(traffic).fold(Traffic::default(), combine(u64::wrapping_add)),
            machine: machine_reading()?,
        };
        match edge {
            Edge::From => self.from = Some(standing),
            Edge::To => self.to = Some(standing),
        }
        Ok(())
    }

    pub(super) fn into_run(
        mut self,
        planned: &Planned,
        started_utc: String,
        failure: Option<Failure>,
        window: Option<Window>,
    ) -> Run {
        let counts = self.counts(u64::from(planned.point.load.clients));
        let (latency, slices) = self.latency(window);
        let merged = |of: fn(&Report) -> &Histogram<u64>| merged(&self.reports, of);
        let (handshake, exchange) = (merged(|report| &report.handshake), merged(|report| &report.exchange));
        let polling = planned.point.transport.asks().then(|| Polling {
            parked: merged(|report| &report.recorder.meeting.parked),
            between: merged(|report| &report.recorder.meeting.between),
            rode: merged(|report| &report.recorder.meeting.rode),
        });
        let client_means = self.client_means();
        let fan_out = self.fan_out(u64::from(planned.point.load.clients));
        let agreed = self.reports.iter().find_map(|report| report.tls_agreed.clone());
        let tls = agreed.map(|agreed| TlsHandshakes { took: merged(|report| &report.tls_handshake), agreed });
        let (signals, recovery) = (self.signals(), self.recovery(window));
        let server = self.server_usage();
        let (traffic, generator, machine) = self.between_edges();
        let account = self.account.take();
        Run {
            index: planned.index,
            repeat: planned.repeat,
            point: planned.point.clone(),
            started_utc,
            failure,
            phases: self.phases,
            measure_from_ms: window.map(|window| window.from_ns.saturating_sub(self.begun_ns) as f64 / 1e6),
            stream: StreamAccount {
                updates: account.as_ref().map_or(0, |account| account.updates),
                source: account.as_ref().map_or(Expectation::Publisher, |account| account.source),
                lateness: account.and_then(|account| Some(lateness(&account.lateness_ns?))),
            },
            counts,
            traffic,
            latency,
            slices,
            fan_out,
            client_means,
            polling,
            exchange,
            handshake,
            tls,
            signals,
            recovery,
            server,
            generator,
            machine,
        }
    }

    /// Two independent counts: deliveries as they came, by due time; and what is missing in the end, by `seq`.
    fn counts(&self, clients: u64) -> Counts {
        let mut counts = Counts::default();
        for report in &self.reports {
            let recorder = &report.recorder;
            counts.delivered += recorder.delivered();
            counts.duplicated += recorder.duplicated;
            counts.reordered += recorder.reordered;
            counts.out_of_range += recorder.out_of_range;
            counts.clients_ready += report.clients.iter().flatten().count() as u64;
            for (kind, count) in &report.errors {
                *counts.errors.entry(kind.clone()).or_default() += count;
            }
        }
        if let Some(account) = self.account.as_ref().filter(|account| account.updates > 0) {
            let last_seq = account.first_seq + account.updates - 1;
            counts.expected = clients * account.updates;
            counts.missed = (self.reports.iter().flat_map(|report| &report.clients))
                .map(|client| {
                    client.as_ref().map_or(account.updates, |client| client.tracker.missed(account.first_seq, last_seq))
                })
                .sum();
        }
        counts
    }

    fn latency(&self, window: Option<Window>) -> (LosslessHistogram, Vec<Slice>) {
        let mut slices = vec![histogram(2); SLICES];
        for report in &self.reports {
            for (slice, part) in slices.iter_mut().zip(&report.recorder.slices) {
                *slice += part;
            }
        }
        let slice_ms = window.map_or(0.0, |window| (window.to_ns - window.from_ns) as f64 / 1e6 / SLICES as f64);
        let slices = (slices.into_iter().enumerate())
            .map(|(index, latency)| Slice { from_ms: index as f64 * slice_ms, latency: latency.into() })
            .collect();
        (merged(&self.reports, |report| &report.recorder.latency), slices)
    }

    fn fan_out(&self, clients: u64) -> FanOut {
        let workers: Vec<_> = self.reports.iter().map(|report| &report.recorder.spreads).collect();
        let account = self.account.as_ref();
        let lateness_ns = account.and_then(|account| account.lateness_ns.as_deref());
        fan_out(&workers, clients, account.map_or(0, |account| account.first_seq), lateness_ns)
    }

    fn server_usage(&mut self) -> Option<ServerUsage> {
        let cpu = match (&self.from, &self.to) {
            (Some(from), Some(to)) => Option::zip(from.server_cpu, to.server_cpu),
            _ => None,
        };
        Some(ServerUsage {
            plateaus: self.plateaus?,
            timeline: std::mem::take(&mut self.timeline),
            cpu: cpu.map(|(from, to)| cpu_between(from, to)).unwrap_or_default(),
            kernel_method: self.observed.as_ref()?.kernel_method(),
            peak_rss_bytes: self.peak_rss_bytes,
        })
    }

    fn between_edges(&self) -> (Traffic, GeneratorUsage, MachineUsage) {
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return <(Traffic, GeneratorUsage, MachineUsage)>::default();
        };
        let mut traffic = combine(u64::saturating_sub)(to.traffic, from.traffic);
        traffic.server_writes = self.account.as_ref().and_then(|account| account.writes);
        let workers = to.workers_cpu_ns.iter().zip(&from.workers_cpu_ns);
        let generator = GeneratorUsage {
            cpu: cpu_between(from.own_cpu, to.own_cpu),
            workers_cpu_ns: workers.map(|(to, from)| to.saturating_sub(*from)).collect(),
            loop_lag: Some(merged(&self.reports, |report| &report.loop_lag)),
            rss_bytes: to.rss_bytes,
        };
        let run = machine_between(self.machine_at_start, to.machine);
        let machine = MachineUsage {
            listen_overflows: run.listen_overflows,
            memory_pressures: run.memory_pressures,
            ..machine_between(from.machine, to.machine)
        };
        (traffic, generator, machine)
    }
}

/// The workers' histograms together.
fn merged(reports: &[Report], of: fn(&Report) -> &Histogram<u64>) -> LosslessHistogram {
    let mut parts = reports.iter().map(of);
    let mut all = parts.next().cloned().unwrap_or_else(|| histogram(3));
    parts.for_each(|part| all += part);
    all.into()
}

fn lateness(lateness_ns: &[u64]) -> LosslessHistogram {
    let mut lateness = histogram(3);
    // A minute late is as void as an hour late, so the clamp hides nothing.
    lateness_ns.iter().for_each(|late_ns| lateness.saturating_record(*late_ns));
    lateness.into()
}

/// What one worker has moved so far.
fn traffic(worker: &Worker) -> Traffic {
    let (progress, tally) = (&worker.progress, &worker.tally);
    Traffic {
        updates: progress.updates.load(Relaxed),
        payloads: progress.payloads.load(Relaxed),
        requests: tally.writes.load(Relaxed),
        bytes_in: tally.bytes_in.load(Relaxed),
        bytes_out: tally.bytes_out.load(Relaxed),
        reads: tally.reads.load(Relaxed),
        server_writes: None,
    }
}

fn combine(with: fn(u64, u64) -> u64) -> impl Fn(Traffic, Traffic) -> Traffic {
    move |a, b| Traffic {
        updates: with(a.updates, b.updates),
        payloads: with(a.payloads, b.payloads),
        requests: with(a.requests, b.requests),
        bytes_in: with(a.bytes_in, b.bytes_in),
        bytes_out: with(a.bytes_out, b.bytes_out),
        reads: with(a.reads, b.reads),
        server_writes: None,
    }
}
