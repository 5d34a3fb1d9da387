//! Histograms of several workers, or of several updates, as one.

use hdrhistogram::Histogram;
use protocol::results::LosslessHistogram;

use crate::clients::{window::histogram, worker::Report};

/// The workers' histograms together.
pub(super) fn merged(reports: &[Report], of: fn(&Report) -> &Histogram<u64>) -> LosslessHistogram {
    let mut parts = reports.iter().map(of);
    let mut all = parts.next().cloned().unwrap_or_else(|| histogram(3));
    parts.for_each(|part| all += part);
    all.into()
}

/// How late the publisher was, over its updates.
pub(super) fn lateness(lateness_ns: &[u64]) -> LosslessHistogram {
    let mut lateness = histogram(3);
    // A minute late is as void as an hour late, so the clamp hides nothing.
    lateness_ns.iter().for_each(|late_ns| lateness.saturating_record(*late_ns));
    lateness.into()
}
