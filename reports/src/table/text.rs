//! Tables and paragraphs as plain text, of at most 100 columns.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

use super::{cell::Cell, rows::Row};

/// Columns of a terminal that nobody has to widen.
const WIDTH: u16 = 100;
/// `long polling : WebSocket`, indented, and padding; the same of `server-sent events`, for which the numbers stand closer.
const WHO_WIDTHS: [usize; 2] = [27, 33];
/// What is longer stands on two lines.
const NUMBER_WIDTH: usize = 11;
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
const HEADINGS: [&str; 7] = [
    "",
    "latency\np50 ms",
    "last\nreceiver’s\np90 ms",
    "missed",
    "server CPU\nµs/deliv.",
    "server mem.\nKiB/client",
    "kernel mem.\nKiB/client",
];

/// Rows of the comparison, each load under its name.
pub(crate) fn comparison_table(rows: &[Row]) -> String {
    trimmed(&table(rows))
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH).set_header(HEADINGS);
    let [least, most] = WHO_WIDTHS;
    let longest = rows.iter().map(|row| row.who.chars().count() + 3).max().unwrap_or(least);
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(longest.clamp(least, most) as u16)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
        column.set_padding((u16::from(longest <= least), 0));
    }
    for (index, row) in rows.iter().enumerate() {
        if !row.load.is_empty() {
            // A load has a line of its own, or its name would take the numbers' room.
            if index > 0 {
                table.add_row([""]);
            }
            table.add_row([&row.load]);
        }
        for line in lines(row) {
            table.add_row(line);
        }
    }
    table
}

/// A row, and under a ratio its interval and what it says.
fn lines(row: &Row) -> Vec<Vec<String>> {
    let line = |who: &str, of: fn(&Cell) -> String| -> Vec<String> {
        let value = |column: usize| of(&row.cells[column]);
        let missed = if who == row.who { row.missed.clone() } else { String::new() };
        vec![format!(" {who}"), value(0), value(1), missed, value(2), value(3), value(4)]
    };
    let mut lines = vec![line(&row.who, |cell| cell.text.clone())];
    if row.cells.iter().any(|cell| !cell.under.is_empty()) {
        lines.push(line("", |cell| cell.under.clone()));
    }
    if row.is_ratio {
        lines.push(line("  99% interval", |cell| broken(&cell.spread, "–", "\n–")));
        lines.push(line("  difference", difference));
    }
    lines
}

/// Its verdict, as short as a column is wide.
fn difference(cell: &Cell) -> String {
    if cell.unshown.is_empty() { cell.verdict.to_owned() } else { broken(&format!("none {}", cell.unshown), " ", "\n") }
}

/// With a break there, if it is too long for a line.
fn broken(text: &str, there: &str, with_break: &str) -> String {
    if text.chars().count() > NUMBER_WIDTH { text.replacen(there, with_break, 1) } else { text.to_owned() }
}

/// Rows of which the first is the heading; the first column is words, the others numbers. A row of which only the first
/// cell is filled takes no room from them.
pub(crate) fn columns<R: AsRef<[String]>>(rows: &[R]) -> String {
    let mut table = Table::new();
    let mut rows = rows.iter();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(rows.next().map(AsRef::as_ref).unwrap_or_default());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
        column.set_padding((1, 0));
    }
    rows.for_each(|row| {
        table.add_row(row.as_ref());
    });
    trimmed(&table)
}

/// Breaks a paragraph at spaces, its further lines indented.
pub(crate) fn wrapped(paragraph: &str) -> String {
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
