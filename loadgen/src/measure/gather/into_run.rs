//! The [`Run`] that comes of what was gathered; what is gathered from then on is another's.

use hdrhistogram::Histogram;
use protocol::{
    control::Window,
    results::{
        Counts, Expectation, Failure, FanOut, GeneratorUsage, LosslessHistogram, MachineUsage, Polling, Pushed, Run,
        ServerUsage, Slice, StreamAccount, TcpUsage, TlsHandshakes, Traffic,
    },
};

use super::{
    gathered::{Gathered, Reading, combine},
    merged::{lateness, merged},
    numbers::Numbers,
};
use crate::{
    clients::{
        recorder::SLICES,
        spread::{Place, fan_out},
        window::histogram,
        worker::{Errors, Report},
    },
    machine::usage::{Of, cpu_between, machine_between, tcp_between},
    measure::{account::Account, others::Relayed},
    scenario::plan::Planned,
};

impl Gathered {
    pub(in crate::measure) fn take_run(
        &mut self,
        planned: &Planned,
        started_utc: String,
        failure: Option<Failure>,
        window: Option<Window>,
    ) -> Run {
        if let Some(account) = &mut self.account {
            let said = self.reports.iter().flat_map(|report| &report.said);
            said.for_each(|(schedule, seq, late_ns)| account.late(schedule.unwrap_or(0), *seq, *late_ns));
        }
        let speak = planned.point.load.speak && self.relayed.is_none();
        let counts = self.counts(speak, window);
        let (latency, slices) = self.latency(window);
        let merged = |of: fn(&Report) -> &Histogram<u64>| merged(&self.reports, of);
        let (handshake, exchange) = (merged(|report| &report.handshake), merged(|report| &report.exchange));
        let polling = planned.point.transport.asks().then(|| Polling {
            parked: merged(|report| &report.recorder.meeting.parked),
            between: merged(|report| &report.recorder.meeting.between),
            rode: merged(|report| &report.recorder.meeting.rode),
        });
        let client_means = self.client_means();
        let mut fan_out = self.fan_out(speak);
        let own = speak.then(|| merged(|report| &report.recorder.own));
        let pushed = self.is_pushed().then(|| self.pushed(u64::from(planned.point.load.clients), &mut fan_out));
        let agreed = self.reports.iter().find_map(|report| report.tls_agreed.clone());
        let tls = agreed.map(|agreed| TlsHandshakes { took: merged(|report| &report.tls_handshake), agreed });
        let posted = merged(|report| &report.acknowledged);
        let (signals, recovery) = (self.signals(), self.recovery(window));
        let server = self.server_usage();
        let (traffic, generator, machine) = self.between_edges();
        let tcp = self.tcp_usage();
        let account = self.account.take();
        let acknowledged = self.acknowledged.take().or(Some(posted));
        let run = Run {
            index: planned.index,
            repeat: planned.repeat,
            point: planned.point.clone(),
            started_utc,
            failure,
            phases: self.phases,
            measure_from_ms: window.map(|window| window.from_ns.saturating_sub(self.begun_ns) as f64 / 1e6),
            stream: StreamAccount {
                updates: pushed.as_ref().map_or(0, |pushed: &Pushed| pushed.told_apart)
                    + account.as_ref().map_or(0, |account| account.updates),
                before: account.as_ref().and_then(|account| account.before),
                source: account.as_ref().map_or(Expectation::Publisher, |account| account.source),
                lateness: account.and_then(|account| Some(lateness(&account.lateness_ns?))),
                acknowledged: acknowledged.filter(|acknowledged| !acknowledged.is_empty()),
            },
            counts,
            traffic,
            latency,
            own,
            slices,
            fan_out,
            client_means,
            polling,
            exchange,
            handshake,
            tls,
            signals,
            pushed,
            recovery,
            server,
            generator,
            machine,
            tcp,
            link: self.link.take(),
            server_unread: self.unread.clone(),
            trial: None,
        };
        self.begin_anew();
        run
    }

