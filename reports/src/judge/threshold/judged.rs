//! Judges the thresholds of a sweep by what was measured.

use protocol::results::{Load, Scenario};

use super::{
    expression::Threshold,
    need::needs,
    point::{Finding, at_point},
};
use crate::{
    compare::{Comparison, LOOKS_MAX, Side, Sweep, widened},
    judge::gate::Standing,
    read::Results,
};

/// Every threshold of a sweep, judged.
#[derive(Debug, Clone)]
pub struct Thresholds {
    /// The sweep's name.
    pub(super) title: String,
    /// In the order in which they were asked for.
    pub judged: Vec<JudgedThreshold>,
}

/// A threshold, judged.
#[derive(Debug, Clone)]
pub struct JudgedThreshold {
    /// As it was written.
    pub threshold: String,
    /// Where it stands: over is failed.
    pub standing: Standing,
    /// By which figure of which point, and what would decide it if it is open.
    pub story: String,
    /// The loads at which it is open, and how many repeats more would decide it there, if any would.
    pub open: Vec<(Load, usize)>,
}

/// Judges every threshold that the results' scenario has.
pub fn thresholds(results: &Results) -> Thresholds {
    let comparison = Comparison::of(results);
    let scenario = &results.manifest.scenario;
    let judged = scenario.fail_if.iter().map(|text| match text.parse::<Threshold>() {
        Ok(threshold) => judge(&threshold, &comparison, scenario),
        // Written by another version than this.
        Err(why) => JudgedThreshold { story: why, ..open(text) },
    });
    Thresholds { title: scenario.name.clone(), judged: judged.collect() }
}

impl Thresholds {
    /// What they come to: the worst of all.
    pub fn standing(&self) -> Standing {
        self.judged.iter().map(|judged| judged.standing).max().unwrap_or(Standing::Within)
    }
}

fn open(text: &str) -> JudgedThreshold {
    JudgedThreshold { threshold: text.to_owned(), standing: Standing::Open, story: String::new(), open: Vec::new() }
}

fn judge(threshold: &Threshold, comparison: &Comparison<'_>, scenario: &Scenario) -> JudgedThreshold {
    let sides = comparison.cases.iter().flat_map(|case| case.sides.values().map(move |side| (&case.load, side)));
    let has_it = |load: &Load, transport| {
        needs(threshold.metric).iter().all(|need| need.is_met(scenario, transport, load, true))
    };
    let is_of_it = |(load, side): &(&Load, &Side<'_>)| {
        let transport = side.contender().transport;
        threshold.is_of(transport, load) && has_it(load, transport)
    };
    let sides: Vec<_> = sides.filter(is_of_it).collect();
    let confidence = confidence(sides.len(), scenario);
    let found: Vec<Finding> = sides.iter().map(|(_, side)| at_point(threshold, side, confidence)).collect();
    let Some(standing) = found.iter().map(|finding| finding.standing).max() else {
        return JudgedThreshold { story: "none of its points was measured".to_owned(), ..open(&threshold.to_string()) };
    };
    let alike = || found.iter().zip(&sides).filter(|(finding, _)| finding.standing == standing);
    let (worst, (load, side)) = alike().max_by(|(a, _), (b, _)| a.rank.total_cmp(&b.rank)).expect("one stands so");
    let who = format!("{}, {}", side.contender().title(), Sweep::of(comparison).name_of(load));
    let of_how_many = match (alike().count(), found.len()) {
        (_, 1) => String::new(),
        (some, all) if some == all => format!(", the worst of {all} points"),
        (1, all) => format!(", the only such of {all} points"),
        (some, all) => format!(", the worst of {some} such of {all} points"),
    };
    let open = found.iter().zip(&sides).filter_map(|(finding, (load, _))| Some(((*load).clone(), finding.more?)));
    JudgedThreshold {
        threshold: threshold.to_string(),
        standing,
        story: format!("{} ({who}{of_how_many})", worst.said),
        open: open.collect(),
    }
}

