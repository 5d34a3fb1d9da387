//! The pictures, each with what to see in it and the numbers behind it.

use maud::{Markup, PreEscaped, html};
use protocol::Transport;

use super::{scrolling, table};
use crate::{
    compare::Comparison,
    figures::{Figure, all, legend},
};

pub(super) fn section(comparison: &Comparison<'_>) -> Markup {
    let transports = comparison.transports();
    html! {
        @for figure in all(comparison) { (one(&figure, &transports)) }
    }
}

fn one(figure: &Figure, transports: &[Transport]) -> Markup {
    html! {
        section aria-labelledby=(figure.id) {
            h2 id=(figure.id) { (figure.title) }
            figure {
                (legend(transports))
                div class="panels" {
                    @for panel in &figure.panels {
                        div class="panel" {
                            p class="panel-title" aria-hidden="true" { (panel.title) }
                            (PreEscaped(&panel.svg))
                        }
                    }
                }
                figcaption { (figure.caption) }
            }
            @if !figure.table.rows.is_empty() {
                details {
                    summary { "The numbers" }
                    (scrolling(figure.title, &table(&figure.table.head, &figure.table.rows, 2)))
                }
            }
        }
    }
}