    /// Two independent counts: deliveries as they came, by due time; and what is missing in the end, by `seq`.
    fn counts(&self, speak: bool, window: Option<Window>) -> Counts {
        let (mut counts, mut errors) =
            (Counts { first_errors: self.errors().firsts(), ..Counts::default() }, Errors::default());
        for report in &self.reports {
            let recorder = &report.recorder;
            counts.delivered += recorder.delivered();
            counts.duplicated += recorder.duplicated;
            counts.reordered += recorder.reordered;
            counts.out_of_range += recorder.out_of_range;
            counts.clients_ready += report.clients.iter().flatten().count() as u64;
            errors = errors.and(&report.errors);
        }
        counts.errors = errors.counts();
        if self.is_pushed() {
            // What was to come, nobody knows; who got nothing at all in that time is not held.
            counts.expected = counts.delivered;
            counts.clients_held = window.map(|window| self.held(|_| u64::MAX, window.from_ns));
        }
        if let Some(account) = self.account.as_ref().filter(|account| account.updates > 0) {
            let numbers = Numbers::of(account, speak, &self.reports);
            counts.expected = account.expected(&self.seats);
            counts.clients_held = window.map(|window| self.held(|topic| numbers.last(topic), window.to_ns));
            let clients = self.reports.iter().flat_map(|report| &report.clients).zip(0..);
            counts.missed = clients
                .map(|(client, number)| {
                    let topic = self.seats.topic(number);
                    let due = account.due(topic);
                    client.as_ref().map_or(due, |client| numbers.missed(topic, due, &client.tracker))
                })
                .sum();
            if let Some((relayed, of_all)) = self.relayed.zip(account.schedule(0)) {
                let last_seq = of_all.first_seq + of_all.updates - 1;
                self.leave_out_own(relayed, of_all.first_seq, last_seq, &mut counts);
            }
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

    fn fan_out(&self, speak: bool) -> FanOut {
        let workers: Vec<_> = self.reports.iter().map(|report| &report.recorder.spreads).collect();
        let left_out = self.relayed.as_ref().map_or(u64::from(speak), Relayed::left_out);
        // What the server called an update that a client said, its publisher does not know.
        let stated = self.account.as_ref().filter(|account| account.lateness_ns.is_some() && !speak);
        let late = |account: &Account, place| account.lateness_ns(place);
        let late = stated.map(|account| move |place| late(account, place));
        let late = late.as_ref().map(|late| late as &dyn Fn(Place) -> Option<u64>);
        fan_out(&workers, |topic| self.seats.members(topic).saturating_sub(left_out), late)
    }

    fn server_usage(&mut self) -> Option<ServerUsage> {
        let between = |of: &[Of]| Some(cpu_between(self.from.as_ref()?.cpu_of(of)?, self.to.as_ref()?.cpu_of(of)?));
        let cpu = between(&[Of::Server, Of::Proxy]).unwrap_or_default();
        let proxy_cpu = between(&[Of::Proxy]);
        let observed = self.observed.as_ref()?;
        Some(ServerUsage {
            plateaus: self.plateaus?,
            timeline: self.timeline.take(),
            cpu,
            proxy_cpu,
            kernel_method: observed.kernel_method(),
            peak_rss_bytes: self.peak_rss_bytes,
            processes: observed.names().to_vec(),
            throttled_ns: self.throttled_between(|reading| reading.server_throttled_ns),
        })
    }

    fn tcp_usage(&self) -> Option<TcpUsage> {
        Some(tcp_between(self.from.as_ref()?.tcp?, self.to.as_ref()?.tcp?))
    }

    fn throttled_between(&self, of: fn(&Reading) -> Option<u64>) -> Option<u64> {
        Some(of(self.to.as_ref()?)?.saturating_sub(of(self.from.as_ref()?)?))
    }

    fn between_edges(&self) -> (Traffic, GeneratorUsage, MachineUsage) {
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return <(Traffic, GeneratorUsage, MachineUsage)>::default();
        };
        let mut traffic = combine(u64::saturating_sub)(to.traffic, from.traffic);
        traffic.server_writes = self.account.as_ref().and_then(|account| account.writes);
        let of_workers = |of: fn(&Reading) -> &[u64]| {
            of(to).iter().zip(of(from)).map(|(to, from)| to.saturating_sub(*from)).collect()
        };
        let generator = GeneratorUsage {
            cpu: cpu_between(from.own_cpu, to.own_cpu),
            awake_ns: to.awake_ns.saturating_sub(from.awake_ns),
            publisher_cpu_ns: to
                .publisher_cpu_ns
                .map(|ns| ns.saturating_sub(from.publisher_cpu_ns.unwrap_or_default())),
            workers_cpu_ns: of_workers(|reading| &reading.workers_cpu_ns),
            workers_waited_ns: of_workers(|reading| &reading.workers_waited_ns),
            edge_late_ns: from.late_ns.max(to.late_ns),
            loop_lag: Some(merged(&self.reports, |report| &report.loop_lag)),
            rss_bytes: to.rss_bytes,
            throttled_ns: self.throttled_between(|reading| reading.throttled_ns),
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
