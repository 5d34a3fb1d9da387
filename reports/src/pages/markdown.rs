//! `summary.md`: the answer, comparison table and warnings, fit for a CI job's summary.

use std::fmt::Write as _;

use crate::{
    compare::{Comparison, Side, Sweep},
    judge::{
        Thresholds,
        answer::sentence,
        capacity::{LEGEND, Searched},
        claims::claims,
        folklore::{Judged, folklore},
        threshold::LEGEND as OF_THRESHOLDS,
        thresholds,
    },
    metrics::Metric,
    points::Contender,
    read::Results,
    table::{COLUMNS, Row, common_load, comparison_rows, notes},
    validity::{Warning, warnings},
    words::number,
};

/// The summary as Markdown.
pub(crate) fn summary(results: &Results) -> String {
    let title = format!("## pushbench: {}\n\n", escaped(&results.manifest.scenario.name));
    let summary = match Searched::of(results) {
        None => sweep(results),
        Some(Ok(searched)) => search(&searched),
        Some(Err(why)) => format!("The search in manifest.json cannot be read: {}\n", escaped(&why)),
    };
    title + &summary + &listed(&warnings(results))
}

/// What each carries, goal by goal.
fn search(searched: &Searched<'_>) -> String {
    let heads = searched.heads();
    let mut out = format!("{}\n\n", escaped(&searched.sentence()));
    let _ = writeln!(out, "| {} |", heads.join(" | "));
    let _ = writeln!(out, "| --- | --- |{}", " ---: |".repeat(heads.len() - 2));
    for row in searched.rows() {
        let emphasis = if row.is_ratio { "*" } else { "" };
        let server = if row.server.is_empty() { String::new() } else { format!(", {}", escaped(&row.server)) };
        let (goal, who) = (escaped(&row.goal), row.who);
        let cells = [vec![row.carries, row.deliveries_per_s], row.processes].concat();
        let _ = writeln!(out, "| {goal} | {emphasis}{who}{server}{emphasis} | {} |", escaped_cells(&cells));
    }
    let _ = writeln!(out, "\n{LEGEND}");
    out + &searched.void().map(|void| format!("\n{void}\n")).unwrap_or_default()
}

fn escaped_cells(cells: &[String]) -> String {
    cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ")
}

fn sweep(results: &Results) -> String {
    let comparison = Comparison::of(results);
    let mut out = format!("{}\n\n", escaped(&sentence(results, &comparison)));
    out += &judged(&thresholds(results));
    if !comparison.cases.is_empty() {
        if let Some(load) = common_load(&comparison) {
            let _ = writeln!(out, "All points: {}.\n", escaped(&load));
        }
        out += &table(&comparison);
        out += "\nIn parentheses: least to greatest over the repeats; for a ratio, its interval.\n";
        for note in notes(&comparison, &results.manifest.scenario) {
            let _ = writeln!(out, "\n{}", escaped(&note));
        }
        let _ = writeln!(out, "\n{}", claims(results));
        out += &segments(&comparison);
    }
    out + &sayings(&folklore(results, &comparison))
}

fn listed(warnings: &[Warning]) -> String {
    let mut out = String::new();
    if !warnings.is_empty() {
        out += "\n### Warnings\n\n";
    }
    for warning in warnings {
        let _ = writeln!(out, "- **{}**: {}", warning.severity().name(), escaped(&warning.to_string()));
    }
    out
}

/// How often Linux sent and acknowledged, which is much of what CPU goes to: a line a load.
fn segments(comparison: &Comparison<'_>) -> String {
    const SHOWN: [Metric; 3] =
        [Metric::SegmentsPerDelivery, Metric::DelayedAcksPerDelivery, Metric::PureAcksPerDelivery];
    let sweep = Sweep::of(comparison);
    let mut out = String::new();
    for case in &comparison.cases {
        let of = |(contender, side): (&Contender, &Side<'_>)| {
            let [all, delayed, pure] = SHOWN.map(|metric| side.measure(metric).map(|measure| number(measure.value)));
            Some(format!("{} {} ({} and {})", contender.title(), all?, delayed?, pure?))
        };
        let sides: Vec<String> = case.sides.iter().filter_map(of).collect();
        if !sides.is_empty() {
            let _ = writeln!(out, "- {}: {}", escaped(&sweep.name_of(&case.load)), sides.join(", "));
        }
    }
    let heading = "TCP segments per delivery, by either end (delayed and pure acknowledgements among them):";
    if out.is_empty() { out } else { format!("\n{heading}\n\n{out}") }
}

