//! Judged thresholds for people and for machines: words, and JUnit.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::judged::{JudgedThreshold, Thresholds};
use crate::{
    judge::gate::Standing,
    validity::{Severity, Validity, Warning},
};

/// How they are judged.
pub(crate) const LEGEND: &str = "A threshold says what is to fail. In parentheses after a figure: the interval of its mean over repeats \
    (Student’s t), wide enough that all points of a threshold, however often they were looked at, are wrong together once in \
    twenty at most. It fails if that of a point lies wholly beyond the limit, and passes if those of all lie wholly within. Counts are \
    exact, and of all repeats.";

impl JudgedThreshold {
    /// What was asked: `fail if missed > 0`.
    pub fn asked(&self) -> String {
        format!("fail if {}", self.threshold)
    }

    /// What it comes to in a word.
    pub fn word(&self) -> &'static str {
        match self.standing {
            Standing::Within => "passed",
            Standing::Open => "UNDECIDED",
            Standing::Over => "FAILED",
        }
    }
}

impl Thresholds {
    /// What they come to together; none if there are none.
    pub(crate) fn headline(&self) -> Option<String> {
        let of = |standing| self.judged.iter().filter(|judged| judged.standing == standing).count();
        let all = self.judged.len();
        let plural = if all == 1 { "threshold" } else { "thresholds" };
        Some(match self.standing() {
            _ if all == 0 => return None,
            Standing::Over => format!("{} of {all} {plural} failed", of(Standing::Over)),
            Standing::Open => format!("{} of {all} {plural} undecided", of(Standing::Open)),
            Standing::Within if all == 1 => "The threshold passed".to_owned(),
            Standing::Within => format!("All {all} {plural} passed"),
        })
    }

    /// As JUnit: a case each, failed or, if it is open, skipped; what voids results, or ended them, is an error.
    pub(crate) fn junit(&self, warnings: &[Warning]) -> String {
        let mut suite = TestSuite::new(format!("pushbench: {}", self.title));
        for judged in &self.judged {
            let mut status = match judged.standing {
                Standing::Within => TestCaseStatus::success(),
                Standing::Open => TestCaseStatus::skipped(),
                Standing::Over => TestCaseStatus::non_success(NonSuccessKind::Failure),
            };
            if judged.standing > Standing::Within {
                status.set_message(judged.story.as_str());
            }
            suite.add_test_case(TestCase::new(judged.asked(), status));
        }
        let is_grave =
            |warning: &&Warning| warning.severity() == Severity::Invalid || warning.validity() == Validity::Failed;
        for warning in warnings.iter().filter(is_grave) {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(warning.to_string());
            suite.add_test_case(TestCase::new("measured", status));
        }
        let mut report = Report::new("pushbench");
        report.add_test_suite(suite);
        report.to_string().expect("what XML cannot hold is left out")
    }
}

#[cfg(test)]
mod tests {
    use crate::{fixture::Sweep, judge::thresholds, read::Results, validity::warnings};

    fn results() -> Results {
        let mut results = Sweep { clients: vec![100], repeats: 5, ..Sweep::quick() }.results();
        let fail_if = ["p50 > 1s", "long-poll.p50 > 1ns", "kernel-memory > 1GiB", "missed > 0"];
        results.manifest.scenario.fail_if = fail_if.map(str::to_owned).to_vec();
        results
    }

    #[test]
    fn a_case_each_and_an_error_for_what_is_void() {
        let mut results = results();
        let of = |results: &Results| thresholds(results).junit(&warnings(results));
        insta::assert_snapshot!(of(&results));
        results.runs[0].generator.workers_cpu_ns[0] = u64::MAX;
        results.runs.pop();
        let flawed = of(&results);
        assert!(flawed.contains("errors=\"2\"") && flawed.contains("unfinished"), "{flawed}");
    }

    #[test]
    fn what_they_come_to_is_said_in_a_few_words() {
        let mut results = results();
        let mut of = |texts: &[usize]| {
            let all = ["p50 > 1s", "long-poll.p50 > 1ns", "kernel-memory > 1GiB"];
            results.manifest.scenario.fail_if = texts.iter().map(|text| all[*text].to_owned()).collect();
            thresholds(&results).headline()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[0]).as_deref(), Some("The threshold passed"));
        assert_eq!(of(&[0, 0]).as_deref(), Some("All 2 thresholds passed"));
        assert_eq!(of(&[0, 2]).as_deref(), Some("1 of 2 thresholds undecided"));
        assert_eq!(of(&[0, 1, 2]).as_deref(), Some("1 of 3 thresholds failed"));
    }
}
