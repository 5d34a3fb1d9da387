//! The summary for a terminal: one table of at most 100 columns, and the warnings under it.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

use super::{Row, UNCLEAR, common_load, rows};
use crate::{Results, compare::Comparison, warnings};

/// Columns of a terminal that nobody has to widen.
const WIDTH: u16 = 100;
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
const HEADINGS: [&str; 7] =
    ["", "", "latency\np50 ms", "latency\np99 ms", "missed", "server CPU\nµs/delivery", "server mem.\nKiB/client"];

/// The comparison as plain text of at most 100 columns, then the warnings.
pub fn summary_table(results: &Results) -> String {
    let comparison = Comparison::of(&results.runs);
    let mut out = String::new();
    if comparison.cases.is_empty() {
        out += "No run was made.\n";
    } else {
        let common = common_load(&comparison).map(|load| format!(": {load}")).unwrap_or_default();
        let repeats = results.manifest.scenario.repeats;
        let plural = if repeats == 1 { "" } else { "s" };
        let _ = writeln!(out, "{}{common}; {repeats} repeat{plural}", results.manifest.scenario.name);
        for line in table(&comparison).lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    if out.contains('~') {
        let _ = writeln!(out, "{UNCLEAR}");
    }
    for warning in warnings(results) {
        out += &wrapped(&format!("{}: {warning}", warning.severity().name()));
    }
    out
}

fn table(comparison: &Comparison<'_>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH).set_header(HEADINGS);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    for (index, row) in rows(comparison).iter().enumerate() {
        if index > 0 && !row.load.is_empty() {
            table.add_row([""]);
        }
        table.add_row(texts(row));
    }
    table
}

fn texts(row: &Row) -> Vec<String> {
    let value = |column: usize| row.cells[column].text.clone();
    vec![row.load.clone(), row.who.clone(), value(0), value(1), row.missed.clone(), value(2), value(3)]
}

/// Breaks a paragraph at spaces, its further lines indented.
fn wrapped(paragraph: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > usize::from(WIDTH) {
            out += "\n  ";
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn the_quick_sweep() {
        insta::assert_snapshot!(summary_table(&Sweep::quick().results()));
    }

    #[test]
    fn a_sweep_in_trouble() {
        let mut results = Sweep { repeats: 1, ..Sweep::quick() }.results();
        results.runs[2].generator.workers_cpu_ns[0] = 4_950_000_000;
        crate::fixture::fail(&mut results.runs[5], "connect", "only 1,203 of 4,000 clients were ready");
        insta::assert_snapshot!(summary_table(&results));
    }

    #[test]
    fn no_runs_are_no_table() {
        let mut results = Sweep::quick().results();
        results.runs.clear();
        assert!(summary_table(&results).starts_with("No run was made.\ncaution: The sweep was interrupted: 0 of 18"));
    }

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let mut results = Sweep::large().results();
        for run in &mut results.runs {
            run.counts.duplicated = 3;
        }
        let text = summary_table(&results);
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
    }
}
