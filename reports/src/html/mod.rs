//! `report.html`: one page that opens offline.

use maud::{DOCTYPE, html};

use crate::{Results, compare::Comparison, headline::headline};

/// The whole page.
pub(crate) fn report(results: &Results) -> String {
    let comparison = Comparison::of(&results.runs);
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "pushbench: " (results.manifest.scenario.name) } }
            body { h1 { (headline(results, &comparison)) } }
        }
    }
    .into_string()
}
