//! Whether transports differ in some metrics at any load, and by how much that is shown.

use super::pair::Pair;
use crate::{
    compare::{Comparison, Ratio},
    metrics::Metric,
};

/// What a sweep says of several metrics together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Differs {
    /// They differ in one at one load at least; in that which is furthest apart by at least so much, as a logarithm.
    Shown(f64),
    /// All that was compared has intervals, and none of them shows a difference; one under this share could not have been shown, where
    /// that is known best.
    Nowhere { loads: usize, least: f64 },
    /// Nothing was compared, or a single repeat, which shows nothing.
    Unknown,
}

/// Over all loads, transport against transport; where there is one only, server against server.
pub(crate) fn differs(comparison: &Comparison<'_>, metrics: &[Metric]) -> Differs {
    let within = ratios(comparison, metrics, Pair::within);
    let by_load =
        if within.is_empty() { ratios(comparison, metrics, |case| Pair::across(case, comparison)) } else { within };
    let all = || by_load.iter().flatten();
    let most = all().map(|ratio| ratio.shown_apart()).fold(0.0, f64::max);
    let resolutions: Option<Vec<f64>> = all().map(|ratio| ratio.resolution()).collect();
    match resolutions.unwrap_or_default().into_iter().reduce(f64::min) {
        _ if most > 0.0 => Differs::Shown(most),
        Some(least) => Differs::Nowhere { loads: by_load.len(), least },
        None => Differs::Unknown,
    }
}

/// Of each load that has any.
fn ratios<'c>(
    comparison: &'c Comparison<'c>,
    metrics: &[Metric],
    pairs: impl Fn(&'c crate::compare::Case<'c>) -> Vec<Pair<'c>>,
) -> Vec<Vec<Ratio>> {
    let of = |case| -> Vec<Ratio> {
        let pairs = pairs(case);
        pairs.iter().flat_map(|pair| metrics.iter().filter_map(|metric| pair.ratio(*metric))).collect()
    };
    comparison.cases.iter().map(of).filter(|ratios| !ratios.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    fn of(sweep: &Sweep, metric: Metric) -> Differs {
        let results = sweep.results();
        differs(&Comparison::of(&results), &[metric])
    }

    #[test]
    fn it_is_shown_by_the_nearer_end_of_an_interval() {
        let shown = of(&Sweep::quick(), Metric::BytesPerDelivery);
        assert!(matches!(shown, Differs::Shown(ln) if (ln.exp() - 2.66).abs() < 0.01), "{shown:?}");
    }

    #[test]
    fn what_is_alike_at_every_load_differs_nowhere() {
        let alike = of(&Sweep::quick(), Metric::KernelKibPerClient);
        assert!(matches!(alike, Differs::Nowhere { loads: 2, least } if least < 0.051), "{alike:?}");
    }

    #[test]
    fn one_repeat_and_one_transport_show_nothing() {
        assert_eq!(of(&Sweep { repeats: 1, ..Sweep::quick() }, Metric::BytesPerDelivery), Differs::Unknown);
        let alone = Sweep { transports: vec![protocol::Transport::WebSocket], ..Sweep::quick() };
        assert_eq!(of(&alone, Metric::BytesPerDelivery), Differs::Unknown);
    }
}
