//! What metrics are called, and what more or less of each is.

use super::{metric::Metric, parameters::Meeting};

impl Meeting {
    /// What an update found, as a table says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parked => "a parked poll",
            Self::Between => "no poll, and waited for the next",
            Self::Rode => "a ride behind another update",
        }
    }
}

impl Metric {
    /// What it is called, without its unit.
    pub fn name(self) -> String {
        match self {
            Self::Missed => "updates missed".to_owned(),
            Self::Duplicated => "updates duplicated".to_owned(),
            Self::Reordered => "updates reordered".to_owned(),
            Self::OutOfRange => "latencies out of range".to_owned(),
            Self::ClientErrors => "client errors".to_owned(),
            Self::LatencyMs(quantile) => format!("{} latency", quantile.name()),
            Self::HandshakeMs(quantile) => format!("{} time to ready", quantile.name()),
            Self::TlsHandshakeMs(quantile) => format!("{} TLS handshake", quantile.name()),
            Self::DeliveriesPerS => "deliveries per second".to_owned(),
            Self::DeliveriesPerCpuS => "deliveries per server CPU second".to_owned(),
            Self::CpuUsPerDelivery => "server CPU per delivery".to_owned(),
            Self::UserCpuUsPerDelivery => "server user CPU per delivery".to_owned(),
            Self::KernelCpuUsPerDelivery => "server kernel CPU per delivery".to_owned(),
            Self::GeneratorCpuUsPerDelivery => "generator CPU per delivery".to_owned(),
            Self::BothCpuUsPerDelivery => "server + generator CPU per delivery".to_owned(),
            Self::SegmentsPerDelivery => "TCP segments per delivery".to_owned(),
            Self::DelayedAcksPerDelivery => "delayed acknowledgements per delivery".to_owned(),
            Self::PureAcksPerDelivery => "pure acknowledgements per delivery".to_owned(),
            Self::UserKibPerClient => "server memory per client".to_owned(),
            Self::InUseKibPerClient => "in use per client, by the allocator".to_owned(),
            Self::KernelKibPerClient => "kernel memory per client".to_owned(),
            Self::UserMib => "server memory".to_owned(),
            Self::BusyUserMib => "server memory under load".to_owned(),
            Self::DrainedUserMib => "server memory, clients gone".to_owned(),
            Self::KernelMib => "kernel memory".to_owned(),
            Self::RequestsPerDelivery => "requests per delivery".to_owned(),
            Self::ConnectionsPerDelivery => "connections per delivery".to_owned(),
            Self::BytesPerDelivery => "bytes per delivery".to_owned(),
            Self::BytesInPerDelivery => "bytes received per delivery".to_owned(),
            Self::BytesOutPerDelivery => "bytes sent per delivery".to_owned(),
            Self::UpdatesPerPayload => "updates per payload".to_owned(),
            Self::UpdatesPerWrite => "updates per server write".to_owned(),
            Self::SpanMs(quantile) => format!("{} span", quantile.name()),
            Self::LastMs(quantile) => format!("last receiver’s {}", quantile.name()),
            Self::LastFromSendMs(quantile) => format!("last receiver’s {}, since sent", quantile.name()),
            Self::Fairness => "fairness (Jain’s index)".to_owned(),
            Self::ClientSpread => "slow : fast clients".to_owned(),
            Self::MetPercent(meeting) => meeting.name().to_owned(),
            Self::MetMs(meeting, quantile) => format!("{}, {} latency", meeting.name(), quantile.name()),
            Self::PredictedUnparkedPercent => "predicted to find no parked poll".to_owned(),
            Self::ExchangeMs(quantile) => format!("{} idle exchange", quantile.name()),
            Self::LinkLatenessMs(quantile) => format!("{} link lateness", quantile.name()),
            Self::LinkSerialisationMs(quantile) => format!("{} behind other packets", quantile.name()),
            Self::PacketsPerDelivery => "packets per delivery".to_owned(),
            Self::LinkCpuUsPerPacket => "link CPU per packet".to_owned(),
            Self::LoopLagMs(quantile) => format!("{} loop lag", quantile.name()),
            Self::LatenessMs(quantile) => format!("{} publisher lateness", quantile.name()),
            Self::PublishingMs(quantile) => format!("{} publishing", quantile.name()),
            Self::PublisherCpuUsPerDelivery => "publisher’s part of generator CPU per delivery".to_owned(),
            Self::ProxyCpuUsPerDelivery => "proxy’s part of server CPU per delivery".to_owned(),
            Self::ProxyKibPerClient => "proxy’s part of server memory per client".to_owned(),
            Self::Processes => "server processes".to_owned(),
            Self::WorkerBusyPercent => "busiest worker thread".to_owned(),
            Self::FanOutBusyPercent => "the same while updates are under way, at most".to_owned(),
            Self::StolenPercent => "stolen time".to_owned(),
            Self::SignalMs(quantile) => format!("{} signal round trip", quantile.name()),
            Self::WayUpMs(quantile) => format!("{} signal on its way up", quantile.name()),
            Self::SignalLatenessMs(quantile) => format!("{} signal sent late", quantile.name()),
            Self::UnansweredSignals => "signals unanswered".to_owned(),
            Self::ConnectedMs(share) => format!("time until {} were connected", share.name()),
            Self::CurrentMs(share) => format!("time until {} were current", share.name()),
            Self::ReconnectsPerS => "reconnections per second".to_owned(),
            Self::StormCpuUsPerClient => "server CPU of the storm per client".to_owned(),
            Self::StormPeakMib => "server memory, most in the storm".to_owned(),
            Self::FailuresPerClient => "connections and tries failed per client".to_owned(),
            Self::RetainedKibPerClient => "server memory kept per client gone".to_owned(),
        }
    }

