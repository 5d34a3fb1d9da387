//! What every page has: its frame and style, and tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("report.css");

/// A page that stands alone.
pub(super) fn page(title: &str, main: &Markup, footer: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the results" }
                main id="main" { (main) }
                footer { (footer) }
            }
        }
    }
    .into_string()
}

/// A table that scrolls by itself where the page is narrower.
pub(super) fn scrolling(name: &str, table: &Markup) -> Markup {
    html! {
        div class="scroll" role="region" aria-label=(name) tabindex="0" { (table) }
    }
}

/// A plain table; the first `words` columns are words, the others numbers.
pub(super) fn table(head: &[String], rows: &[Vec<String>], words: usize) -> Markup {
    let class = |column: usize| (column >= words).then_some("number");
    html! {
        table {
            thead { tr { @for (column, name) in head.iter().enumerate() { th scope="col" class=[class(column)] { (name) } } } }
            tbody {
                @for row in rows {
                    tr { @for (column, cell) in row.iter().enumerate() { td class=[class(column)] { (cell) } } }
                }
            }
        }
    }
}
