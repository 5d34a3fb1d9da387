//! What every page has: its frame and style, and tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figures::theme;

const STYLE: [&str; 2] = [include_str!("report.css"), include_str!("controls.css")];
/// What a page can do beyond being read. Each looks for what it serves, and makes its own controls, so that none is there where scripts
/// are dead; none knows of another.
const SCRIPTS: [&str; 5] = [
    include_str!("script/service.js"),
    include_str!("script/sort.js"),
    include_str!("script/figure.js"),
    include_str!("script/link.js"),
    include_str!("script/save.js"),
];

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
                style { @for style in STYLE { (PreEscaped(style)) } (PreEscaped(theme())) }
            }
            body {
                a class="skip" href="#main" { "Skip to the results" }
                main id="main" { (main) }
                footer { (footer) }
                @for script in SCRIPTS { script type="module" { (PreEscaped(script)) } }
            }
        }
    }
    .into_string()
}

/// A table that scrolls by itself where the page is narrower; its address is its name, as `latency-under-load-table`.
pub(super) fn scrolling(name: &str, table: &Markup) -> Markup {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let id = words.map(|word| word.to_lowercase() + "-").collect::<String>() + "table";
    html! {
        div class="scroll" id=(id) role="region" aria-label={ (name) ": table" } tabindex="0" { (table) }
    }
}

/// A section folded under its heading, and beside that what is in it. Paper shows it unfolded.
pub(super) fn folded(id: &str, title: &str, gist: &str, content: &Markup) -> Markup {
    html! {
        details class="fold" {
            summary { h2 id=(id) { (title) } " " span class="gist" { (gist) } }
            (content)
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paint_has_its_colour_by_day_and_by_night() {
        let names: Vec<String> =
            theme().split("var(--").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect();
        assert!(names.len() > 20, "fills and strokes: {names:?}");
        for name in names {
            assert_eq!(STYLE[0].matches(&format!("--{name}: #")).count(), 2, "{name}");
        }
    }

    #[test]
    fn a_table_has_an_address() {
        let scrolling = scrolling("Latency, p99 (ms)", &html! {}).into_string();
        assert!(
            scrolling.contains("id=\"latency-p99-ms-table\"")
                && scrolling.contains("aria-label=\"Latency, p99 (ms): table\"")
        );
    }
}
