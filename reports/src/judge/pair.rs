//! Two sides that are compared, in words: the transports of a server, or a transport of two servers.

use crate::{
    compare::{Case, Comparison, Ratio, Side, Verdict, with_interval},
    metrics::Metric,
    points::Contender,
    words::number,
};

/// A side, and another that it is compared with.
pub(super) struct Pair<'c> {
    pub(super) ours: &'c Side<'c>,
    pub(super) theirs: &'c Side<'c>,
    /// Whose that is, in words.
    pub(super) whose: String,
}

impl<'c> Pair<'c> {
    /// The transports of one server.
    pub(super) fn within(case: &'c Case<'c>) -> Vec<Self> {
        let pair = |(contender, baseline): (Contender, Contender)| Self {
            ours: &case.sides[&contender],
            theirs: &case.sides[&baseline],
            whose: baseline.title(),
        };
        case.against_baseline().map(pair).collect()
    }

    /// A transport of a server, and of the first.
    pub(super) fn across(case: &'c Case<'c>, comparison: &'c Comparison<'c>) -> Vec<Self> {
        let pair = |(contender, first): (Contender, &'c Case<'c>)| Self {
            ours: &case.sides[&contender],
            theirs: &first.sides[&contender],
            whose: first.server_name().to_owned(),
        };
        comparison.across(case).map(pair).collect()
    }

    pub(super) fn ratio(&self, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.ours, self.theirs, metric)
    }

    /// A metric of it in words. `in_full`: whether whose the other is has to be said.
    pub(super) fn clause(&self, metric: Metric, in_full: bool) -> Option<String> {
        let ratio = self.ratio(metric)?;
        let (ours, theirs) = (self.ours.measure(metric)?.value, self.theirs.measure(metric)?.value);
        let (name, unit, whose) = (metric.name(), metric.unit(), &self.whose);
        let values = format!("{} against {}", with_unit(ours, unit), with_unit(theirs, unit));
        let (times, was) = (with_interval(ratio), metric.verb());
        Some(match ratio.verdict() {
            _ if is_plain(ratio) && !in_full => format!("{name} {times}: {values}"),
            _ if is_plain(ratio) => format!("{name} {was} {times} {whose}’s: {values}"),
            Verdict::NoDifferenceShown => {
                format!("{name} showed no difference: {times} {whose}’s, {values} ({})", ratio.resolution_in_words())
            }
            _ => format!("{name} {was} lower, {times} {whose}’s: {values}"),
        })
    }
}

/// Whether the ratio speaks for itself: it is more, or a single repeat that claims nothing.
pub(super) fn is_plain(ratio: Ratio) -> bool {
    ratio.verdict() == Verdict::More || ratio.interval().is_none()
}

fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value)).trim_end().to_owned()
}
