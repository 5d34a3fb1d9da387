//! The quantities that are compared.

use super::parameters::{Meeting, Quantile, Share};

/// A quantity of a point. "Per delivery" means per update received within the measure phase, "per client" per client
/// connected and idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Updates that never arrived.
    Missed,
    /// Deliveries of an update that had arrived already.
    Duplicated,
    /// Updates that arrived after a later one.
    Reordered,
    /// Latencies too long to be recorded.
    OutOfRange,
    /// Errors that clients met.
    ClientErrors,
    /// Receipt minus due time, milliseconds.
    LatencyMs(Quantile),
    /// From the start of a connection until the client is known to the server, milliseconds.
    HandshakeMs(Quantile),
    /// The part of it that was the TLS handshake, milliseconds.
    TlsHandshakeMs(Quantile),
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
    /// Both together, microseconds per delivery: on one machine each pays for some of the other's receiving.
    BothCpuUsPerDelivery,
    /// TCP segments sent by anybody in the network namespace, per delivery.
    SegmentsPerDelivery,
    /// Acknowledgements among them that were delayed until their time was up.
    DelayedAcksPerDelivery,
    /// Segments without data: pure acknowledgements, but for the beginnings and ends of connections.
    PureAcksPerDelivery,
    /// The server process's memory, KiB per client.
    UserKibPerClient,
    /// The part of it that the allocator has handed out, by its own account; the rest is what it holds beyond that.
    InUseKibPerClient,
    /// Kernel memory for the server's sockets, KiB per client.
    KernelKibPerClient,
    /// The server process's memory with every client idle, MiB.
    UserMib,
    /// The same after the measure phase.
    BusyUserMib,
    /// The same with every client gone.
    DrainedUserMib,
    /// Kernel memory for the server's sockets with every client idle, MiB more than without clients.
    KernelMib,
    /// HTTP requests per delivery.
    RequestsPerDelivery,
    /// Connections that clients opened again, because the server does not keep them, per delivery.
    ConnectionsPerDelivery,
    /// Bytes that clients received and sent per delivery.
    BytesPerDelivery,
    /// Bytes received by clients per delivery.
    BytesInPerDelivery,
    /// Bytes sent by clients per delivery.
    BytesOutPerDelivery,
    /// Updates in a WebSocket message or an answer.
    UpdatesPerPayload,
    /// Updates in one write of the server's.
    UpdatesPerWrite,
    /// From the first receipt of an update to its last, milliseconds.
    SpanMs(Quantile),
    /// From an update's due time to its last receipt, milliseconds.
    LastMs(Quantile),
    /// How late the link itself handed packets on, milliseconds.
    LinkLatenessMs(Quantile),
    /// How long a packet stood behind others in the link, milliseconds.
    LinkSerialisationMs(Quantile),
    /// Packets through the link, both ways, per delivery.
    PacketsPerDelivery,
    /// The link's CPU time, microseconds per packet.
    LinkCpuUsPerPacket,
    /// From an update's actual publication to its last receipt, milliseconds: blind to a publisher that is late.
    LastFromSendMs(Quantile),
    /// Jain's index of the clients' mean latencies: 1 if all are equal, 1/n if one of n bears all (Jain, Chiu and Hawe,
    /// "A quantitative measure of fairness", DEC-TR-301, 1984).
    Fairness,
    /// The slowest hundredth client's mean latency over the fastest hundredth's.
    ClientSpread,
    /// Which updates met the poll so, percent.
    MetPercent(Meeting),
    /// The latency of those, milliseconds.
    MetMs(Meeting, Quantile),
    /// Which updates ought to find no parked poll by their rate and an idle round trip, percent.
    PredictedUnparkedPercent,
    /// One exchange on an idle connection, milliseconds.
    ExchangeMs(Quantile),
    /// From the arrival of bytes in the generator's kernel to their being read, milliseconds.
    LoopLagMs(Quantile),
    /// Actual minus due time of publication, milliseconds.
    LatenessMs(Quantile),
    /// From the sending of an update to a server of others until it was acknowledged, milliseconds.
    PublishingMs(Quantile),
    /// The part of the generator's CPU time that was of its publisher, microseconds per delivery.
    PublisherCpuUsPerDelivery,
    /// The part of the server's CPU time that was of the proxy before it, microseconds per delivery.
    ProxyCpuUsPerDelivery,
    /// The part of the server's memory that was of that proxy, KiB per client.
    ProxyKibPerClient,
    /// Processes of the server's.
    Processes,
    /// Of one processor, by the generator's busiest worker, percent.
    WorkerBusyPercent,
    /// Of the time in which updates were under way, by that worker at most, percent.
    FanOutBusyPercent,
    /// Of all processors, by the hypervisor for somebody else, percent.
    StolenPercent,
    /// From the sending of a client's signal to its acknowledgement, milliseconds.
    SignalMs(Quantile),
    /// From the sending of a client's signal until the server had read it, milliseconds.
    WayUpMs(Quantile),
    /// How late the generator sent signals, milliseconds.
    SignalLatenessMs(Quantile),
    /// Signals that were never acknowledged.
    UnansweredSignals,
    /// From a disturbance until that share of all clients had connected again, milliseconds.
    ConnectedMs(Share),
    /// From a disturbance until that share of all clients was current again, milliseconds.
    CurrentMs(Share),
    /// Clients that connected again a second, until 99 % had.
    ReconnectsPerS,
    /// The server's CPU time from a disturbance until all were current again, microseconds per client.
    StormCpuUsPerClient,
    /// The most memory that the server process had meanwhile, MiB.
    StormPeakMib,
    /// Connections and tries to connect that failed after a disturbance, per client.
    FailuresPerClient,
    /// The server process's memory once every client has gone, more than before the first, KiB per client.
    RetainedKibPerClient,
}

impl Metric {
    /// Whether it is a number of events, which is exact and adds up over runs, and no estimate.
    pub(crate) fn is_count(self) -> bool {
        matches!(
            self,
            Self::Missed
                | Self::Duplicated
                | Self::Reordered
                | Self::OutOfRange
                | Self::ClientErrors
                | Self::UnansweredSignals
        )
    }

    /// The quantile that it takes enough updates to state, if it is one of what updates cause.
    pub(crate) fn of_updates(self) -> Option<Quantile> {
        match self {
            Self::LatencyMs(quantile)
            | Self::LastMs(quantile)
            | Self::LastFromSendMs(quantile)
            | Self::SpanMs(quantile)
            | Self::MetMs(_, quantile) => Some(quantile),
            _ => None,
        }
    }
}
