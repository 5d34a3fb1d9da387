//! What stands on a job's page where a gate came to no ruling.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A gate that could not measure, for this reason.
#[derive(Debug)]
pub struct Unmeasured(pub String);

impl Unmeasured {
    /// For a CI job's summary.
    pub fn markdown(&self) -> String {
        self.0.lines().fold("## Gate: not measured\n\n".to_owned(), |text, line| format!("{text}    {line}\n"))
    }

    /// As JUnit: an error.
    pub fn junit(&self) -> String {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(self.0.as_str());
        let mut suite = TestSuite::new("pushbench gate");
        suite.add_test_case(TestCase::new("measured", status));
        let mut report = Report::new("pushbench");
        report.add_test_suite(suite);
        report.to_string().expect("what XML cannot hold is left out")
    }
}
