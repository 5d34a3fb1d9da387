//! The pictures, each with what to see in it and the numbers behind it.

use maud::{Markup, PreEscaped, html};

use super::page::{scrolling, table};
use crate::{
    compare::Comparison,
    figures::{Figure, all, legend},
    points::Contender,
    read::Results,
};

pub(super) fn section(results: &Results, comparison: &Comparison<'_>) -> Markup {
    let contenders = comparison.contenders();
    html! {
        @for figure in all(results, comparison) { (one(&figure, &contenders)) }
    }
}

fn one(figure: &Figure, contenders: &[Contender]) -> Markup {
    html! {
        section aria-labelledby=(figure.id) {
            h2 id=(figure.id) { (figure.title) }
            figure {
                @if !figure.panels.is_empty() {
                    (legend(figure.key, contenders))
                    div class="panels" {
                        @for panel in &figure.panels {
                            div class="panel" {
                                p class="panel-title" aria-hidden="true" { (panel.title) }
                                (PreEscaped(&panel.svg))
                            }
                        }
                    }
                }
                figcaption { (figure.caption) }
            }
            @if !figure.table.rows.is_empty() {
                details open[figure.table.open] {
                    summary { "The numbers" }
                    (scrolling(figure.title, &table(&figure.table.head, &figure.table.rows, 2)))
                }
            }
        }
    }
}
