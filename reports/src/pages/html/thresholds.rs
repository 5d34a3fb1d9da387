//! The thresholds: what they come to beside the validity, and where each stands.

use maud::{Markup, html};

use super::page::scrolling;
use crate::judge::{Standing, Thresholds, threshold::LEGEND};

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Within => "valid",
        Standing::Open => "flawed",
        Standing::Over => "failed",
    }
}

/// What they come to, with a link to each; nothing if there are none.
pub(super) fn badge(thresholds: &Thresholds) -> Markup {
    html! {
        @if let Some(headline) = thresholds.headline() {
            p { a class={ "validity " (class(thresholds.standing())) } href="#thresholds" { (headline) "." } }
        }
    }
}

/// Each with where it stands, and by what.
pub(super) fn section(thresholds: &Thresholds) -> Markup {
    let table = html! {
        table class="thresholds" {
            thead { tr { th scope="col" { "fails if" } th scope="col" { "status" } th scope="col" { "by" } } }
            tbody {
                @for judged in &thresholds.judged {
                    tr {
                        td { code { (judged.threshold) } }
                        td { span class={ "validity " (class(judged.standing)) } { (judged.word()) } }
                        td { (judged.story) }
                    }
                }
            }
        }
    };
    html! {
        @if !thresholds.judged.is_empty() {
            section aria-labelledby="thresholds" {
                h2 id="thresholds" { "Thresholds" }
                (scrolling("Thresholds", &table))
                p class="note" { (LEGEND) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{fixture::Sweep, pages::html::report};

    #[test]
    fn they_are_there_if_any_were_asked_for() {
        let mut results = Sweep::quick().results();
        assert!(!report(&results).contains("id=\"thresholds\""));
        results.manifest.scenario.fail_if =
            ["missed > 0", "long-poll.p50 > 1ns", "<script> > 1"].map(str::to_owned).to_vec();
        let page = report(&results);
        for part in [
            "<a class=\"validity failed\" href=\"#thresholds\">1 of 3 thresholds failed.</a>",
            "<code>missed &gt; 0</code></td><td><span class=\"validity valid\">passed</span>",
            "<span class=\"validity failed\">FAILED</span>",
            "<code>&lt;script&gt; &gt; 1</code></td><td><span class=\"validity flawed\">UNDECIDED</span>",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("<script> &gt; 1") && !page.contains("<script> > 1"));
    }
}
