//! What is said about the two transports, and what a sweep's figures say of it.

mod rule;
mod sayings;

use crate::{compare::Comparison, read::Results};
use sayings::{SAYINGS, Saying};

pub(crate) use rule::Finding;

/// A saying with its finding and the figures that it rests on.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) said: &'static str,
    pub(crate) finding: Finding,
    /// One sentence a rule that had anything to go by.
    pub(crate) figures: Vec<String>,
    /// Where nothing was decided: the command that would.
    pub(crate) decided_by: Option<&'static str>,
}

/// Every saying, judged by the valid points of a sweep. None of an A/A comparison, which says nothing of transports.
pub(crate) fn folklore(results: &Results, comparison: &Comparison<'_>) -> Vec<Judged> {
    let silent = results.manifest.scenario.aa || comparison.contenders().len() < 2;
    SAYINGS.iter().filter(|_| !silent).map(|saying| saying.judged(comparison)).collect()
}

impl Saying {
    fn judged(&self, comparison: &Comparison<'_>) -> Judged {
        let cases = comparison.heaviest_first();
        let weightiest = |findings: &[Finding]| findings.iter().copied().max_by_key(|finding| finding.weight(self.all));
        let (mut findings, mut figures) = (Vec::new(), Vec::new());
        for rule in self.rules {
            let evidence: Vec<_> = cases.iter().filter_map(|case| rule.applied(case)).collect();
            let worst = weightiest(&evidence.iter().map(|(finding, _)| *finding).collect::<Vec<_>>());
            findings.push(worst.unwrap_or(Finding::Undecided));
            let Some(worst) = worst else { continue };
            let mut alike = evidence.iter().filter(|(finding, _)| *finding == worst);
            // The heaviest load speaks for all that say the same.
            let figure = alike.next().map(|(_, figure)| figure.as_str()).unwrap_or_default();
            let others = match (alike.count(), evidence.len()) {
                (_, 1) => String::new(),
                (others, loads) => format!("; so at {} of {loads} loads", others + 1),
            };
            figures.push(format!("{figure}{others}"));
        }
        let finding = weightiest(&findings).unwrap_or(Finding::Undecided);
        let decided_by = (finding == Finding::Undecided).then_some(self.decided_by);
        Judged { said: self.said, finding, figures, decided_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    fn judged(change: impl Fn(&mut Results)) -> Vec<Judged> {
        let mut results = Sweep { repeats: 5, ..Sweep::quick() }.results();
        change(&mut results);
        folklore(&results, &Comparison::of(&results))
    }

    fn finding(judged: &[Judged], part: &str) -> Finding {
        judged.iter().find(|judged| judged.said.contains(part)).unwrap().finding
    }

    #[test]
    fn every_saying_has_a_finding_and_what_it_rests_on_or_what_would_decide_it() {
        let text: Vec<String> = judged(|_| ())
            .iter()
            .map(|Judged { said, finding, figures, decided_by }| {
                format!("{said}\n  {finding}: {}\n  {}\n", figures.join("\n  "), decided_by.unwrap_or_default())
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn a_finding_turns_when_the_figures_do() {
        let memory = "less of the server’s memory";
        let grown = |transport: protocol::Transport| {
            judged(move |results| {
                for run in results.runs.iter_mut().filter(|run| run.point.transport == transport) {
                    let clients = u64::from(run.point.load.clients);
                    let plateaus = &mut run.server.as_mut().unwrap().plateaus;
                    plateaus.idle.as_mut().unwrap().pss += clients * 64 * 1024;
                }
            })
        };
        assert_eq!(finding(&grown(protocol::Transport::LongPoll), memory), Finding::Supported);
        assert_eq!(finding(&grown(protocol::Transport::WebSocket), memory), Finding::Contradicted);
    }

    #[test]
    fn one_repeat_decides_no_comparison_and_an_a_a_sweep_says_nothing() {
        let results = Sweep { repeats: 1, ..Sweep::quick() }.results();
        let once = folklore(&results, &Comparison::of(&results));
        assert_eq!(finding(&once, "less of the server’s CPU"), Finding::Undecided);
        let results = Sweep::aa(3).results();
        assert!(folklore(&results, &Comparison::of(&results)).is_empty());
    }

    #[test]
    fn what_is_said_of_everything_is_supported_only_where_every_figure_is() {
        let everything = "worse at everything";
        assert_eq!(finding(&judged(|_| ()), everything), Finding::Supported);
        // As much memory as the other transport's, at one load of three.
        let alike = judged(|results| {
            let heaviest = |run: &&mut protocol::results::Run| run.point.load.clients == 4_000;
            let mut servers = results.runs.iter_mut().filter(heaviest).filter_map(|run| run.server.as_mut());
            let plateaus = servers.next().unwrap().plateaus;
            servers.for_each(|server| server.plateaus = plateaus);
        });
        assert_eq!(finding(&alike, everything), Finding::Undecided);
        assert_eq!(finding(&alike, "less of the server’s memory"), Finding::Supported, "at the other loads");
        let unmeasured = judged(|results| results.runs.iter_mut().for_each(|run| run.server = None));
        assert_eq!(finding(&unmeasured, "delivers sooner"), Finding::Supported);
        assert_eq!(finding(&unmeasured, everything), Finding::Undecided);
    }

    #[test]
    fn a_void_point_supports_nothing() {
        let void = judged(|results| {
            results.runs.iter_mut().for_each(|run| run.generator.workers_cpu_ns[0] = 49_500_000_000);
        });
        assert!(void.iter().all(|judged| judged.finding == Finding::Undecided && judged.figures.is_empty()));
    }
}
