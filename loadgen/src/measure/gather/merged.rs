//! Histograms of several workers, or of several updates, as one.

use hdrhistogram::Histogram;
use protocol::results::{Expectation, FanOut, LosslessHistogram, Pushed};

use super::gathered::Gathered;

use crate::clients::{arrivals::pushed, window::histogram, worker::Report};

/// The workers' histograms together.
pub(super) fn merged(reports: &[Report], of: fn(&Report) -> &Histogram<u64>) -> LosslessHistogram {
    let mut parts = reports.iter().map(of);
    let mut all = parts.next().cloned().unwrap_or_else(|| histogram(3));
    parts.for_each(|part| all += part);
    all.into()
}

impl Gathered {
    /// Whether the server pushed by itself.
    pub(super) fn is_pushed(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.source == Expectation::Arrivals)
    }

    /// What came of it, and how that spread over the clients.
    pub(super) fn pushed(&self, clients: u64, fan_out: &mut FanOut) -> Pushed {
        let (pushed, span) = pushed(self.reports.iter().map(|report| &report.recorder.arrivals), clients);
        fan_out.span = span;
        pushed
    }
}

/// How late the publisher was, over its updates.
pub(super) fn lateness(lateness_ns: &[u64]) -> LosslessHistogram {
    let mut lateness = histogram(3);
    // A minute late is as void as an hour late, so the clamp hides nothing.
    lateness_ns.iter().for_each(|late_ns| lateness.saturating_record(*late_ns));
    lateness.into()
}
