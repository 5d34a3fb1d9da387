//! Metrics by name: as thresholds and limits call them, and as columns of `runs.csv`.

use super::{
    metric::Metric,
    parameters::{
        Meeting,
        Quantile::{P50, P90, P99, P999},
        Share,
    },
};

/// A metric that is called by name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// In options and scenario files.
    pub(crate) name: &'static str,
    /// In `runs.csv`, with its unit.
    pub(crate) column: &'static str,
    /// Which.
    pub(crate) metric: Metric,
}

const fn named(name: &'static str, column: &'static str, metric: Metric) -> Named {
    Named { name, column, metric }
}

impl Metric {
    /// The one that is called so, by its short name or by its column.
    pub(crate) fn called(name: &str) -> Option<Self> {
        let is_called = |named: &&Named| named.name == name || named.column == name;
        NAMED.iter().find(is_called).map(|named| named.metric)
    }

    /// Its short name; none of what has no column.
    pub(crate) fn short_name(self) -> Option<&'static str> {
        NAMED.iter().find(|named| named.metric == self).map(|named| named.name)
    }
}

/// All that have a name, in the order of their columns.
pub(crate) const NAMED: [Named; 71] = [
    named("missed", "missed", Metric::Missed),
    named("duplicated", "duplicated", Metric::Duplicated),
    named("reordered", "reordered", Metric::Reordered),
    named("out-of-range", "out_of_range", Metric::OutOfRange),
    named("errors", "errors", Metric::ClientErrors),
    named("p50", "latency_p50_ms", Metric::LatencyMs(P50)),
    named("p90", "latency_p90_ms", Metric::LatencyMs(P90)),
    named("p99", "latency_p99_ms", Metric::LatencyMs(P99)),
    named("p99.9", "latency_p999_ms", Metric::LatencyMs(P999)),
    named("ready-p50", "ready_p50_ms", Metric::HandshakeMs(P50)),
    named("ready-p99", "ready_p99_ms", Metric::HandshakeMs(P99)),
    named("tls-handshake-p50", "tls_handshake_p50_ms", Metric::TlsHandshakeMs(P50)),
    named("tls-handshake-p99", "tls_handshake_p99_ms", Metric::TlsHandshakeMs(P99)),
    named("deliveries-per-s", "deliveries_per_s", Metric::DeliveriesPerS),
    named("deliveries-per-server-cpu-s", "deliveries_per_server_cpu_s", Metric::DeliveriesPerCpuS),
    named("server-cpu", "server_cpu_us_per_delivery", Metric::CpuUsPerDelivery),
    named("server-user-cpu", "server_user_cpu_us_per_delivery", Metric::UserCpuUsPerDelivery),
    named("generator-cpu", "generator_cpu_us_per_delivery", Metric::GeneratorCpuUsPerDelivery),
    named("server-and-generator-cpu", "server_and_generator_cpu_us_per_delivery", Metric::BothCpuUsPerDelivery),
    named("tcp-segments", "tcp_segments_per_delivery", Metric::SegmentsPerDelivery),
    named("delayed-acks", "delayed_acks_per_delivery", Metric::DelayedAcksPerDelivery),
    named("pure-acks", "pure_acks_per_delivery", Metric::PureAcksPerDelivery),
    named("memory", "server_memory_kib_per_client", Metric::UserKibPerClient),
    named("server-in-use", "server_in_use_kib_per_client", Metric::InUseKibPerClient),
    named("kernel-memory", "kernel_memory_kib_per_client", Metric::KernelKibPerClient),
    named("requests", "requests_per_delivery", Metric::RequestsPerDelivery),
    named("connections", "connections_per_delivery", Metric::ConnectionsPerDelivery),
    named("bytes-received", "bytes_received_per_delivery", Metric::BytesInPerDelivery),
    named("bytes-sent", "bytes_sent_per_delivery", Metric::BytesOutPerDelivery),
    named("bytes", "bytes_per_delivery", Metric::BytesPerDelivery),
    named("updates-per-payload", "updates_per_payload", Metric::UpdatesPerPayload),
    named("updates-per-server-write", "updates_per_server_write", Metric::UpdatesPerWrite),
    named("fan-out-span-p50", "fan_out_span_p50_ms", Metric::SpanMs(P50)),
    named("fan-out-span-p99", "fan_out_span_p99_ms", Metric::SpanMs(P99)),
    named("last-p50", "last_from_due_p50_ms", Metric::LastMs(P50)),
    named("last-p90", "last_from_due_p90_ms", Metric::LastMs(P90)),
    named("last-p99", "last_from_due_p99_ms", Metric::LastMs(P99)),
    named("last-from-send-p50", "last_from_send_p50_ms", Metric::LastFromSendMs(P50)),
    named("last-from-send-p99", "last_from_send_p99_ms", Metric::LastFromSendMs(P99)),
    named("jain-index", "jain_index", Metric::Fairness),
    named("clients-p99-to-p1", "clients_p99_to_p1", Metric::ClientSpread),
    named("parked", "parked_percent", Metric::MetPercent(Meeting::Parked)),
    named("between", "between_percent", Metric::MetPercent(Meeting::Between)),
    named("rode", "rode_percent", Metric::MetPercent(Meeting::Rode)),
    named("predicted-unparked", "predicted_unparked_percent", Metric::PredictedUnparkedPercent),
    named("exchange-p50", "exchange_p50_ms", Metric::ExchangeMs(P50)),
    named("signal-p50", "signal_p50_ms", Metric::SignalMs(P50)),
    named("signal-p99", "signal_p99_ms", Metric::SignalMs(P99)),
    named("signals-unanswered", "signals_unanswered", Metric::UnansweredSignals),
    named("current-half", "current_half_ms", Metric::CurrentMs(Share::Half)),
    named("current-99-percent", "current_99_percent_ms", Metric::CurrentMs(Share::Most)),
    named("current-all", "current_all_ms", Metric::CurrentMs(Share::All)),
    named("storm-server-cpu", "storm_server_cpu_us_per_client", Metric::StormCpuUsPerClient),
    named("loop-lag-p50", "loop_lag_p50_ms", Metric::LoopLagMs(P50)),
    named("loop-lag-p99", "loop_lag_p99_ms", Metric::LoopLagMs(P99)),
    named("lateness-p50", "lateness_p50_ms", Metric::LatenessMs(P50)),
    named("lateness-p99", "lateness_p99_ms", Metric::LatenessMs(P99)),
    named("publishing-p50", "publishing_p50_ms", Metric::PublishingMs(P50)),
    named("publishing-p99", "publishing_p99_ms", Metric::PublishingMs(P99)),
    named("publisher-cpu", "publisher_cpu_us_per_delivery", Metric::PublisherCpuUsPerDelivery),
    named("proxy-cpu", "proxy_cpu_us_per_delivery", Metric::ProxyCpuUsPerDelivery),
    named("proxy-memory", "proxy_memory_kib_per_client", Metric::ProxyKibPerClient),
    named("server-processes", "server_processes", Metric::Processes),
    named("busiest-worker", "busiest_worker_percent", Metric::WorkerBusyPercent),
    named("busiest-worker-in-fan-outs", "busiest_worker_in_fan_outs_percent", Metric::FanOutBusyPercent),
    named("link-lateness-p99", "link_lateness_p99_ms", Metric::LinkLatenessMs(P99)),
    named("link-serialisation-p50", "link_serialisation_p50_ms", Metric::LinkSerialisationMs(P50)),
    named("link-packets", "link_packets_per_delivery", Metric::PacketsPerDelivery),
    named("link-cpu", "link_cpu_us_per_packet", Metric::LinkCpuUsPerPacket),
    named("stolen", "stolen_percent", Metric::StolenPercent),
    named("retained-memory", "retained_memory_kib_per_client", Metric::RetainedKibPerClient),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_of_two() {
        let names: Vec<&str> = NAMED.iter().flat_map(|named| BTreeSet::from([named.name, named.column])).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for named in NAMED {
            assert_eq!(
                (Metric::called(named.name), Metric::called(named.column)),
                (Some(named.metric), Some(named.metric))
            );
            assert_eq!(named.metric.short_name(), Some(named.name), "one name a metric");
        }
        assert_eq!(Metric::called("pigeons"), None);
    }
}
