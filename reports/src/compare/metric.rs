//! The quantities that are compared, each with its name, its unit and how it is read off one run.

use protocol::results::{Cpu, LosslessHistogram, MemorySample, Run};

use super::Verdict;

const NS_PER_MS: f64 = 1e6;
const NS_PER_US: f64 = 1e3;
const NS_PER_S: f64 = 1e9;
/// Half a second.
const DIVISIBLE_NS: u64 = 500_000_000;
const KIB: f64 = 1024.0;
const MIB: f64 = KIB * KIB;

/// A quantile that is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantile {
    /// The median.
    P50,
    /// 90 %.
    P90,
    /// 99 %.
    P99,
    /// 99.9 %.
    P999,
}

impl Quantile {
    /// Between 0 and 1.
    pub fn value(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// `p50`
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }
}

/// A quantity of a point. "Per delivery" means per update received within the measure phase, "per client" per client
/// connected and idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Receipt minus due time, milliseconds.
    LatencyMs(Quantile),
    /// From the start of a connection until the client is known to the server, milliseconds.
    HandshakeMs(Quantile),
    /// Updates delivered a second, over all clients.
    DeliveriesPerS,
    /// Updates delivered for a second of the server's CPU time.
    DeliveriesPerCpuS,
    /// The server's CPU time, microseconds per delivery.
    CpuUsPerDelivery,
    /// The part in user mode.
    UserCpuUsPerDelivery,
    /// The part in the kernel.
    KernelCpuUsPerDelivery,
    /// The load generator's CPU time, microseconds per delivery. On one machine its kernel does the server's receiving.
    GeneratorCpuUsPerDelivery,
    /// The server process's memory, KiB per client.
    UserKibPerClient,
    /// Kernel memory for the server's sockets, KiB per client.
    KernelKibPerClient,
    /// The server process's memory with every client idle, MiB.
    UserMib,
    /// The same at the end of the measure phase.
    BusyUserMib,
    /// The same with every client gone.
    DrainedUserMib,
    /// Kernel memory for the server's sockets with every client idle, MiB more than without clients.
    KernelMib,
    /// HTTP requests per delivery.
    RequestsPerDelivery,
    /// Bytes that clients received and sent per delivery.
    BytesPerDelivery,
    /// Bytes received by clients per delivery.
    BytesInPerDelivery,
    /// Bytes sent by clients per delivery.
    BytesOutPerDelivery,
    /// Updates in a WebSocket message or an answer.
    UpdatesPerPayload,
}

impl Metric {
    /// What it is called, without its unit.
    pub fn name(self) -> String {
        match self {
            Self::LatencyMs(quantile) => format!("{} latency", quantile.name()),
            Self::HandshakeMs(quantile) => format!("{} time to ready", quantile.name()),
            Self::DeliveriesPerS => "deliveries per second".to_owned(),
            Self::DeliveriesPerCpuS => "deliveries per server CPU second".to_owned(),
            Self::CpuUsPerDelivery => "server CPU per delivery".to_owned(),
            Self::UserCpuUsPerDelivery => "server user CPU per delivery".to_owned(),
            Self::KernelCpuUsPerDelivery => "server kernel CPU per delivery".to_owned(),
            Self::GeneratorCpuUsPerDelivery => "generator CPU per delivery".to_owned(),
            Self::UserKibPerClient => "server memory per client".to_owned(),
            Self::KernelKibPerClient => "kernel memory per client".to_owned(),
            Self::UserMib => "server memory".to_owned(),
            Self::BusyUserMib => "server memory under load".to_owned(),
            Self::DrainedUserMib => "server memory, clients gone".to_owned(),
            Self::KernelMib => "kernel memory".to_owned(),
            Self::RequestsPerDelivery => "requests per delivery".to_owned(),
            Self::BytesPerDelivery => "bytes per delivery".to_owned(),
            Self::BytesInPerDelivery => "bytes received per delivery".to_owned(),
            Self::BytesOutPerDelivery => "bytes sent per delivery".to_owned(),
            Self::UpdatesPerPayload => "updates per payload".to_owned(),
        }
    }

