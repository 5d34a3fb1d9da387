//! A gate for people and for machines: a terminal's text, Markdown, JUnit.

use std::fmt::{self, Write as _};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    figure::{Figure, Standing},
    limits::percent,
    ruling::{Gate, Ruling},
};
use crate::{
    compare::{Ratio, with_interval_at},
    table::{columns, wrapped},
    words::{count, number, setting},
};

const HEADINGS: [&str; 6] = ["", "base", "head", "head : base", "limit", "again : base"];

impl Figure {
    /// `server CPU per delivery, WebSocket, 1,000 clients`
    pub fn name(&self) -> String {
        format!("{}, {}, {}", self.gated.metric.name(), self.contender.title(), self.load)
    }

    fn word(&self) -> &'static str {
        match self.standing() {
            Standing::Over => "WORSE",
            Standing::Open => "OPEN",
            Standing::Within => "",
        }
    }

    /// A ratio with the interval that decides: `1.53× (1.48–1.58)`.
    fn shown(&self, ratio: Ratio) -> String {
        with_interval_at(ratio, self.found.confidence)
    }

    /// `1.53× (1.48–1.58) of base’s, limit +10%`
    fn story(&self) -> String {
        format!("{} of base’s, limit +{}", self.shown(self.found.ratio), percent(self.limit))
    }

    /// The same, and what would decide it.
    fn open_story(&self, made: u32) -> String {
        let remedy = match self.repeats_to_decide(made) {
            Some(repeats) => format!("about {} repeats would decide it", count(repeats.into())),
            None => "it is too close to the limit, or varies too much, for repeats to decide it".to_owned(),
        };
        format!("{}: {remedy}", self.story())
    }

    fn cells(&self) -> [String; 6] {
        let limit = self.limit.map(|limit| format!("{} +{}", self.word(), percent(Some(limit))));
        [
            self.gated.metric.heading(),
            number(self.found.base),
            number(self.found.head),
            self.shown(self.found.ratio),
            limit.map_or_else(|| "none".to_owned(), |limit| limit.trim_start().to_owned()),
            self.shown(self.found.noise),
        ]
    }
}

impl Gate {
    /// The figures as rows, those of each contender under its name.
    fn rows(&self) -> Vec<(Option<String>, [String; 6])> {
        let mut rows = Vec::new();
        let mut last = String::new();
        for figure in &self.figures {
            let who = format!("{}, {}", figure.contender.title(), figure.load);
            rows.push(((who != last).then(|| who.clone()), figure.cells()));
            last = who;
        }
        rows
    }

    /// The figures as a table of at most 100 columns.
    pub fn table(&self) -> String {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        for (who, mut cells) in self.rows() {
            if let Some(who) = who {
                let mut line = [const { String::new() }; 6];
                line[0] = who;
                lines.push(line);
            }
            cells[0].insert_str(0, "  ");
            lines.push(cells);
        }
        format!("{} repeats of base, head and base again in turn\n{}", self.repeats, columns(&lines))
    }

    /// What stands under the table.
    fn legend(&self) -> String {
        // A tenth of a percent, as 99.9% is not 100%.
        let level = setting((1e3 * self.look.confidence()).round() / 10.0);
        let looks = match self.look.looks.count() {
            1 => String::new(),
            looks => format!(
                " This is look {} of at most {looks}, and the level that of O’Brien and Fleming, so that all looks together \
                 are wrong no more often than one at 95%.",
                self.look.number
            ),
        };
        format!(
            "A ratio is the geometric mean over repeats measured in turn, in parentheses its {level}% interval (Student’s t on \
             logarithms), which decides: it must end under the limit to pass; “WORSE” begins over it; “OPEN” holds it.{looks} \
             Again is base, measured once more in the same turns: the noise."
        )
    }

    /// What it comes to, in words; then everything that fails, is open or is void, and what must be known of it.
    fn verdict(&self) -> (String, Vec<String>) {
        let headline = match (self.ruling(), self.repeats_to_decide()) {
            (Ruling::Passed, _) => "PASSED: every interval ends under its limit.".to_owned(),
            (Ruling::Regressed, _) => "REGRESSED: head is worse than base.".to_owned(),
            (Ruling::Undecided, Some(repeats)) => {
                format!("UNDECIDED after {} repeats: about {repeats} would decide it.", self.repeats)
            }
            (Ruling::Undecided, None) => format!("UNDECIDED after {} repeats.", self.repeats),
            (Ruling::Void, _) => {
                "VOID: not everything could be measured, and that is not the same as equal.".to_owned()
            }
        };
        let standing = |standing| self.figures.iter().filter(move |figure| figure.standing() == standing);
        let over = standing(Standing::Over).map(|figure| format!("{}: {}", figure.name(), figure.story()));
        let open =
            standing(Standing::Open).map(|figure| format!("{}: {}", figure.name(), figure.open_story(self.repeats)));
        let rest = self.voids.iter().chain(&self.notes).cloned();
        (headline, self.lost().into_iter().chain(over).chain(open).chain(rest).collect())
    }

    /// What never arrived, and whose doing that is.
    fn lost(&self) -> Option<String> {
        let (head, base) = self.missed;
        let said = format!("{} updates of head never arrived, {} of base", count(head), count(base));
        match head + base {
            0 => None,
            _ if self.loses() => Some(said),
            _ => Some(format!("{said}: what base loses as well is not head’s doing")),
        }
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
        let _ = writeln!(out, "\n### {} repeats in turn\n", self.repeats);
        let _ = writeln!(out, "| | {} |", HEADINGS[1..].join(" | "));
        out += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
        for (who, cells) in self.rows() {
            if let Some(who) = who {
                let _ = writeln!(out, "| **{who}** | | | | | |");
            }
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        let _ = writeln!(out, "\n{}", self.legend());
        out
    }

    /// As JUnit: a case a figure, failed if it is worse, skipped if it is open; what is void is an error.
    pub fn junit(&self) -> String {
        let mut suite = TestSuite::new(format!("pushbench gate: {}", self.title));
        for figure in &self.figures {
            let mut status = match figure.standing() {
                Standing::Within => TestCaseStatus::success(),
                Standing::Over => TestCaseStatus::non_success(NonSuccessKind::Failure),
                Standing::Open => TestCaseStatus::skipped(),
            };
            match figure.standing() {
                Standing::Within => {}
                Standing::Over => drop(status.set_message(figure.story())),
                Standing::Open => drop(status.set_message(figure.open_story(self.repeats))),
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
        if let Some(lost) = self.lost().filter(|_| self.loses()) {
            further("completeness", NonSuccessKind::Failure, lost);
        }
        let mut report = Report::new("pushbench");
        report.add_test_suite(suite);
        report.to_string().expect("names without control characters")
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Gate: {}\n", self.title)?;
        write!(f, "{}\n{}\n{}", self.table(), wrapped(&self.legend()), self.conclusion())
    }
}
