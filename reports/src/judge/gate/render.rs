//! A gate for people and for machines: a terminal's text, Markdown, JUnit.

use std::fmt::{self, Write as _};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    figure::{Figure, Found},
    limits::percent,
    ruling::{Gate, Ruling},
};
use crate::{
    compare::{Verdict, difference, with_interval},
    table::{columns, wrapped},
    words::{count, number},
};

const HEADINGS: [&str; 6] = ["", "base", "head", "head : base", "limit", "again : base"];

/// What stands under the last table.
const LEGEND: &str = "A ratio is the geometric mean over repeats measured in turn, in parentheses its 95% interval \
    (Student’s t on logarithms). “WORSE”: the interval is above 1 and the ratio over the limit; it fails if a second round \
    says so too. Again is base, measured once more in the same turns: the noise.";

impl Figure {
    /// `server CPU per delivery, WebSocket, 1,000 clients`
    pub fn name(&self) -> String {
        format!("{}, {}, {}", self.gated.metric.name(), self.contender.title(), self.load)
    }

    fn word(&self, found: &Found) -> &'static str {
        match found.ratio.verdict() {
            _ if self.is_worse(found) => "WORSE",
            Verdict::Less => "better",
            _ => "",
        }
    }

    /// What it was in each round: `1.53× (1.48–1.58), then 1.50× (1.45–1.55)`.
    fn story(&self) -> String {
        let said: Vec<String> = self.found.iter().map(|found| with_interval(found.ratio)).collect();
        format!("{} of base’s, limit +{}", said.join(", then "), percent(self.limit))
    }

    /// What the last round could not have shown, if that is more than the limit.
    fn hidden(&self) -> Option<String> {
        let ratio = self.found.last()?.ratio;
        let hidden = ratio.interval().map(|(low, _)| ratio.value() / low - 1.0);
        match hidden {
            Some(hidden) if self.limit.is_none_or(|limit| hidden <= limit) => None,
            Some(hidden) => Some(format!("{}: the noise would have hidden +{}", self.name(), difference(hidden))),
            None => Some(format!("{}: a single repeat shows nothing", self.name())),
        }
    }

    fn cells(&self, found: &Found) -> [String; 6] {
        [
            self.gated.metric.heading(),
            number(found.base),
            number(found.head),
            with_interval(found.ratio),
            self.limit
                .map_or_else(|| "none".to_owned(), |limit| format!("{} +{}", self.word(found), percent(Some(limit))))
                .trim_start()
                .to_owned(),
            with_interval(found.noise),
        ]
    }
}

impl Gate {
    /// The figures of a round (from 0) as rows, those of each contender under its name.
    fn rows(&self, round: usize) -> Vec<(Option<String>, [String; 6])> {
        let mut rows = Vec::new();
        let mut last = String::new();
        for figure in &self.figures {
            let Some(found) = figure.found.get(round) else { continue };
            let who = format!("{}, {}", figure.contender.title(), figure.load);
            rows.push(((who != last).then(|| who.clone()), figure.cells(found)));
            last = who;
        }
        rows
    }

    /// A round (from 0) as a table of at most 100 columns.
    pub fn table(&self, round: usize) -> String {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        for (who, mut cells) in self.rows(round) {
            if let Some(who) = who {
                let mut line = [const { String::new() }; 6];
                line[0] = who;
                lines.push(line);
            }
            cells[0].insert_str(0, "  ");
            lines.push(cells);
        }
        let repeats = self.repeats;
        format!("Round {}: {repeats} repeats of base, head and base again in turn\n{}", round + 1, columns(&lines))
    }

    /// What it comes to, in words; and everything that fails or is void.
    fn verdict(&self) -> (&'static str, Vec<String>) {
        let headline = match self.ruling() {
            Ruling::Passed if self.rounds > 1 => "PASSED: nothing is worse by more than its limit in every round.",
            Ruling::Passed => "PASSED: nothing is worse by more than its limit.",
            Ruling::Suspected => "SUSPECTED: a second round must say.",
            Ruling::Failed => "FAILED: head is worse than base.",
            Ruling::Void => "VOID: not everything could be measured, and that is not the same as equal.",
        };
        let missed = (self.missed > 0).then(|| format!("{} updates of head never arrived", count(self.missed)));
        let worse = self.figures.iter().filter(|figure| figure.fails());
        let worse = worse.map(|figure| format!("{}: {}", figure.name(), figure.story()));
        let hidden = self.figures.iter().filter(|_| self.ruling() == Ruling::Passed).filter_map(Figure::hidden);
        (headline, missed.into_iter().chain(worse).chain(self.voids.iter().cloned()).chain(hidden).collect())
    }

    /// What it comes to as text of at most 100 columns.
    pub fn conclusion(&self) -> String {
        let (headline, items) = self.verdict();
        items.iter().fold(format!("{headline}\n"), |text, item| text + &wrapped(&format!("- {item}.")))
    }

    /// For a CI job's summary.
    pub fn markdown(&self) -> String {
        let mut out = format!("## Gate: {}\n\n", self.title);
        let (headline, items) = self.verdict();
        let _ = writeln!(out, "**{headline}**\n");
        for item in items {
            let _ = writeln!(out, "- {item}.");
        }
        for round in 0..self.rounds {
            let repeats = self.repeats;
            let _ = writeln!(out, "\n### Round {}: {repeats} repeats in turn\n", round + 1);
            let _ = writeln!(out, "| | {} |", HEADINGS[1..].join(" | "));
            out += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
            for (who, cells) in self.rows(round) {
                if let Some(who) = who {
                    let _ = writeln!(out, "| **{who}** | | | | | |");
                }
                let _ = writeln!(out, "| {} |", cells.join(" | "));
            }
        }
        let _ = writeln!(out, "\n{LEGEND}");
        out
    }

    /// As JUnit: a case a figure, failed if it fails; what is void is an error.
    pub fn junit(&self) -> String {
        let mut suite = TestSuite::new(format!("pushbench gate: {}", self.title));
        for figure in &self.figures {
            let mut status = TestCaseStatus::success();
            if figure.fails() && self.rounds > 1 {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(figure.story());
            }
            suite.add_test_case(TestCase::new(figure.name(), status));
        }
        let mut further = |name: &str, kind, message: String| {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(message);
            suite.add_test_case(TestCase::new(name.to_owned(), status));
        };
        for void in &self.voids {
            further("measured", NonSuccessKind::Error, void.clone());
        }
        if self.missed > 0 {
            let message = format!("{} updates of head never arrived", count(self.missed));
            further("completeness", NonSuccessKind::Failure, message);
        }
        let mut report = Report::new("pushbench");
        report.add_test_suite(suite);
        report.to_string().expect("names without control characters")
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Gate: {}\n", self.title)?;
        for round in 0..self.rounds {
            writeln!(f, "{}", self.table(round))?;
        }
        write!(f, "{}\n{}", wrapped(LEGEND), self.conclusion())
    }
}