    /// "was" or "were".
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::DeliveriesPerS
            | Self::DeliveriesPerCpuS
            | Self::RequestsPerDelivery
            | Self::BytesPerDelivery
            | Self::BytesInPerDelivery
            | Self::BytesOutPerDelivery
            | Self::UpdatesPerPayload => "were",
            _ => "was",
        }
    }

    /// What more of it is called, and what less.
    pub fn more_or_less(self) -> (&'static str, &'static str) {
        match self {
            Self::LatencyMs(_) | Self::HandshakeMs(_) => ("slower", "faster"),
            Self::CpuUsPerDelivery
            | Self::UserCpuUsPerDelivery
            | Self::KernelCpuUsPerDelivery
            | Self::GeneratorCpuUsPerDelivery => ("more CPU", "less CPU"),
            Self::UserKibPerClient
            | Self::KernelKibPerClient
            | Self::UserMib
            | Self::BusyUserMib
            | Self::DrainedUserMib
            | Self::KernelMib => ("more memory", "less memory"),
            Self::BytesPerDelivery | Self::BytesInPerDelivery | Self::BytesOutPerDelivery => {
                ("more bytes", "fewer bytes")
            }
            Self::DeliveriesPerS | Self::DeliveriesPerCpuS | Self::RequestsPerDelivery | Self::UpdatesPerPayload => {
                ("more", "fewer")
            }
        }
    }

    /// A verdict in words that fit the metric.
    pub fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::More => self.more_or_less().0,
            Verdict::Less => self.more_or_less().1,
            Verdict::NoDifferenceShown => "no difference shown",
        }
    }

    /// Its unit; empty for a pure number.
    pub fn unit(self) -> &'static str {
        match self {
            Self::LatencyMs(_) | Self::HandshakeMs(_) => "ms",
            Self::CpuUsPerDelivery
            | Self::UserCpuUsPerDelivery
            | Self::KernelCpuUsPerDelivery
            | Self::GeneratorCpuUsPerDelivery => "µs",
            Self::UserKibPerClient | Self::KernelKibPerClient => "KiB",
            Self::UserMib | Self::BusyUserMib | Self::DrainedUserMib | Self::KernelMib => "MiB",
            Self::BytesPerDelivery | Self::BytesInPerDelivery | Self::BytesOutPerDelivery => "B",
            Self::DeliveriesPerS | Self::DeliveriesPerCpuS | Self::RequestsPerDelivery | Self::UpdatesPerPayload => "",
        }
    }

    /// Name and unit, as a table's heading has them.
    pub fn heading(self) -> String {
        let unit = self.unit();
        if unit.is_empty() { self.name() } else { format!("{}, {unit}", self.name()) }
    }

    /// The histogram and the quantile that it is read from, if it is; nanoseconds there, milliseconds here.
    pub(super) fn quantile_of(self, run: &Run) -> Option<(&LosslessHistogram, Quantile)> {
        match self {
            Self::LatencyMs(quantile) => Some((&run.latency, quantile)),
            Self::HandshakeMs(quantile) => Some((&run.handshake, quantile)),
            _ => None,
        }
    }

    /// Its value in one run; none where nothing was observed or delivered.
    pub fn of_run(self, run: &Run) -> Option<f64> {
        let traffic = run.traffic;
        let per_delivery = |amount: u64| divide(amount as f64, traffic.updates as f64);
        match self {
            Self::LatencyMs(_) | Self::HandshakeMs(_) => {
                let (histogram, quantile) = self.quantile_of(run)?;
                quantile_ms(histogram, quantile.value())
            }
            Self::DeliveriesPerS => divide(run.counts.delivered as f64, run.phases.measure_s),
            Self::DeliveriesPerCpuS => {
                divide(traffic.updates as f64, run.server.as_ref()?.cpu.total_ns as f64 / NS_PER_S)
            }
            Self::CpuUsPerDelivery => Some(per_delivery(run.server.as_ref()?.cpu.total_ns)? / NS_PER_US),
            Self::UserCpuUsPerDelivery => Some(per_delivery(divisible_cpu(run)?.user_ns)? / NS_PER_US),
            Self::KernelCpuUsPerDelivery => Some(per_delivery(divisible_cpu(run)?.system_ns)? / NS_PER_US),
            Self::GeneratorCpuUsPerDelivery => Some(per_delivery(run.generator.cpu.total_ns)? / NS_PER_US),
            Self::UserKibPerClient => divide(grown(run, user_bytes)? / KIB, f64::from(run.point.load.clients)),
            Self::KernelKibPerClient => divide(grown(run, kernel_bytes)? / KIB, f64::from(run.point.load.clients)),
            Self::UserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.idle?) / MIB),
            Self::BusyUserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.busy?) / MIB),
            Self::DrainedUserMib => Some(user_bytes(&run.server.as_ref()?.plateaus.drained?) / MIB),
            Self::KernelMib => Some(grown(run, kernel_bytes)? / MIB),
            Self::RequestsPerDelivery => per_delivery(traffic.requests),
            Self::BytesPerDelivery => per_delivery(traffic.bytes_in + traffic.bytes_out),
            Self::BytesInPerDelivery => per_delivery(traffic.bytes_in),
            Self::BytesOutPerDelivery => per_delivery(traffic.bytes_out),
            Self::UpdatesPerPayload => divide(traffic.updates as f64, traffic.payloads as f64),
        }
    }
}

