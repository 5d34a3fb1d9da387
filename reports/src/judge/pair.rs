//! Two sides that are compared, in words: the transports of a server, or a transport of two servers.

use crate::{
    compare::{Case, Comparison, Ratio, Side, Verdict, with_interval},
    metrics::Metric,
    points::Contender,
    words::number,
};

/// A side, and another that it is compared with.
pub(crate) struct Pair<'c> {
    pub(crate) ours: &'c Side<'c>,
    pub(crate) theirs: &'c Side<'c>,
    /// Whose that is, in words.
    pub(crate) whose: String,
}

impl<'c> Pair<'c> {
    /// The transports of one server.
    pub(crate) fn within(case: &'c Case<'c>) -> Vec<Self> {
        let pair = |(contender, baseline): (Contender, Contender)| Self {
            ours: &case.sides[&contender],
            theirs: &case.sides[&baseline],
            whose: baseline.title(),
        };
        case.against_baseline().map(pair).collect()
    }

    /// A transport of a server, and of the first.
    pub(crate) fn across(case: &'c Case<'c>, comparison: &'c Comparison<'c>) -> Vec<Self> {
        let pair = |(contender, first): (Contender, &'c Case<'c>)| Self {
            ours: &case.sides[&contender],
            theirs: &first.sides[&contender],
            whose: first.server_name().to_owned(),
        };
        comparison.across(case).map(pair).collect()
    }

    pub(crate) fn ratio(&self, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.ours, self.theirs, metric)
    }

    /// The other in words that follow "as" or "than": `WebSocket`, `on ws`.
    pub(crate) fn than(&self) -> String {
        if self.ours.contender() == self.theirs.contender() { format!("on {}", self.whose) } else { self.whose.clone() }
    }

    /// A metric of it in words.
    pub(super) fn clause(&self, metric: Metric) -> Option<String> {
        let ratio = self.ratio(metric)?;
        let (ours, theirs) = (self.ours.measure(metric)?.value, self.theirs.measure(metric)?.value);
        let (name, unit, whose) = (metric.name(), metric.unit(), &self.whose);
        let values = format!("{} against {}", with_unit(ours, unit), with_unit(theirs, unit));
        let (times, was) = (with_interval(ratio), metric.verb());
        Some(match ratio.verdict() {
            // A single repeat claims nothing, and more speaks for itself.
            Verdict::NoDifferenceShown if ratio.interval().is_some() => {
                format!("{name} showed no difference: {times} {whose}’s, {values} ({})", ratio.resolution_in_words())
            }
            Verdict::Less => format!("{name} {was} lower, {times} {whose}’s: {values}"),
            _ => format!("{name} {was} {times} {whose}’s: {values}"),
        })
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value)).trim_end().to_owned()
}
