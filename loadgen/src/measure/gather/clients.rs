//! What the clients' own records come to: their signals, their way back, how evenly they were served.

use hdrhistogram::Histogram;
use protocol::{
    control::Window,
    results::{LosslessHistogram, Recovery, Signals},
};

use super::{gathered::Gathered, merged::merged};
use crate::{
    clients::{
        window::histogram,
        worker::{Errors, Report},
    },
    measure::account::Storm,
};

impl Gathered {
    /// What they met, be it by a disturbance or by themselves.
    pub(in crate::measure) fn errors(&self) -> Errors {
        let all = self.reports.iter().fold(Errors::default(), |all, report| all.and(&report.errors));
        self.reports.iter().fold(all, |all, report| all.and(&report.disturbances))
    }

    /// What became of their signals, if they sent any.
    pub(super) fn signals(&self) -> Option<Signals> {
        let sent: u64 = self.reports.iter().map(|report| report.signals.sent).sum();
        let merged = |of: fn(&Report) -> &Histogram<u64>| merged(&self.reports, of);
        (sent > 0).then(|| Signals {
            sent,
            round_trip: merged(|report| &report.signals.round_trip),
            way_up: merged(|report| &report.signals.way_up),
            lateness: merged(|report| &report.signals.lateness),
        })
    }

    /// How they came back, if they were disturbed.
    pub(super) fn recovery(&self, window: Option<Window>) -> Option<Recovery> {
        let Storm { disturbance, at_ns, until_ns, server_cpu } = self.storm?;
        let failed = self.reports.iter().fold(Errors::default(), |all, report| all.and(&report.disturbances)).counts();
        let [mut connected, mut current] = [histogram(3), histogram(3)];
        for report in &self.reports {
            for client in report.clients.iter().flatten() {
                let [connected_ns, current_ns] = client.reconnect.since(at_ns);
                // The measure phase may be longer than a histogram; nobody is away for a minute and comes back.
                connected_ns.into_iter().for_each(|after_ns| connected.saturating_record(after_ns));
                current_ns.into_iter().for_each(|after_ns| current.saturating_record(after_ns));
            }
        }
        let at_ms = window.map_or(0.0, |window| at_ns.saturating_sub(window.from_ns) as f64 / 1e6);
        let storm_ms = (until_ns - at_ns) as f64 / 1e6;
        Some(Recovery {
            disturbance,
            at_ms,
            connected: connected.into(),
            current: current.into(),
            failed,
            storm_ms,
            server_cpu,
        })
    }

    /// The mean latency of each.
    pub(super) fn client_means(&self) -> LosslessHistogram {
        let mut means = histogram(3);
        for client in self.reports.iter().flat_map(|report| &report.clients).flatten() {
            if let Some(mean_ns) = client.mean_latency_ns() {
                means.saturating_record(mean_ns);
            }
        }
        means.into()
    }
}
