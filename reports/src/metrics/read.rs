//! How each metric is read off one run.

use protocol::{
    Transport,
    results::{Cpu, LosslessHistogram, MemorySample, Plateaus, Run, Stream},
};

use super::{
    metric::Metric,
    parameters::{Meeting, Quantile, Share},
    stated::{NS_PER_MS, Ranked, Stated},
    usage::{busiest_worker, busy_in_fan_outs, stolen_share},
};
use crate::theory::Polling;

const NS_PER_US: f64 = 1e3;
const NS_PER_S: f64 = 1e9;
/// As much slab comes and goes by itself: what a kernel has grown by less for all clients says nothing of one.
const SLAB_NOISE_BYTES: f64 = 4.0 * MIB;
/// Half a second.
const DIVISIBLE_NS: u64 = 500_000_000;
const KIB: f64 = 1024.0;
const MIB: f64 = KIB * KIB;

impl Metric {
    /// What it is a quantile of, if it is one; nanoseconds there, milliseconds here.
    pub(crate) fn ranked(self, run: &Run) -> Option<(Ranked<'_>, Quantile)> {
        Some(match self {
            // Nobody knows when they were due.
            Self::LatencyMs(_) | Self::LastMs(_) | Self::LastFromSendMs(_) | Self::MetMs(..)
                if run.pushed.is_some() =>
            {
                return None;
            }
            Self::LatencyMs(quantile) => (Ranked::latency(run), quantile),
            Self::HandshakeMs(quantile) => (Ranked::all(&run.handshake), quantile),
            Self::TlsHandshakeMs(quantile) => (Ranked::all(&run.tls.as_ref()?.took), quantile),
            Self::ExchangeMs(quantile) => (Ranked::all(&run.exchange), quantile),
            Self::SpanMs(quantile) => (Ranked::a_fan_out(&run.fan_out.span, run), quantile),
            Self::LastMs(quantile) => (Ranked::a_fan_out(&run.fan_out.last, run), quantile),
            Self::LastFromSendMs(quantile) => (Ranked::a_fan_out(run.fan_out.last_from_send.as_ref()?, run), quantile),
            // What an update that never came would have met is not known.
            Self::MetMs(meeting, quantile) => {
                let met = Ranked::all(meeting.of(run.polling.as_ref()?));
                (Ranked { updates: Some(run.stream.updates), ..met }, quantile)
            }
            Self::LoopLagMs(quantile) => (Ranked::all(run.generator.loop_lag.as_ref()?), quantile),
            // A signal that was never answered ranks last.
            Self::SignalMs(quantile) => {
                let signals = run.signals.as_ref()?;
                let answered = Ranked::all(&signals.round_trip);
                (Ranked { expected: signals.sent.max(answered.expected), ..answered }, quantile)
            }
            Self::WayUpMs(quantile) => (Ranked::all(&run.signals.as_ref()?.way_up), quantile),
            Self::SignalLatenessMs(quantile) => (Ranked::all(&run.signals.as_ref()?.lateness), quantile),
            Self::LatenessMs(quantile) => (Ranked::all(run.stream.lateness.as_ref()?), quantile),
            Self::LinkLatenessMs(quantile) => (Ranked::all(&run.link.as_ref()?.lateness), quantile),
            Self::LinkSerialisationMs(quantile) => (Ranked::all(&run.link.as_ref()?.serialisation), quantile),
            Self::PublishingMs(quantile) => (Ranked::all(run.stream.acknowledged.as_ref()?), quantile),
            _ => return None,
        })
    }

    /// What a run states by itself, if it is a quantile.
    pub(crate) fn stated(self, run: &Run) -> Option<Stated> {
        let (ranked, quantile) = self.ranked(run)?;
        ranked.of_one(quantile)
    }

    /// Whether it is of so little kernel memory that it is noise. The total is a total in any case, and a point on a slope.
    pub(crate) fn is_noise(self, run: &Run) -> bool {
        self == Self::KernelKibPerClient && grown(run, both_ends_bytes).is_some_and(|bytes| bytes < SLAB_NOISE_BYTES)
    }

