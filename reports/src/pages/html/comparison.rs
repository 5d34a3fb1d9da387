//! The comparison as a table.

use maud::{Markup, html};
use protocol::results::Scenario;

use super::page::scrolling;
use crate::{
    compare::Comparison,
    table::{COLUMNS, Cell, NOT_REACHED, Row, common_load, comparison_rows, notes, rows_of},
};

/// More loads than this make a table that nobody reads; the heaviest of them come first then.
const LOADS_MAX: usize = 6;

pub(super) fn section(comparison: &Comparison<'_>, scenario: &Scenario) -> Markup {
    let loads = comparison.cases.len();
    if loads == 0 {
        return html! {};
    }
    html! {
        section aria-labelledby="comparison" {
            h2 id="comparison" { "Comparison" }
            @if let Some(load) = common_load(comparison) { p { "All points: " (load) "." } }
            @if loads <= LOADS_MAX {
                (table("Comparison", &comparison_rows(comparison)))
            } @else {
                @let heaviest = comparison.heaviest_first();
                p { "The " (LOADS_MAX) " heaviest of " (loads) " loads:" }
                (table("Comparison of the heaviest loads", &rows_of(comparison, heaviest.into_iter().take(LOADS_MAX))))
                details { summary { "All loads" } (table("Comparison of all loads", &comparison_rows(comparison))) }
            }
            p class="note" { "Small figures under a value: least to greatest over the repeats." }
            @for note in notes(comparison, scenario) { p class="note" { (note) } }
        }
    }
}

pub(super) fn table(name: &str, rows: &[Row]) -> Markup {
    let table = html! {
        table class="comparison" {
            thead {
                tr {
                    th scope="col" { "transport" }
                    @for metric in COLUMNS { th scope="col" class="number" { (metric.heading()) } }
                    th scope="col" class="number" { "missed" }
                }
            }
            // What belongs together stays together when it is sorted.
            @for load in rows.chunk_by(|_, next| next.load.is_empty()) { tbody { @for row in load { (table_rows(row)) } } }
        }
    };
    scrolling(name, &table)
}

/// A row of the table; the first of a load stands under the load's name.
fn table_rows(row: &Row) -> Markup {
    html! {
        @if !row.load.is_empty() {
            tr class="load" { th scope="rowgroup" colspan=(COLUMNS.len() + 2) { (row.load) } }
        }
        tr class=[row.is_ratio.then_some("ratio")] {
            th scope="row" { (row.who) }
            @for cell in &row.cells { (table_cell(cell)) }
            td class=(if row.missed == "void" || row.missed == "failed" { "number void" } else { "number" }) { (row.missed) }
        }
    }
}

fn table_cell(cell: &Cell) -> Markup {
    let class = match (cell.is_claim, cell.text.as_str()) {
        (true, _) => "number clear",
        (false, "void" | "failed" | NOT_REACHED) => "number void",
        (false, _) if !cell.verdict.is_empty() => "number unclear",
        _ => "number",
    };
    html! {
        td class=(class) {
            (cell.text)
            // Breaks, for where no style sets them apart.
            @if !cell.spread.is_empty() { br; small { (cell.spread) } }
            @if !cell.verdict.is_empty() { br; small class="verdict" { (cell.verdict) } }
            @if !cell.unshown.is_empty() { br; small { "none " (cell.unshown) } }
        }
    }
}