/// How sure each interval is, for all points of a threshold to be wrong together no more often than one in twenty, however often a
/// sweep with a goal is looked at (Bonferroni, for how far apart its looks are is not known before).
fn confidence(points: usize, scenario: &Scenario) -> f64 {
    let looks = if scenario.goal.is_some() { LOOKS_MAX as usize } else { 1 };
    widened(points * looks)
}

#[cfg(test)]
mod tests {
    use protocol::{
        Transport,
        results::{Goal, Run},
    };

    use super::*;
    use crate::fixture::{self, Sweep};

    fn results(repeats: u32, fail_if: &[&str], change: impl Fn(&mut Run)) -> Results {
        let mut results = Sweep { clients: vec![100, 1_000], repeats, ..Sweep::quick() }.results();
        results.manifest.scenario.fail_if = fail_if.iter().map(|text| (*text).to_owned()).collect();
        results.runs.iter_mut().for_each(change);
        results
    }

    fn judged(repeats: u32, text: &str, change: impl Fn(&mut Run)) -> JudgedThreshold {
        thresholds(&results(repeats, &[text], change)).judged.remove(0)
    }

    fn standing(text: &str) -> Standing {
        judged(5, text, |_| ()).standing
    }

    /// CPU for each delivery: 10 µs, by turns so much more and less.
    fn cpu(share: f64) -> impl Fn(&mut Run) {
        move |run| {
            let times = if run.repeat.is_multiple_of(2) { 1.0 + share } else { 1.0 - share };
            run.server.as_mut().unwrap().cpu.total_ns = (run.traffic.updates as f64 * 10_000.0 * times) as u64;
        }
    }

    #[test]
    fn it_fails_only_if_the_whole_interval_is_beyond() {
        for (scatter, limit, expected) in [
            (0.01, "9us", Standing::Over),
            (0.01, "11us", Standing::Within),
            (0.01, "10us", Standing::Open),
            (0.2, "9us", Standing::Open),
            (0.2, "11us", Standing::Open),
        ] {
            let of = judged(6, &format!("server-cpu > {limit}"), cpu(scatter));
            assert_eq!(of.standing, expected, "{scatter} {limit}: {}", of.story);
            let under = judged(6, &format!("server-cpu < {limit}"), cpu(scatter));
            let turned = match expected {
                Standing::Over => Standing::Within,
                Standing::Within => Standing::Over,
                Standing::Open => Standing::Open,
            };
            assert_eq!(under.standing, turned, "{scatter} {limit}: {}", under.story);
        }
    }

    #[test]
    fn the_worst_of_all_points_decides_and_brackets_choose() {
        let slow = |run: &mut Run| {
            if run.point.transport == Transport::LongPoll && run.point.load.clients == 1_000 {
                run.server.as_mut().unwrap().cpu.total_ns *= 10;
            }
        };
        let all = judged(5, "server-cpu > 100us", slow);
        assert_eq!(all.standing, Standing::Over);
        assert!(all.story.ends_with("(long polling, 1,000 clients, the only such of 4 points)"), "{}", all.story);
        for text in ["server-cpu[clients=100] > 100us", "websocket.server-cpu > 100us"] {
            let of = judged(5, text, slow);
            assert_eq!(of.standing, Standing::Within);
            assert!(of.story.contains("the worst of 2 points"), "{}", of.story);
        }
        let one = judged(5, "long-poll.server-cpu[clients=1000] > 100us", slow);
        assert!(one.story.ends_with("(long polling, 1,000 clients)"), "{}", one.story);
    }

