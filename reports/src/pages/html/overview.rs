//! The first screen: the answer in words and as cards, its conditions, and what to know before believing it.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::cards;
use crate::{
    compare::Comparison,
    judge::answer::{chosen, conditions, sentence},
    read::Results,
    validity::{Severity, Validity, Warning, warnings as warnings_of},
};

pub(super) fn header(results: &Results, comparison: &Comparison<'_>) -> Markup {
    html! {
        header {
            h1 { "pushbench: " (results.manifest.scenario.name) }
            (first_screen(results, comparison, ""))
        }
    }
}

/// What stands under the title. `of`: what its ids begin with, where there is more than one on a page.
pub(super) fn first_screen(results: &Results, comparison: &Comparison<'_>, of: &str) -> Markup {
    let chosen = chosen(comparison);
    let verdict = match results.validity() {
        Validity::Valid => ("valid", "Valid: everything planned was measured, nothing is missing."),
        Validity::Flawed => ("flawed", "Flawed: some point is void or incomplete."),
        Validity::Failed => ("failed", "Failed: a run failed, or the sweep is unfinished."),
    };
    let said = counted(&warnings_of(results).iter().collect::<Vec<_>>());
    html! {
        p class="headline" { (sentence(results, comparison)) }
        (cards::section(&chosen, of))
        ul class="chips" aria-label="Conditions" {
            @for (name, value) in conditions(results, &chosen) { li { span { (name) } " " (value) } }
        }
        p {
            span class={ "validity " (verdict.0) } {
                (verdict.1)
                @if !said.is_empty() { " " a href={ "#" (of) "warnings" } { "Before you believe it: " (said) } "." }
            }
        }
    }
}

/// More of them than this push what they are about out of sight; the gravest stand first.
const WARNINGS_SHOWN: usize = 5;

pub(super) fn warnings(results: &Results, of: &str) -> Markup {
    let mut warnings = warnings_of(results);
    warnings.sort_by_key(|warning| Reverse(warning.severity()));
    let (notes, grave): (Vec<&Warning>, Vec<&Warning>) =
        warnings.iter().partition(|warning| warning.severity() == Severity::Note);
    let (shown, further) = grave.split_at(grave.len().min(WARNINGS_SHOWN));
    html! {
        section aria-labelledby={ (of) "warnings" } {
            // Two regions of one page have two names.
            h2 id={ (of) "warnings" } { "Before you believe it" @if let Some(of) = of.strip_suffix('-') { ": " (of) } }
            @if grave.is_empty() {
                p { "Nothing speaks against these results: every update arrived once and in order, the publisher was on \
                     time, and the load generator had time to spare." }
            } @else {
                (list(shown))
            }
            @for (all, class) in [(further, "further"), (&notes[..], "notes")] {
                @if !all.is_empty() { details class=(class) { summary { (counted(all)) " more" } (list(all)) } }
            }
        }
    }
}

/// `2 invalid, 5 cautions`
fn counted(warnings: &[&Warning]) -> String {
    let of = |severity| warnings.iter().filter(|warning| warning.severity() == severity).count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let said = [
        (of(Severity::Invalid), "invalid", false),
        (of(Severity::Caution), "caution", true),
        (of(Severity::Note), "note", true),
    ];
    let said = said.into_iter().filter(|(count, ..)| *count > 0);
    let said = said.map(|(count, word, is_noun)| format!("{count} {word}{}", if is_noun { plural(count) } else { "" }));
    said.collect::<Vec<_>>().join(", ")
}

fn list(warnings: &[&Warning]) -> Markup {
    html! {
        ul class="warnings" {
            @for warning in warnings {
                li class=(warning.severity().name()) { strong { (warning.severity().name()) } " " (warning) }
            }
        }
    }
}
