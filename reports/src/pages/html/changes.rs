//! `compare.html`: what changed from base to head.

use maud::{Markup, html};

use super::{comparison, overview, page::page};
use crate::{
    compare::Comparison,
    judge::{Between, between::LEGEND},
    read::Results,
};

/// The whole page, of base and head.
pub(crate) fn changes(both: [&Results; 2], between: &Between) -> String {
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
        div class="beside" {
            @for ((of, name), results) in [("base-", "Base"), ("head-", "Head")].into_iter().zip(both) {
                div {
                    h2 { (name) }
                    (overview::first_screen(results, &Comparison::of(results), of))
                    (overview::warnings(results, of))
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
    let footer = html! { p { "Made by " code { "loadgen compare" } " from the results of both." } };
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
