//! What a figure takes to be measured at all, as far as a plan can tell.

use protocol::{
    Transport,
    results::{Load, Scenario, Stream},
};

use crate::metrics::Metric;

/// Something that is not everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The server's processes, read from outside.
    Process,
    /// A server of ours, which tells what no other does.
    Own,
    /// A server of others.
    Others,
    /// A publisher that tells when it published.
    Publisher,
    /// Due times.
    DueTimes,
    /// Clients that ask.
    Polls,
    /// Clients whose polls park.
    LongPolls,
    /// TLS.
    Tls,
    /// What clients say.
    Signals,
    /// A disturbance.
    Disturbance,
    /// A link.
    Link,
    /// A proxy.
    Proxy,
}

impl Need {
    /// Whether it is there at a point. `observed`: whether the server's processes can be read.
    pub(super) fn is_met(self, scenario: &Scenario, transport: Transport, load: &Load, observed: bool) -> bool {
        let is_others = |load: &Load| load.peer.is_some() || scenario.dialect.is_some();
        match self {
            Self::Process => observed,
            Self::Own => !is_others(load),
            Self::Others => is_others(load),
            Self::Publisher => scenario.server.is_none() || is_others(load),
            Self::DueTimes => load.stream != Stream::Pushed,
            Self::Polls => transport.asks(),
            Self::LongPolls => transport == Transport::LongPoll,
            Self::Tls => load.tls,
            Self::Signals => scenario.signal_rate_hz > 0.0,
            Self::Disturbance => scenario.disturbance.is_some(),
            Self::Link => load.path.is_some(),
            Self::Proxy => scenario.through.is_some(),
        }
    }

    /// Why there is no figure without it, and what would help.
    pub(super) fn missing(self) -> &'static str {
        match self {
            Self::Process => {
                "the server's process cannot be read from here; have the server started here, by leaving --server out or by \
                 --server-command"
            }
            Self::Own => "only pushbench's own server tells it; measure that one",
            Self::Others => "it is of servers of others, and none is measured; add --peer or --dialect",
            Self::Publisher => "a server that runs already does not tell when it published; leave --server out",
            Self::DueTimes => {
                "when what a server pushes by itself is due, nobody knows; publish by --publish feed, http or client"
            }
            Self::Polls => "it is of polls, and nobody polls there; add long-poll to --transports",
            Self::LongPolls => "it is of long polls, and none are measured there; add long-poll to --transports",
            Self::Tls => "it is of TLS, and no point has any; add --tls on",
            Self::Signals => "it is of signals, and clients send none; add --signal-rate 1",
            Self::Disturbance => "it is of clients that come back, and none is disturbed; add --disturb drop",
            Self::Link => "it is of a link, and there is none; add --rtt 40ms",
            Self::Proxy => "it is of a proxy, and there is none; add --through nginx",
        }
    }
}

/// Everything that a metric takes.
pub(super) fn needs(metric: Metric) -> &'static [Need] {
    use Metric as M;
    use Need::{Disturbance, DueTimes, Link, LongPolls, Others, Own, Polls, Process, Proxy, Publisher, Signals, Tls};
    match metric {
        M::LatencyMs(_) | M::LastMs(_) => &[DueTimes],
        M::LastFromSendMs(_) => &[DueTimes, Publisher],
        M::LatenessMs(_) => &[Publisher],
        M::MetMs(..) => &[Polls, DueTimes],
        M::MetPercent(_) => &[Polls],
        M::PredictedUnparkedPercent => &[LongPolls],
        M::TlsHandshakeMs(_) => &[Tls],
        M::SignalMs(_) | M::WayUpMs(_) | M::SignalLatenessMs(_) | M::UnansweredSignals => &[Signals],
        M::ConnectedMs(_) | M::CurrentMs(_) | M::ReconnectsPerS | M::FailuresPerClient => &[Disturbance],
        M::StormCpuUsPerClient | M::StormPeakMib => &[Disturbance, Process],
        M::LinkLatenessMs(_) | M::LinkSerialisationMs(_) | M::PacketsPerDelivery | M::LinkCpuUsPerPacket => &[Link],
        M::ProxyCpuUsPerDelivery | M::ProxyKibPerClient => &[Proxy],
        M::PublishingMs(_) | M::PublisherCpuUsPerDelivery => &[Others],
        M::UpdatesPerWrite => &[Own],
        M::InUseKibPerClient => &[Own, Process],
        M::DeliveriesPerCpuS
        | M::CpuUsPerDelivery
        | M::UserCpuUsPerDelivery
        | M::KernelCpuUsPerDelivery
        | M::BothCpuUsPerDelivery
        | M::UserKibPerClient
        | M::KernelKibPerClient
        | M::UserMib
        | M::BusyUserMib
        | M::DrainedUserMib
        | M::KernelMib
        | M::Processes
        | M::RetainedKibPerClient => &[Process],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Sweep, through},
        metrics::NAMED,
    };

    #[test]
    fn what_a_sweep_measures_is_what_its_needs_say() {
        for sweep in [Sweep::transports(), Sweep { paths: vec![through(40.0)], ..Sweep::quick() }] {
            let results = sweep.results();
            for (run, named) in results.runs.iter().flat_map(|run| NAMED.iter().map(move |named| (run, named))) {
                let scenario = &results.manifest.scenario;
                let is_met = needs(named.metric)
                    .iter()
                    .all(|need| need.is_met(scenario, run.point.transport, &run.point.load, true));
                let measured = named.metric.of_run(run).is_some();
                assert!(is_met || !measured, "{named:?} of {:?} was measured", run.point);
            }
        }
    }
}