    /// Its value in one run; none where nothing was observed or delivered, or a quantile is not stated.
    pub fn of_run(self, run: &Run) -> Option<f64> {
        let traffic = run.traffic;
        let per_delivery = |amount: u64| divide(amount as f64, traffic.updates as f64);
        match self {
            Self::Missed => Some(run.counts.missed as f64),
            Self::Duplicated => Some(run.counts.duplicated as f64),
            Self::Reordered => Some(run.counts.reordered as f64),
            Self::OutOfRange => Some(run.counts.out_of_range as f64),
            Self::ClientErrors => Some(run.counts.errors.values().sum::<u64>() as f64),
            // A rate of nothing is a figure too, and none was taken.
            Self::DeliveriesPerS | Self::DeliveriesPerCpuS if run.counts.delivered == 0 => None,
            Self::DeliveriesPerS => divide(run.counts.delivered as f64, run.phases.measure_s),
            Self::DeliveriesPerCpuS => {
                divide(traffic.updates as f64, run.server.as_ref()?.cpu.total_ns as f64 / NS_PER_S)
            }
            Self::CpuUsPerDelivery => Some(per_delivery(run.server.as_ref()?.cpu.total_ns)? / NS_PER_US),
            Self::UserCpuUsPerDelivery => Some(per_delivery(divisible_cpu(run)?.user_ns)? / NS_PER_US),
            Self::KernelCpuUsPerDelivery => Some(per_delivery(divisible_cpu(run)?.system_ns)? / NS_PER_US),
            Self::GeneratorCpuUsPerDelivery => Some(per_delivery(run.generator.cpu.total_ns)? / NS_PER_US),
            Self::PublisherCpuUsPerDelivery => Some(per_delivery(run.generator.publisher_cpu_ns?)? / NS_PER_US),
            Self::BothCpuUsPerDelivery => {
                Some(per_delivery(run.server.as_ref()?.cpu.total_ns + run.generator.cpu.total_ns)? / NS_PER_US)
            }
            Self::SegmentsPerDelivery => per_delivery(run.tcp?.segments),
            Self::DelayedAcksPerDelivery => per_delivery(run.tcp?.delayed_acks),
            Self::PureAcksPerDelivery => per_delivery(run.tcp?.segments.saturating_sub(run.tcp?.data_segments)),
            Self::PacketsPerDelivery => per_delivery(run.link.as_ref()?.packets),
            Self::LinkCpuUsPerPacket => {
                let link = run.link.as_ref()?;
                Some(divide(link.cpu_ns as f64, link.packets as f64)? / NS_PER_US)
            }
            Self::UserKibPerClient => divide(grown(run, user_bytes)? / KIB, f64::from(run.point.load.clients)),
            Self::InUseKibPerClient => {
                let Plateaus { empty, idle, .. } = run.server.as_ref()?.plateaus;
                divide(idle?.in_use?.checked_sub(empty.in_use?)? as f64 / KIB, f64::from(run.point.load.clients))
            }
            Self::KernelKibPerClient if self.is_noise(run) => None,
            Self::KernelKibPerClient => divide(grown(run, kernel_bytes)? / KIB, f64::from(run.point.load.clients)),
            Self::UserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.idle?) / MIB),
            Self::BusyUserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.busy?) / MIB),
            Self::DrainedUserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.drained?) / MIB),
            Self::KernelMib => Some(grown(run, kernel_bytes)? / MIB),
            Self::RequestsPerDelivery => per_delivery(traffic.requests),
            Self::ConnectionsPerDelivery => per_delivery(traffic.connections),
            Self::BytesPerDelivery => per_delivery(traffic.bytes_in + traffic.bytes_out),
            Self::BytesInPerDelivery => per_delivery(traffic.bytes_in),
            Self::BytesOutPerDelivery => per_delivery(traffic.bytes_out),
            Self::UpdatesPerPayload => divide(traffic.updates as f64, traffic.payloads as f64),
            Self::UpdatesPerWrite => divide(traffic.updates as f64, traffic.server_writes? as f64),
            Self::RetainedKibPerClient => {
                let Plateaus { empty, drained, .. } = run.server.as_ref()?.plateaus;
                divide((user_bytes(&drained?) - user_bytes(&empty)) / KIB, f64::from(run.point.load.clients))
            }
            Self::Fairness => fairness(&run.client_means),
            Self::ClientSpread => {
                let of = |quantile| run.client_means.value_at_quantile(quantile) as f64;
                divide(of(0.99), of(0.01))
            }
            Self::MetPercent(meeting) => {
                let polling = run.polling.as_ref()?;
                let all: u64 = Meeting::ALL.iter().map(|meeting| meeting.of(polling).len()).sum();
                divide(100.0 * meeting.of(polling).len() as f64, all as f64)
            }
            Self::PredictedUnparkedPercent => predicted_unparked(run).map(|share| 100.0 * share),
            Self::UnansweredSignals => {
                let signals = run.signals.as_ref()?;
                Some(signals.sent.saturating_sub(signals.round_trip.len()) as f64)
            }
            Self::ConnectedMs(share) => reached_ms(run, &run.recovery.as_ref()?.connected, share),
            Self::CurrentMs(share) => reached_ms(run, &run.recovery.as_ref()?.current, share),
            Self::ReconnectsPerS => {
                let after_ms = Self::ConnectedMs(Share::Most).of_run(run)?;
                divide(Share::Most.of(u64::from(run.point.load.clients)) as f64, after_ms / 1e3)
            }
            Self::StormCpuUsPerClient => {
                let cpu_ns = run.recovery.as_ref()?.server_cpu?.total_ns;
                divide(cpu_ns as f64 / NS_PER_US, f64::from(run.point.load.clients))
            }
            Self::StormPeakMib => storm_peak_bytes(run).map(|bytes| bytes as f64 / MIB),
            Self::FailuresPerClient => {
                let failed: u64 = run.recovery.as_ref()?.failed.values().sum();
                divide(failed as f64, f64::from(run.point.load.clients))
            }
            // None is listed where it is the one that was started.
            Self::ProxyCpuUsPerDelivery => Some(per_delivery(run.server.as_ref()?.proxy_cpu?.total_ns)? / NS_PER_US),
            Self::ProxyKibPerClient => {
                let Plateaus { empty, idle, .. } = run.server.as_ref()?.plateaus;
                let grown = idle?.proxy_pss?.checked_sub(empty.proxy_pss?)?;
                divide(grown as f64 / KIB, f64::from(run.point.load.clients))
            }
            Self::Processes => Some(run.server.as_ref()?.processes.len().max(1) as f64),
            Self::WorkerBusyPercent => Some(100.0 * busiest_worker(run)),
            Self::FanOutBusyPercent => busy_in_fan_outs(run).map(|share| 100.0 * share),
            Self::StolenPercent => Some(100.0 * stolen_share(run)),
            _ => self.stated(run)?.value(),
        }
    }
}