/// The server's CPU time, if user and kernel mode can be told apart: the kernel samples which it is at ticks of 4 to
/// 10 ms, so that less than [`DIVISIBLE_NS`] is too few samples.
fn divisible_cpu(run: &Run) -> Option<Cpu> {
    let cpu = run.server.as_ref()?.cpu;
    (cpu.total_ns >= DIVISIBLE_NS).then_some(cpu)
}

/// A quantile in milliseconds; none of nothing.
pub(crate) fn quantile_ms(histogram: &hdrhistogram::Histogram<u64>, quantile: f64) -> Option<f64> {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / NS_PER_MS)
}

fn user_bytes(sample: &MemorySample) -> f64 {
    sample.pss as f64
}

fn kernel_bytes(sample: &MemorySample) -> f64 {
    (sample.socket_buffers + sample.slab) as f64
}

/// How much more of it there was with every client idle than before the first.
fn grown(run: &Run, of: fn(&MemorySample) -> f64) -> Option<f64> {
    let plateaus = run.server.as_ref()?.plateaus;
    Some(of(&plateaus.idle?) - of(&plateaus.empty))
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
        server.plateaus.idle.as_mut().unwrap().slab = 400 * 1024;
        server.plateaus.idle.as_mut().unwrap().socket_buffers = 100 * 1024;
        run
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "small integers divide exactly")]
    fn each_is_what_its_name_says() {
        let run = run();
        for (metric, value) in [
            (Metric::CpuUsPerDelivery, 12.0),
            (Metric::UserKibPerClient, 8.0),
            (Metric::KernelKibPerClient, 5.0),
            (Metric::RequestsPerDelivery, 0.25),
            (Metric::BytesInPerDelivery, 130.0),
            (Metric::BytesOutPerDelivery, 40.0),
            (Metric::UpdatesPerPayload, 2.0),
        ] {
            assert_eq!(metric.of_run(&run), Some(value), "{metric:?}");
        }
        assert!((Metric::DeliveriesPerCpuS.of_run(&run).unwrap() - 1_000.0 / 0.012).abs() < 1e-6);
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
    fn nothing_delivered_gives_no_number() {
        let mut run = run();
        run.traffic = protocol::results::Traffic::default();
        run.latency = crate::fixture::histogram([]);
        for metric in [Metric::CpuUsPerDelivery, Metric::UpdatesPerPayload, Metric::LatencyMs(Quantile::P50)] {
            assert_eq!(metric.of_run(&run), None, "{metric:?}");
        }
    }
}