    /// "was" or "were".
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Missed
            | Self::Duplicated
            | Self::Reordered
            | Self::OutOfRange
            | Self::ClientErrors
            | Self::DeliveriesPerS
            | Self::DeliveriesPerCpuS
            | Self::UnansweredSignals
            | Self::Processes
            | Self::ReconnectsPerS
            | Self::FailuresPerClient
            | Self::RequestsPerDelivery
            | Self::ConnectionsPerDelivery
            | Self::SegmentsPerDelivery
            | Self::DelayedAcksPerDelivery
            | Self::PureAcksPerDelivery
            | Self::PacketsPerDelivery
            | Self::BytesPerDelivery
            | Self::BytesInPerDelivery
            | Self::BytesOutPerDelivery
            | Self::UpdatesPerPayload
            | Self::UpdatesPerWrite => "were",
            _ => "was",
        }
    }

    /// What more of it is called, and what less.
    pub fn more_or_less(self) -> (&'static str, &'static str) {
        match self {
            Self::CpuUsPerDelivery
            | Self::UserCpuUsPerDelivery
            | Self::KernelCpuUsPerDelivery
            | Self::StormCpuUsPerClient
            | Self::GeneratorCpuUsPerDelivery
            | Self::PublisherCpuUsPerDelivery
            | Self::ProxyCpuUsPerDelivery
            | Self::LinkCpuUsPerPacket
            | Self::BothCpuUsPerDelivery => ("more CPU", "less CPU"),
            Self::UserKibPerClient
            | Self::InUseKibPerClient
            | Self::KernelKibPerClient
            | Self::UserMib
            | Self::BusyUserMib
            | Self::DrainedUserMib
            | Self::KernelMib
            | Self::StormPeakMib
            | Self::ProxyKibPerClient
            | Self::RetainedKibPerClient => ("more memory", "less memory"),
            Self::BytesPerDelivery | Self::BytesInPerDelivery | Self::BytesOutPerDelivery => {
                ("more bytes", "fewer bytes")
            }
            // What is spoken of in the plural is counted.
            _ if self.verb() == "were" => ("more", "fewer"),
            Self::Fairness
            | Self::ClientSpread
            | Self::MetPercent(_)
            | Self::PredictedUnparkedPercent
            | Self::WorkerBusyPercent
            | Self::FanOutBusyPercent
            | Self::StolenPercent => ("more", "less"),
            // All others are times.
            _ => ("slower", "faster"),
        }
    }

    /// Its unit; empty for a pure number.
    pub fn unit(self) -> &'static str {
        match self {
            Self::CpuUsPerDelivery
            | Self::UserCpuUsPerDelivery
            | Self::KernelCpuUsPerDelivery
            | Self::StormCpuUsPerClient
            | Self::GeneratorCpuUsPerDelivery
            | Self::ProxyCpuUsPerDelivery
            | Self::LinkCpuUsPerPacket
            | Self::BothCpuUsPerDelivery => "µs",
            Self::UserKibPerClient
            | Self::InUseKibPerClient
            | Self::KernelKibPerClient
            | Self::ProxyKibPerClient
            | Self::RetainedKibPerClient => "KiB",
            Self::UserMib | Self::BusyUserMib | Self::DrainedUserMib | Self::KernelMib | Self::StormPeakMib => "MiB",
            Self::BytesPerDelivery | Self::BytesInPerDelivery | Self::BytesOutPerDelivery => "B",
            Self::MetPercent(_)
            | Self::PredictedUnparkedPercent
            | Self::WorkerBusyPercent
            | Self::FanOutBusyPercent
            | Self::StolenPercent => "%",
            Self::Missed
            | Self::Duplicated
            | Self::Reordered
            | Self::OutOfRange
            | Self::ClientErrors
            | Self::DeliveriesPerS
            | Self::DeliveriesPerCpuS
            | Self::UnansweredSignals
            | Self::Processes
            | Self::ReconnectsPerS
            | Self::FailuresPerClient
            | Self::RequestsPerDelivery
            | Self::ConnectionsPerDelivery
            | Self::SegmentsPerDelivery
            | Self::DelayedAcksPerDelivery
            | Self::PureAcksPerDelivery
            | Self::PacketsPerDelivery
            | Self::UpdatesPerPayload
            | Self::UpdatesPerWrite
            | Self::Fairness
            | Self::ClientSpread => "",
            // All others are times.
            _ => "ms",
        }
    }

    /// Name and unit, as a table's heading has them.
    pub fn heading(self) -> String {
        let unit = self.unit();
        if unit.is_empty() { self.name() } else { format!("{}, {unit}", self.name()) }
    }
}