/// When that share of all clients had come so far, each after its time; none if they never did.
fn reached_ms(run: &Run, times: &LosslessHistogram, share: Share) -> Option<f64> {
    let clients = share.of(u64::from(run.point.load.clients));
    let reached = times.len();
    // A rank and not a quantile of those who did: who never did must not be left out.
    (0 < clients && clients <= reached)
        .then(|| times.value_at_quantile(clients as f64 / reached as f64) as f64 / NS_PER_MS)
}

fn storm_peak_bytes(run: &Run) -> Option<u64> {
    let (recovery, from_ms) = (run.recovery.as_ref()?, run.measure_from_ms?);
    let begins_ms = from_ms + recovery.at_ms;
    let moments = run.server.as_ref()?.timeline.iter();
    let within = |at_ms: f64| (begins_ms..=begins_ms + recovery.storm_ms).contains(&at_ms);
    moments.filter(|moment| within(moment.at_ms)).map(|moment| moment.rss_bytes).max()
}

/// Jain's index, (Σx)² / (n Σx²), from mean and deviation.
fn fairness(of: &hdrhistogram::Histogram<u64>) -> Option<f64> {
    let (mean, deviation) = (of.mean(), of.stdev());
    divide(mean.powi(2), mean.powi(2) + deviation.powi(2))
}

/// The share of updates that ought to find no poll, with an idle exchange as the time for which the server has none after an
/// answer. Of a feed nobody knows how its updates arrive.
fn predicted_unparked(run: &Run) -> Option<f64> {
    run.polling.as_ref().filter(|_| run.stream.updates > 0 && run.point.transport == Transport::LongPoll)?;
    let Stream::Synthetic { arrivals, .. } = run.point.load.stream else { return None };
    // Of what is collected, and leaves at once, several find the same poll.
    let rate_hz = run.point.load.rate_of_client_hz().filter(|_| run.point.load.coalesce_ms == 0.0)?;
    Some(1.0 - Polling::at(arrivals, rate_hz, Metric::ExchangeMs(Quantile::P50).of_run(run)?).sent)
}

