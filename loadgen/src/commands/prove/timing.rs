//! What must be seen in latency and in lateness.

use hdrhistogram::Histogram;
use protocol::results::Run;

use super::{
    check::Check,
    evidence::{Evidence, waits_ms},
    planted::{CLIENTS, DELAY_MS, LATE_MS, SLOW_CLIENTS, SLOW_MS, STALL_MS},
};

/// How far the percentiles of a constant delay may be off.
const DELAY_ALLOWED_MS: f64 = 0.3;
const PERCENTILES: [f64; 8] = [1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0];
const NS_PER_MS: u64 = 1_000_000;

pub(super) fn publisher_stalled(evidence: &Evidence) -> Vec<Check> {
    let run = evidence.run();
    let lateness = lateness(run);
    let waits = waits_ms();
    let mut checks = stalled(run, &waits);
    checks.push(Check::nearly_ms("lateness p99", rank_ms(&waits, 99.0), percentile_ms(lateness, 99.0)));
    checks.push(Check::nearly_ms("lateness max", rank_ms(&waits, 100.0), percentile_ms(lateness, 100.0)));
    checks
}

pub(super) fn fan_out_stalled(evidence: &Evidence) -> Vec<Check> {
    let run = evidence.run();
    let mut checks = stalled(run, &waits_ms());
    // None of the stall: not even 5 % of it.
    let allowed_ms = 0.05 * STALL_MS as f64;
    checks.push(Check::within_ms("lateness max", 0.0, percentile_ms(lateness(run), 100.0), allowed_ms));
    checks
}

/// Latency as arithmetic gives it: what was due in the stall waited for its end, the rest did not.
fn stalled(run: &Run, waits: &[u64]) -> Vec<Check> {
    let half_ms = STALL_MS / 2;
    let long = waits.iter().filter(|wait_ms| **wait_ms > half_ms).count() as u64 * u64::from(CLIENTS);
    vec![
        Check::nearly_ms("latency p99", rank_ms(waits, 99.0), percentile_ms(&run.latency, 99.0)),
        Check::nearly_ms("latency max", rank_ms(waits, 100.0), percentile_ms(&run.latency, 100.0)),
        Check::count(&format!("deliveries over {half_ms} ms"), long, above(&run.latency, half_ms)),
    ]
}

pub(super) fn delayed(evidence: &Evidence) -> Vec<Check> {
    let row = |percentile| {
        let what = format!("p{percentile} moves by");
        Check::within_ms(&what, DELAY_MS as f64, moved_ms(evidence, percentile), DELAY_ALLOWED_MS)
    };
    PERCENTILES.into_iter().map(row).collect()
}

pub(super) fn other_delayed(evidence: &Evidence) -> Vec<Check> {
    vec![Check::within_ms("p50 moves by", 0.0, moved_ms(evidence, 50.0), DELAY_ALLOWED_MS)]
}

/// How far a percentile of the second arm lies behind the first's, each in the repeat in which it is least.
///
/// What else a machine does only ever adds, and a delay adds to every repeat: the least is what estimates best what is
/// there without it (Chen and Revels 2016, "Robust benchmarking in noisy environments"). Of all repeats together, the
/// p99 is that of the one repeat in which the machine stood still most.
fn moved_ms(evidence: &Evidence, percentile: f64) -> f64 {
    moved_of(evidence, |run| percentile_ms(&run.latency, percentile))
}

/// The same of any time of a run.
pub(super) fn moved_of(evidence: &Evidence, of: impl Fn(&Run) -> f64) -> f64 {
    let least_ms = |arm: usize| evidence.arms[arm].iter().map(&of).min_by(f64::total_cmp).expect("an arm has repeats");
    least_ms(1) - least_ms(0)
}

pub(super) fn publisher_late(evidence: &Evidence) -> Vec<Check> {
    let run = evidence.run();
    let late_ms = LATE_MS as f64;
    let p50 = |histogram: &Histogram<u64>| percentile_ms(histogram, 50.0);
    let from_send = run.fan_out.last_from_send.as_ref().map_or(f64::NAN, |from_send| p50(from_send));
    vec![
        Check::nearly_ms("lateness p50", late_ms, p50(lateness(run))),
        Check::nearly_ms("latency p50 from due time", late_ms, p50(&run.latency)),
        Check::nearly_ms("last receipt p50 from due time", late_ms + from_send, p50(&run.fan_out.last)),
        // The naive figure: hides all of it, so it shows less than a quarter.
        Check::within_ms("last receipt p50 from the send", 0.0, from_send, 0.25 * late_ms),
    ]
}

pub(super) fn some_slow(evidence: &Evidence) -> Vec<Check> {
    let means = &evidence.run().client_means;
    let slow = u64::from(CLIENTS).div_ceil(SLOW_CLIENTS);
    let found = above(means, SLOW_MS);
    vec![
        Check::count(&format!("clients over {SLOW_MS} ms"), slow, found),
        Check::count(&format!("clients under {SLOW_MS} ms"), u64::from(CLIENTS) - slow, means.len() - found),
    ]
}

fn lateness(run: &Run) -> &Histogram<u64> {
    run.stream.lateness.as_ref().expect("the server was ours to ask")
}

pub(super) fn percentile_ms(histogram: &Histogram<u64>, percentile: f64) -> f64 {
    histogram.value_at_percentile(percentile) as f64 / NS_PER_MS as f64
}

pub(super) fn above(histogram: &Histogram<u64>, ms: u64) -> u64 {
    histogram.count_between(ms * NS_PER_MS, u64::MAX)
}

/// The same rank that a histogram's percentile has.
fn rank_ms(ascending: &[u64], percentile: f64) -> f64 {
    let rank = (percentile / 100.0 * ascending.len() as f64).ceil() as usize;
    ascending[rank.clamp(1, ascending.len()) - 1] as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_of_a_stall_do_not_fall_on_an_edge() {
        let waits = waits_ms();
        assert_eq!((rank_ms(&waits, 99.0), rank_ms(&waits, 100.0)), (370.0, 390.0));
        // Each update is delivered to every client: the rank lies well within those of one update.
        for percentile in [98.8, 99.2] {
            assert!((rank_ms(&waits, percentile) - 370.0).abs() < f64::EPSILON);
        }
    }
}