    #[test]
    fn counts_are_exact_also_of_one_repeat_and_of_a_void_point() {
        let lose = |run: &mut Run| {
            if run.repeat == 0 && run.point.load.clients == 100 {
                run.counts.delivered -= 2;
                run.counts.missed += 2;
                run.generator.workers_cpu_ns[0] = u64::MAX;
            }
        };
        for (text, expected) in [
            ("missed > 0", Standing::Over),
            ("missed > 2", Standing::Within),
            ("missed[clients=1000] > 0", Standing::Within),
        ] {
            assert_eq!(judged(1, text, lose).standing, expected, "{text}");
        }
        assert!(judged(1, "websocket.missed > 0", lose).story.starts_with("2 in 1 run ("));
        let void = judged(3, "server-cpu[clients=100] > 1us", lose);
        assert_eq!((void.standing, void.open.len()), (Standing::Open, 0));
        assert!(void.story.starts_with("void: generator saturated"), "{}", void.story);
    }

    #[test]
    fn what_cannot_be_told_is_open_with_what_would_decide_it() {
        let of = judged(6, "websocket.server-cpu[clients=100] > 11us", cpu(0.2));
        let (load, more) = &of.open[0];
        assert!(of.open.len() == 1 && load.clients == 100 && (1..1_000).contains(more), "{of:?}");
        assert!(of.story.contains(&format!("about {} repeats would decide it", more + 6)), "{}", of.story);

        let few = judged(3, "websocket.p99[clients=100] > 1s", |run| run.stream.updates = 200);
        assert!(few.story.starts_with("600 updates are too few: it takes 1,000"), "{}", few.story);
        assert_eq!((few.standing, few.open[0].1), (Standing::Open, 2));

        let once = judged(1, "websocket.p50[clients=100] > 1s", |_| ());
        assert!(once.story.starts_with("a single repeat has no interval"), "{}", once.story);
        let unseen = judged(3, "memory > 1KiB", |run| run.server = None);
        assert!(
            unseen.standing == Standing::Open && unseen.story.starts_with("it was not measured"),
            "{}",
            unseen.story
        );
        let noise = judged(3, "kernel-memory[clients=100] > 1KiB", |_| ());
        assert!(noise.standing == Standing::Open && noise.story.contains("noise"), "{}", noise.story);
        let unknown = judged(3, "elegance > 3", |_| ());
        assert!(unknown.standing == Standing::Open && unknown.story.contains("names no figure"), "{}", unknown.story);
    }

    #[test]
    fn what_lost_its_slowest_is_later_than_any_limit() {
        let lossy = |run: &mut Run| {
            fixture::receive(run, (1..=90).map(|ms| ms * 1_000_000));
            (run.counts.expected, run.counts.missed) = (run.latency.len() + 50_000, 50_000);
        };
        assert_eq!(judged(3, "p99 > 1s", lossy).standing, Standing::Over);
    }

    #[test]
    fn what_only_one_transport_has_is_asked_of_that() {
        assert_eq!(
            (standing("parked > 101%"), standing("websocket.parked > 101%")),
            (Standing::Within, Standing::Open)
        );
        assert!(judged(5, "parked > 101%", |_| ()).story.contains("the worst of 2 points"));
    }

    #[test]
    fn a_sweep_that_is_looked_at_more_than_once_takes_wider_intervals() {
        let scenario = |goal| Scenario { goal, ..results(3, &[], |_| ()).manifest.scenario };
        let goal = Some(Goal { precision: 0.1, budget_s: 60.0 });
        assert!((confidence(4, &scenario(None)) - 0.9875).abs() < 1e-9);
        assert!((confidence(1, &scenario(goal)) - (1.0 - 0.05 / 3.0)).abs() < 1e-9);
    }

    #[test]
    fn the_worst_of_all_thresholds_counts() {
        let of = |texts: &[&str]| thresholds(&results(5, texts, |_| ())).standing();
        assert_eq!(of(&[]), Standing::Within);
        assert_eq!(of(&["missed > 0", "p50 > 1s"]), Standing::Within);
        assert_eq!(of(&["missed > 0", "nope > 1"]), Standing::Open);
        assert_eq!(of(&["nope > 1", "p50 > 1ns", "missed > 0"]), Standing::Over);
    }
}
