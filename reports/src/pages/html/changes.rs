//! `compare.html`: what changed from one results folder to another.

use maud::{Markup, html};

use super::{comparison, page::page};
use crate::judge::{Between, between::LEGEND};

/// The whole page.
pub(crate) fn changes(between: &Between) -> String {
    let [worse, better] = [between.worse(), between.better()];
    let main = html! {
        header {
            h1 { "pushbench: what changed" }
            p class="why" { (between.title) }
            p class="headline" { (between.headline()) }
        }
        @if let Some(unlike) = &between.forced {
            section aria-labelledby="unlike" {
                h2 id="unlike" { "They are not alike" }
                p { "The comparison was forced. What follows need not be the change’s doing." }
                ul class="warnings" {
                    @for difference in &unlike.differences { li class="caution" { strong { "caution" } " " (difference) } }
                }
            }
        }
        (list("worse", "Worse", &worse))
        (list("better", "Better", &better))
        section aria-labelledby="points" {
            h2 id="points" { "Every point" }
            @if between.rows.is_empty() {
                p { "They have no point in common." }
            } @else {
                (comparison::table("Every point", &between.rows))
                p class="note" { (LEGEND) }
            }
        }
    };
    let footer = html! { p { "Made by " code { "loadgen compare" } " from the two results folders." } };
    page("pushbench: what changed", &main, &footer)
}

fn list(id: &str, title: &str, changes: &[String]) -> Markup {
    html! {
        @if !changes.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) }
                ul { @for change in changes { li { (change) } } }
            }
        }
    }
}