/// The server's CPU time, if user and kernel mode can be told apart: the kernel samples which it is at ticks of 4 to
/// 10 ms, so that less than [`DIVISIBLE_NS`] is too few samples.
fn divisible_cpu(run: &Run) -> Option<Cpu> {
    let cpu = run.server.as_ref()?.cpu;
    (cpu.total_ns >= DIVISIBLE_NS).then_some(cpu)
}

fn user_bytes(sample: &MemorySample) -> f64 {
    sample.pss as f64
}

fn kernel_bytes(sample: &MemorySample) -> f64 {
    (sample.socket_buffers + sample.slab) as f64
}

/// The machine's: slab was halved, for the client's end is in the same kernel.
fn both_ends_bytes(sample: &MemorySample) -> f64 {
    (sample.socket_buffers + 2 * sample.slab) as f64
}

/// How much more of it there was with every client idle than before the first. Nothing if it was less: something else was given back
/// meanwhile, and what clients cost cannot be told.
fn grown(run: &Run, of: fn(&MemorySample) -> f64) -> Option<f64> {
    let plateaus = run.server.as_ref()?.plateaus;
    Some(of(&plateaus.idle?) - of(&plateaus.empty)).filter(|grown| *grown >= 0.0)
}

fn divide(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    fn run() -> Run {
        let mut run = Sweep::quick().results().runs.remove(0);
        run.point.load.clients = 100;
        run.traffic = protocol::results::Traffic {
            updates: 1_000,
            payloads: 500,
            requests: 250,
            connections: 125,
            bytes_in: 130_000,
            bytes_out: 40_000,
            reads: 1,
            server_writes: None,
        };
        let server = run.server.as_mut().unwrap();
        server.cpu.total_ns = 12_000_000;
        server.plateaus.empty.pss = 1_000 * 1024;
        server.plateaus.idle.as_mut().unwrap().pss = 1_800 * 1024;
        server.plateaus.empty.slab = 0;
        server.plateaus.empty.socket_buffers = 0;
        server.plateaus.idle.as_mut().unwrap().slab = 2_000 * 1024;
        server.plateaus.idle.as_mut().unwrap().socket_buffers = 100 * 1024;
        run
    }

    #[test]
    fn what_takes_updates_to_state_is_known_without_a_run() {
        let runs = Sweep::quick().results().runs;
        for (named, run) in super::super::NAMED.iter().flat_map(|named| runs.iter().map(move |run| (named, run))) {
            if let Some((ranked, quantile)) = named.metric.ranked(run) {
                assert_eq!(named.metric.of_updates(), ranked.updates.map(|_| quantile), "{named:?}");
            }
        }
    }

    #[test]
    fn what_shrank_meanwhile_is_no_cost_of_a_client() {
        let mut run = run();
        let Plateaus { empty, idle, .. } = &mut run.server.as_mut().unwrap().plateaus;
        (empty.pss, empty.in_use) = (idle.unwrap().pss + 1, idle.unwrap().in_use.map(|bytes| bytes + 1));
        assert_eq!(Metric::UserKibPerClient.of_run(&run), None);
        assert_eq!(Metric::InUseKibPerClient.of_run(&run), None);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "small integers divide exactly")]
    fn each_is_what_its_name_says() {
        let run = run();
        for (metric, value) in [
            (Metric::CpuUsPerDelivery, 12.0),
            (Metric::UserKibPerClient, 8.0),
            (Metric::KernelKibPerClient, 21.0),
            (Metric::RequestsPerDelivery, 0.25),
            (Metric::ConnectionsPerDelivery, 0.125),
            (Metric::BytesInPerDelivery, 130.0),
            (Metric::BytesOutPerDelivery, 40.0),
            (Metric::UpdatesPerPayload, 2.0),
        ] {
            assert_eq!(metric.of_run(&run), Some(value), "{metric:?}");
        }
        assert!((Metric::DeliveriesPerCpuS.of_run(&run).unwrap() - 1_000.0 / 0.012).abs() < 1e-6);
    }

    #[test]
    fn a_little_slab_says_nothing_of_a_client() {
        let mut run = run();
        let mut of = |slab_kib: u64| {
            run.server.as_mut().unwrap().plateaus.idle.as_mut().unwrap().slab = slab_kib * 1024;
            (Metric::KernelKibPerClient.of_run(&run), Metric::KernelMib.of_run(&run))
        };
        // 100 KiB of buffers are there too.
        assert_eq!(of(1_997), (None, Some(2_097.0 / 1024.0)));
        assert_eq!(of(1_998), (Some(20.98), Some(2_098.0 / 1024.0)));
    }

    #[test]
    fn a_few_ticks_of_cpu_are_not_divided() {
        let mut run = run();
        let mut of = |total_ns| {
            run.server.as_mut().unwrap().cpu.total_ns = total_ns;
            (Metric::UserCpuUsPerDelivery.of_run(&run).is_some(), Metric::CpuUsPerDelivery.of_run(&run).is_some())
        };
        assert_eq!(of(60_000_000), (false, true));
        assert_eq!(of(600_000_000), (true, true));
    }

    #[test]
    fn fairness_is_jains() {
        // (1 + 3)² / (2 · (1 + 9)) = 0.8; all alike is 1.
        let of = |values: [u64; 2]| fairness(&crate::fixture::histogram(values)).unwrap();
        assert!((of([1_000_000, 3_000_000]) - 0.8).abs() < 1e-3);
        assert!((of([1_000_000, 1_000_000]) - 1.0).abs() < 1e-9);
        assert_eq!(fairness(&crate::fixture::histogram([])), None);
    }

    #[test]
    fn who_never_came_back_is_not_left_out_of_a_share() {
        let mut run = run();
        let times = || crate::fixture::histogram((1..=99).map(|ms| ms * 1_000_000));
        run.recovery = Some(protocol::results::Recovery {
            disturbance: protocol::results::Disturbance::Drop,
            at_ms: 0.0,
            connected: times(),
            current: times(),
            failed: [("Closed".to_owned(), 150)].into(),
            storm_ms: 100.0,
            server_cpu: None,
        });
        let about =
            |metric: Metric, ms: f64| assert!((metric.of_run(&run).unwrap() / ms - 1.0).abs() < 2e-3, "{metric:?}");
        about(Metric::CurrentMs(Share::Half), 50.0);
        about(Metric::CurrentMs(Share::Most), 99.0);
        about(Metric::ReconnectsPerS, 1_000.0);
        about(Metric::FailuresPerClient, 1.5);
        assert_eq!(Metric::CurrentMs(Share::All).of_run(&run), None, "one of a hundred never was");
    }

    #[test]
    fn what_polls_meet_adds_up_and_is_predicted() {
        let mut run = Sweep::quick().results().runs.remove(1);
        let all: f64 = Meeting::ALL.iter().filter_map(|meeting| Metric::MetPercent(*meeting).of_run(&run)).sum();
        assert!((all - 100.0).abs() < 1e-9);
        // 10 updates a second, a round trip of 1 ms; then one of a gap and a half, and of two.
        for (round_trip_ms, percent) in [(1, 0.0), (150, 100.0 * (1.5 - 1.0 / 1.5)), (200, 100.0)] {
            run.exchange = crate::fixture::histogram([round_trip_ms * 1_000_000]);
            let predicted = Metric::PredictedUnparkedPercent.of_run(&run).unwrap();
            // Histograms keep three digits.
            assert!((predicted - percent).abs() < 0.1, "{predicted}");
        }
        run.point.transport = Transport::ShortPoll;
        assert_eq!(Metric::PredictedUnparkedPercent.of_run(&run), None, "it parks nowhere");
        (run.point.transport, run.polling) = (Transport::LongPoll, None);
        assert_eq!(Metric::PredictedUnparkedPercent.of_run(&run), None);
    }

    #[test]
    fn nothing_delivered_gives_no_number() {
        let mut run = run();
        run.traffic = protocol::results::Traffic::default();
        run.latency = crate::fixture::histogram([]);
        for metric in [Metric::CpuUsPerDelivery, Metric::UpdatesPerPayload, Metric::LatencyMs(Quantile::P50)] {
            assert_eq!(metric.of_run(&run), None, "{metric:?}");
        }
    }
}
