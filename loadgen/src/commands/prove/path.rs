//! What must be seen of a path through the link.

use hdrhistogram::Histogram;
use protocol::results::{LinkUsage, Run};

use super::{
    check::Check,
    evidence::Evidence,
    planted::{FAR_MS, LOSS_PERCENT},
    timing::{above, moved_of, percentile_ms},
};

/// How far a time may be off, as a share.
const ALLOWED: f64 = 0.02;
/// So many standard deviations from what is expected, chance is no explanation: one in 16,000 to either side.
const DEVIATIONS: f64 = 4.0;

pub(super) fn far(evidence: &Evidence) -> Vec<Check> {
    let p50 = |histogram: &Histogram<u64>| percentile_ms(histogram, 50.0);
    let row =
        |what: &str, expected_ms: f64, moved_ms| Check::within_ms(what, expected_ms, moved_ms, ALLOWED * expected_ms);
    vec![
        row("an exchange takes longer by", FAR_MS, moved_of(evidence, |run| p50(&run.exchange))),
        row("to get ready takes longer by", 2.0 * FAR_MS, moved_of(evidence, |run| p50(&run.handshake))),
        row("latency p50 moves by", FAR_MS / 2.0, moved_of(evidence, |run| p50(&run.latency))),
    ]
}

pub(super) fn lossy(evidence: &Evidence) -> Vec<Check> {
    let [spared, lossy] = [0, 1].map(|arm| &evidence.arms[arm][0]);
    let sent = link(lossy).packets + link(lossy).lost;
    // Whatever an update is lost in is sent again a round trip later at the earliest; what comes behind it waits for it.
    let late = |run: &Run| above(&run.latency, FAR_MS as u64);
    let (_, least, _) = expected(lossy.counts.expected);
    vec![
        Check::count("packets lost where none is to be", 0, link(spared).lost),
        Check::count("dropped unasked", 0, link(spared).dropped + link(lossy).dropped),
        Check::about(&format!("of {sent} packets lost"), expected(sent), link(lossy).lost),
        Check::count(&format!("deliveries over {FAR_MS} ms, none lost"), 0, late(spared)),
        Check::is(
            &format!("deliveries over {FAR_MS} ms"),
            &format!("{least:.0} or more"),
            late(lossy).to_string(),
            late(lossy) as f64 >= least,
        ),
    ]
}

/// How many of so many are lost: the mean, and between which counts chance leaves it (binomial).
fn expected(of: u64) -> (f64, f64, f64) {
    let (of, share) = (of as f64, LOSS_PERCENT / 100.0);
    let (mean, deviation) = (of * share, (of * share * (1.0 - share)).sqrt());
    (mean, mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation)
}

fn link(run: &Run) -> &LinkUsage {
    run.link.as_ref().expect("the run was through the link")
}
