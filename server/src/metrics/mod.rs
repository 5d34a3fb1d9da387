//! What the server counts, and its Prometheus face.

mod bound;
mod tally;

use std::sync::{Arc, atomic::Ordering::Relaxed};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{
        MetricType, TypedMetric,
        counter::{ConstCounter, Counter},
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};
use protocol::Transport;

pub(crate) use bound::Bound;
pub use tally::Tally;

use self::bound::Met;
use crate::allocator::Allocator;

/// Content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of publisher lateness, seconds.
const LATENESS_BUCKETS: [f64; 10] = [0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.1, 1.0];

/// The counters of one transport.
#[derive(Debug, Default)]
pub struct TransportMetrics {
    /// Clients there now.
    pub connections: Gauge,
    /// Updates handed to clients.
    pub deliveries: Counter,
    /// Writes or answers in which they were handed over.
    pub writes: Counter,
    /// Subscribers whose cursor left the ring.
    pub slow_consumers: Counter,
}

impl TransportMetrics {
    pub(crate) fn took(&self, updates: u64) {
        self.deliveries.inc_by(updates);
        self.writes.inc();
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    transports: [Arc<TransportMetrics>; Transport::SERVED.len()],
    /// Polls received.
    pub polls: Counter,
    /// Polls for which nothing came in time.
    pub polls_timed_out: Counter,
    /// Clients' signals acknowledged.
    pub signals: Counter,
    /// Connections accepted.
    pub accepted: Counter,
    /// TLS handshakes that succeeded.
    pub tls_handshakes: Counter,
    /// TLS handshakes that failed.
    pub tls_handshake_failures: Counter,
    /// Pings sent.
    pub pings: Counter,
    /// How often clients met each bound.
    pub(crate) met: Met,
    /// Failures of `accept(2)`.
    pub accept_errors: Counter,
    /// Actual minus due time of publication, seconds.
    pub publisher_lateness: Histogram,
    /// Bytes on all connections.
    pub tally: Arc<Tally>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            transports: Default::default(),
            polls: Counter::default(),
            polls_timed_out: Counter::default(),
            signals: Counter::default(),
            accepted: Counter::default(),
            tls_handshakes: Counter::default(),
            tls_handshake_failures: Counter::default(),
            pings: Counter::default(),
            met: Met::default(),
            accept_errors: Counter::default(),
            publisher_lateness: Histogram::new(LATENESS_BUCKETS),
            tally: Arc::default(),
        }
    }
}

impl Metrics {
    /// The counters of a transport.
    pub fn of(&self, transport: Transport) -> &Arc<TransportMetrics> {
        &self.transports[transport.as_served() as usize]
    }

    /// Writes and answers that carried updates, over all transports.
    pub fn writes(&self) -> u64 {
        self.transports.iter().map(|transport| transport.writes.get()).sum()
    }

    /// Prometheus (`OpenMetrics`) text, and in it the stream's own figures.
    pub fn encode(self: &Arc<Self>, logged: Logged) -> String {
        let mut registry = Registry::with_prefix("pushbench");
        registry.register("polls", "Polls received", self.polls.clone());
        registry.register("polls_timed_out", "Polls for which nothing came in time", self.polls_timed_out.clone());
        registry.register("signals", "Signals of clients acknowledged", self.signals.clone());
        registry.register("accepted", "Connections accepted", self.accepted.clone());
        registry.register("tls_handshakes", "TLS handshakes that succeeded", self.tls_handshakes.clone());
        let failures = self.tls_handshake_failures.clone();
        registry.register("tls_handshake_failures", "TLS handshakes that failed", failures);
        let pings = "Pings to silent WebSocket clients, and comments among server-sent events";
        registry.register("pings", pings, self.pings.clone());
        registry.register("accept_errors", "Failures to accept a connection", self.accept_errors.clone());
        registry.register_with_unit(
            "publisher_lateness",
            "Actual minus due time of publication",
            Unit::Seconds,
            self.publisher_lateness.clone(),
        );
        registry.register_collector(Box::new(Collected { metrics: Arc::clone(self), logged }));
        let mut text = String::new();
        encode(&mut text, &registry).expect("a String takes every write");
        text
    }
}

/// What the logs count.
#[derive(Debug, Clone, Copy)]
pub struct Logged {
    /// Updates published.
    pub updates: u64,
    /// Topics that have a name.
    pub topics: usize,
    /// Batches that did not hold all that was there.
    pub batches_cut: u64,
    /// Updates that left the ring of their topic only because all rings together were full.
    pub crowded_out: u64,
}

/// Figures that are kept elsewhere, or of which there is one for each transport.
#[derive(Debug)]
struct Collected {
    metrics: Arc<Metrics>,
    logged: Logged,
}

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (tally, logged) = (&self.metrics.tally, self.logged);
        for (name, help, value) in [
            ("updates", "Updates published", logged.updates),
            ("received_bytes", "Bytes from clients", tally.bytes_in.load(Relaxed)),
            ("sent_bytes", "Bytes to clients", tally.bytes_out.load(Relaxed)),
            ("full_sends", "Writes of which the kernel did not take all", tally.full.load(Relaxed)),
            ("dead_paths", "Connections that TCP gave up", tally.timed_out.load(Relaxed)),
            ("batches_cut", "Batches that did not hold all that was there", logged.batches_cut),
            ("crowded_out", "Updates that left a topic's ring for others' sake", logged.crowded_out),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let topics = ConstGauge::new(logged.topics as i64);
        topics.encode(encoder.encode_descriptor("topics", "Topics that have a name", None, MetricType::Gauge)?)?;
        let in_use = ConstGauge::new(Allocator::in_use_bytes() as i64);
        let help = "Memory asked for and not given back, by the allocator's own account";
        in_use.encode(encoder.encode_descriptor("memory_in_use_bytes", help, None, MetricType::Gauge)?)?;
        self.bounds_met(&mut encoder)?;
        self.of_transports(&mut encoder, "connections", "Clients there now", |of| &of.connections)?;
        self.of_transports(&mut encoder, "deliveries", "Updates handed to clients", |of| &of.deliveries)?;
        self.of_transports(&mut encoder, "writes", "Writes or answers that carried updates", |of| &of.writes)?;
        self.of_transports(&mut encoder, "slow_consumers", "Clients that fell out of the ring", |of| &of.slow_consumers)
    }
}

impl Collected {
    fn bounds_met(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Clients refused or given up, by the option that bounds it";
        let mut family = encoder.encode_descriptor("bounds_met", help, None, MetricType::Counter)?;
        for (bound, met) in self.metrics.met.each() {
            met.encode(family.encode_family(&[("bound", bound)])?)?;
        }
        Ok(())
    }

    /// One family, named once as the format demands, and in it a figure for each transport.
    fn of_transports<M: EncodeMetric + TypedMetric>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        figure: impl Fn(&TransportMetrics) -> &M,
    ) -> Result<(), std::fmt::Error> {
        let mut family = encoder.encode_descriptor(name, help, None, M::TYPE)?;
        for transport in Transport::SERVED {
            let labels = [("transport", transport.name())];
            figure(self.metrics.of(transport)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