fn judged(thresholds: &Thresholds) -> String {
    let Some(headline) = thresholds.headline() else { return String::new() };
    let mut out = format!("**{headline}.**\n\n| fails if | status | by |\n| --- | --- | --- |\n");
    for judged in &thresholds.judged {
        let _ =
            writeln!(out, "| {} | **{}** | {} |", escaped(&judged.threshold), judged.word(), escaped(&judged.story));
    }
    out + "\n" + OF_THRESHOLDS + "\n\n"
}

fn sayings(judged: &[Judged]) -> String {
    let mut out = String::new();
    if !judged.is_empty() {
        out += "\n### What is said\n\n| said | this sweep | by |\n| --- | --- | --- |\n";
    }
    for Judged { said, finding, figures, decided_by } in judged {
        let by = decided_by.map(|command| format!("would be decided by `{command}`")).into_iter();
        let by: Vec<_> = figures.iter().map(|figure| escaped(figure)).chain(by).collect();
        let _ = writeln!(out, "| {} | **{finding}** | {} |", escaped(said), by.join("; "));
    }
    out
}

fn table(comparison: &Comparison<'_>) -> String {
    let mut out = String::from("| load | transport |");
    for metric in COLUMNS {
        let _ = write!(out, " {} |", metric.heading());
    }
    out += " missed |\n| --- | --- |";
    out += &" ---: |".repeat(COLUMNS.len() + 1);
    out.push('\n');
    for row in comparison_rows(comparison) {
        out += &line(&row);
    }
    out
}

fn line(row: &Row) -> String {
    let emphasis = if row.is_ratio { "*" } else { "" };
    let mut out = format!("| {} | {emphasis}{}{emphasis} |", escaped(&row.load), row.who);
    for cell in &row.cells {
        let _ = write!(out, " {cell} |");
    }
    let _ = writeln!(out, " {} |", row.missed);
    out
}

/// Text that Markdown leaves alone, whatever a scenario or a feed is called.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out += "&lt;",
            '\\' | '|' | '*' | '_' | '[' | ']' => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Searched, Sweep};

    #[test]
    fn the_quick_sweep() {
        let mut results = Sweep::quick().results();
        results.runs[0].counts.duplicated = 3;
        insta::assert_snapshot!(summary(&results));
    }

    #[test]
    fn a_search() {
        insta::assert_snapshot!(summary(&Searched::small().results()));
    }

    #[test]
    fn where_the_kernel_did_not_count_segments_there_is_no_line_of_them() {
        let mut results = Sweep::quick().results();
        results.runs.iter_mut().for_each(|run| run.tcp = None);
        assert!(!summary(&results).contains("TCP segments"));
    }

    #[test]
    fn thresholds_have_a_table_and_their_text_does_not_break_it() {
        let mut results = Sweep::quick().results();
        assert!(!summary(&results).contains("threshold"));
        results.manifest.scenario.fail_if = ["missed > 0", "a|b <c> > 0"].map(str::to_owned).to_vec();
        let text = summary(&results);
        assert!(text.contains("**1 of 2 thresholds undecided.**"), "{text}");
        assert!(text.contains("\n| missed > 0 | **passed** | 0 in 3 runs ("), "{text}");
        assert!(text.contains("\n| a\\|b &lt;c> > 0 | **UNDECIDED** | threshold `a\\|b"), "{text}");
    }

    #[test]
    fn names_cannot_break_the_table() {
        let mut results = Sweep::quick().results();
        results.manifest.scenario.name = "a|b\n<img>".to_owned();
        let first = summary(&results).lines().next().unwrap().to_owned();
        assert_eq!(first, "## pushbench: a\\|b &lt;img>");
    }
}
