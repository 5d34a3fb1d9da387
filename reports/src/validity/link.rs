//! Whether the link between clients and server kept to its times, and lost nothing unasked.

use protocol::results::{LinkUsage, Run};

use super::{
    limits::LINK_VOID,
    warning::{LinkAt, Warning},
};
use crate::{metrics::Quantile, points::PointName};

const NS_PER_MS: f64 = 1e6;

/// The runs in which it was worst; nothing over loopback.
pub(super) fn of_runs(point: &PointName, runs: &[&Run]) -> Vec<Warning> {
    let links = || runs.iter().filter_map(|run| run.link.as_ref());
    let dropping = links().filter(|link| link.dropped > 0).count();
    let dropped = links().map(|link| link.dropped).sum();
    let (of_runs, one_way_ms) = (runs.len(), point.load.path.map_or(0.0, |path| path.rtt_ms.mean() / 2.0));
    let slow = [LinkAt::Late, LinkAt::Serialised].into_iter().filter_map(|at| {
        // Where there is no delay, there is no share of it.
        let times = links().map(|link| at.ms(link)).filter(|ms| one_way_ms > 0.0 && *ms > LINK_VOID * one_way_ms);
        let times: Vec<f64> = times.collect();
        let ms = times.iter().copied().reduce(f64::max)?;
        Some(Warning::LinkSlow { point: point.clone(), runs: times.len(), of_runs, at, ms, one_way_ms })
    });
    let dropped =
        (dropping > 0).then(|| Warning::LinkDropped { point: point.clone(), runs: dropping, of_runs, dropped });
    dropped.into_iter().chain(slow).collect()
}

impl LinkAt {
    fn ms(self, link: &LinkUsage) -> f64 {
        let (times, quantile) = match self {
            Self::Late => (&link.lateness, Quantile::P99),
            Self::Serialised => (&link.serialisation, Quantile::P50),
        };
        times.value_at_quantile(quantile.value()) as f64 / NS_PER_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Sweep, histogram, through},
        validity::warnings,
    };

    /// What a change to the link of one run of long polling makes the warnings say, each with whether it voids.
    fn after(rtt_ms: f64, change: impl Fn(&mut LinkUsage)) -> Vec<(bool, String)> {
        let mut results = Sweep { clients: vec![100], paths: vec![through(rtt_ms)], ..Sweep::quick() }.results();
        change(results.runs[1].link.as_mut().unwrap());
        warnings(&results).into_iter().map(|warning| (warning.voids_point(), warning.to_string())).collect()
    }

    #[test]
    fn a_link_that_is_late_or_makes_packets_queue_is_void_from_a_twentieth_of_the_way() {
        let late = |of_a_hundred: usize, us: u64| {
            move |link: &mut LinkUsage| {
                let times = (0..100).map(|packet| if packet < of_a_hundred { 1_000 * us } else { 1_000 });
                link.lateness = histogram(times);
            }
        };
        let queued = |us: u64| move |link: &mut LinkUsage| link.serialisation = histogram([1_000 * us; 9]);
        // One way takes 20 ms.
        assert_eq!(
            (after(40.0, late(2, 990)), after(40.0, late(1, 5_000)), after(40.0, queued(990))),
            (vec![], vec![], vec![])
        );
        let found = after(40.0, late(2, 1_010));
        let [(true, said)] = &found[..] else { panic!("{found:?}") };
        assert!(said.contains("one packet in a hundred left the link over 1.01 ms late, of 20.0 ms"), "{said}");
        let found = after(40.0, queued(1_010));
        let [(true, said)] = &found[..] else { panic!("{found:?}") };
        assert!(said.contains("stood over 1.01 ms behind others in the link, of 20.0 ms"), "{said}");
        assert_eq!(
            (after(0.0, late(9, 9_000)), after(0.0, queued(9_000))),
            (vec![], vec![]),
            "no delay to be late against"
        );
    }

    #[test]
    fn what_the_link_lost_unasked_voids_the_point_and_what_was_planted_does_not() {
        assert_eq!(after(0.0, |link| (link.lost, link.cut) = (30, 7)), []);
        let found = after(0.0, |link| link.dropped = 3);
        let [(true, said)] = &found[..] else { panic!("{found:?}") };
        assert!(
            said.contains("long polling at 100 clients") && said.contains("dropped 3 packets unasked (1 of 3 runs)"),
            "{said}"
        );
    }
}
