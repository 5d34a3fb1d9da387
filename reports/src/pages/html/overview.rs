//! The top of the page: the result in words, and what to know before believing it.

use maud::{Markup, html};

use crate::{
    compare::Comparison,
    judge::headline::headline,
    read::Results,
    validity::{Validity, warnings as warnings_of},
};

pub(super) fn header(results: &Results, comparison: &Comparison<'_>) -> Markup {
    let scenario = &results.manifest.scenario;
    let verdict = match results.validity() {
        Validity::Valid => ("valid", "Valid: everything planned was measured, nothing is missing."),
        Validity::Flawed => ("flawed", "Flawed: some point is void or incomplete. See the warnings."),
        Validity::Failed => ("failed", "Failed: a run failed, or the sweep was interrupted. See the warnings."),
    };
    html! {
        header {
            h1 { "pushbench: " (scenario.name) }
            p class="why" { (scenario.why) }
            p class="headline" { (headline(results, comparison)) }
            p { span class={ "validity " (verdict.0) } { (verdict.1) } }
        }
    }
}

pub(super) fn warnings(results: &Results) -> Markup {
    let warnings = warnings_of(results);
    html! {
        section aria-labelledby="warnings" {
            h2 id="warnings" { "Before you believe it" }
            @if warnings.is_empty() {
                p { "Nothing speaks against these results: every update arrived once and in order, the publisher was on \
                     time, and the load generator had time to spare." }
            } @else {
                ul class="warnings" {
                    @for warning in &warnings {
                        li class=(warning.severity().name()) {
                            strong { (warning.severity().name()) } " " (warning)
                        }
                    }
                }
            }
        }
    }
}
