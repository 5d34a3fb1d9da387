//! Where one point stands to a threshold.

use super::expression::Threshold;
use crate::{
    compare::{Estimate, PointStatus, Side},
    judge::gate::Standing,
    metrics::{Metric, Quantile, Stated},
    words::{count, number},
};

/// What one point says.
pub(super) struct Finding {
    pub(super) standing: Standing,
    /// The worst is the greatest.
    pub(super) rank: f64,
    pub(super) said: String,
    /// Repeats more, if any would decide it.
    pub(super) more: Option<usize>,
}

/// Where a point stands, and by what.
pub(super) fn at_point(threshold: &Threshold, side: &Side<'_>, confidence: f64) -> Finding {
    let (metric, made) = (threshold.metric, side.runs().len());
    let open = |said: String, more| Finding { standing: Standing::Open, rank: f64::NEG_INFINITY, said, more };
    if metric.is_count() && made > 0 {
        let total: f64 = side.runs().iter().filter_map(|run| metric.of_run(run)).sum();
        let standing = if threshold.is_beyond(total) { Standing::Over } else { Standing::Within };
        let said = format!("{} in {made} run{}", count(total as u64), if made == 1 { "" } else { "s" });
        return Finding { standing, rank: rank(threshold, total), said, more: None };
    }
    match side.status() {
        PointStatus::Unfinished => return open("no run of it was finished".to_owned(), None),
        PointStatus::Void(why) => return open(format!("void: {why}"), None),
        PointStatus::Valid => {}
    }
    match side.stated(metric) {
        // What never came ranks last: it is later than anything.
        Some(Stated::NotReached) if threshold.is_of_more() => {
            let said = format!("{} is not reached: too many updates never arrived", metric.name());
            return Finding { standing: Standing::Over, rank: f64::INFINITY, said, more: None };
        }
        Some(Stated::Slowest { of, .. }) => {
            let needed = metric.of_updates().map_or(0, Quantile::updates_needed);
            let more = (needed.saturating_sub(of) * made as u64).div_ceil(of.max(1));
            let said = format!("{} updates are too few: it takes {}", count(of), count(needed));
            return open(said, Some(more as usize));
        }
        _ => {}
    }
    match side.estimate(metric, confidence) {
        Some(estimate) => by_interval(threshold, estimate),
        None => open(why_not(side, metric).to_owned(), (made == 1).then_some(1)),
    }
}

fn by_interval(threshold: &Threshold, estimate: Estimate) -> Finding {
    let Estimate { value, low, high, repeats, .. } = estimate;
    let unit = Some(threshold.metric.unit()).filter(|unit| !unit.is_empty()).map(|unit| format!(" {unit}"));
    let said = format!("{}{} ({}–{})", number(value), unit.unwrap_or_default(), number(low), number(high));
    let rank = rank(threshold, value);
    let (near, far) = if threshold.is_of_more() { (low, high) } else { (high, low) };
    if threshold.is_beyond(near) {
        return Finding { standing: Standing::Over, rank, said, more: None };
    }
    if !threshold.is_beyond(far) {
        return Finding { standing: Standing::Within, rank, said, more: None };
    }
    let needed = estimate.repeats_to_part_from(threshold.limit).map(|needed| needed.max(repeats + 1));
    let remedy = match needed {
        Some(needed) => format!("about {} repeats would decide it", count(needed.into())),
        None => "it is too close to the limit, or varies too much, for repeats to decide it".to_owned(),
    };
    // Too close by what was seen so far: whatever there is time for may still tell.
    let more = needed.map_or(usize::MAX, |needed| (needed - repeats) as usize);
    Finding { standing: Standing::Open, rank, said: format!("{said}: {remedy}"), more: Some(more) }
}

fn rank(threshold: &Threshold, value: f64) -> f64 {
    if threshold.is_of_more() { value } else { -value }
}

/// Why a valid point has no estimate.
fn why_not(side: &Side<'_>, metric: Metric) -> &'static str {
    match side.measure(metric) {
        _ if side.is_noise(metric) => "so little memory, over all clients and both ends, that it is noise",
        Some(_) if side.runs().len() == 1 => "a single repeat has no interval",
        Some(_) => "fewer than two repeats state it by themselves",
        None => "it was not measured",
    }
}
