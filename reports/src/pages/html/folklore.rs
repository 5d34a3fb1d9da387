//! What is said about the transports, and what this sweep says of it.

use maud::{Markup, html};

use super::page::{folded, scrolling};
use crate::{
    compare::Comparison,
    judge::folklore::{Finding, Judged, folklore},
    read::Results,
};

pub(super) fn section(results: &Results, comparison: &Comparison<'_>) -> Markup {
    let judged = folklore(results, comparison);
    if judged.is_empty() {
        return html! {};
    }
    let table = html! {
        table class="folklore" {
            thead { tr { th scope="col" { "it is said" } th scope="col" { "this sweep" } } }
            tbody { @for saying in &judged { (row(saying)) } }
        }
    };
    let content = html! {
        (scrolling("Sayings", &table))
        p class="note" {
            "A saying is without exceptions: contradicted means that it fails at one load at least. A comparison \
             decides by the interval with which the table above claims a difference, a bound by every repeat. The \
             figure is the heaviest load’s of those that say the same."
        }
    };
    let of = |finding| judged.iter().filter(|saying| saying.finding == finding).count();
    let gist = format!(
        "{} supported, {} contradicted, {} not decided here",
        of(Finding::Supported),
        of(Finding::Contradicted),
        of(Finding::Undecided)
    );
    folded("folklore", "What is said, and what these figures say", &gist, &content)
}

fn row(Judged { said, finding, figures, decided_by }: &Judged) -> Markup {
    html! {
        tr {
            th scope="row" { (said) }
            td class=(finding.class()) {
                strong { (finding) }
                @for figure in figures { " " small { (figure) "." } }
                @if let Some(command) = decided_by { " " small { "What would decide it: " code { (command) } } }
            }
        }
    }
}
