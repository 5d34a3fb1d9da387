//! `index.html`: every results folder in a folder, with trends.

use maud::{Markup, PreEscaped, html};

use super::page::{page, scrolling};
use crate::{
    compare::{Case, Comparison},
    figures::{Key, legend, trends},
    judge::capacity::Searched,
    metrics::Metric,
    pages::tracking,
    points::Contender,
    read::{Entry, Group, History},
    table::Cell,
    words,
};

/// The whole page.
pub(crate) fn index(history: &History) -> String {
    let main = html! {
        header {
            h1 { "pushbench: results over time" }
            p class="why" {
                "Like with like: one scenario, one machine, one way of building. A point is a results folder, in the order \
                 in which they were measured; its line spans its repeats. What is void is left out."
            }
        }
        @if history.groups.is_empty() { p { "There are no results here." } }
        @for (number, group) in history.groups.iter().enumerate() { (section(number + 1, group)) }
        @if !history.unread.is_empty() {
            section aria-labelledby="unread" {
                h2 id="unread" { "Not read" }
                ul { @for (path, reason) in &history.unread { li { code { (path) } ": " (reason) } } }
            }
        }
    };
    let footer =
        html! { p { "Made by " code { "loadgen report --index" } " from the results folders beside this page." } };
    page("pushbench: results over time", &main, &footer)
}

/// Searches have no figures in common to draw: each has its sentence, newest first.
fn searches(number: usize, group: &Group) -> Markup {
    let id = format!("group-{number}");
    let said = |entry: &Entry| match Searched::of(&entry.results) {
        Some(Ok(searched)) => searched.sentence(),
        _ => "The search cannot be read.".to_owned(),
    };
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (number) ". " (group.latest().results.manifest.scenario.name) ", " (times(group.entries.len())) }
            @for entry in group.entries.iter().rev() { p { a href=(entry.page) { (started(entry)) } ": " (said(entry)) } }
        }
    }
}

fn section(number: usize, group: &Group) -> Markup {
    if group.latest().results.manifest.scenario.search.is_some() {
        return searches(number, group);
    }
    let comparisons: Vec<Comparison<'_>> = group.entries.iter().map(|entry| Comparison::of(&entry.results)).collect();
    let id = format!("group-{number}");
    let latest = &group.latest().results.manifest;
    let metrics = tracking::metrics();
    let heaviest = comparisons.last().and_then(|latest| latest.heaviest_first().first().copied());
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (number) ". " (latest.scenario.name) ", " (times(group.entries.len())) }
            p {
                (latest.machine.cpu) ", " (latest.machine.cores) " cores, " (latest.machine.kernel)
                @if let Some(case) = heaviest { ". At its heaviest load: " (words::load(&case.load)) "." }
            }
            @if let Some(case) = heaviest {
                @let contenders: Vec<Contender> = case.sides.keys().copied().collect();
                @let panels = trends(&group.entries, &comparisons, case, &metrics, &id);
                figure {
                    (legend(Key::Contenders, &contenders))
                    div class="panels" {
                        @for panel in &panels {
                            div class="panel" {
                                p class="panel-title" aria-hidden="true" { (panel.title) }
                                (PreEscaped(&panel.svg))
                            }
                        }
                    }
                    figcaption { "Each figure from build to build, oldest on the left. Less is better in all of them." }
                }
                (table(number, group, &comparisons, case, &metrics))
            }
        }
    }
}

/// Newest first, each a link to its report.
fn table(
    number: usize,
    group: &Group,
    comparisons: &[Comparison<'_>],
    heaviest: &Case<'_>,
    metrics: &[Metric],
) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    @for name in ["measured (UTC)", "build", "transport"] { th scope="col" { (name) } }
                    @for metric in metrics { th scope="col" class="number" { (metric.heading()) } }
                }
            }
            @for (entry, comparison) in group.entries.iter().zip(comparisons).rev() {
                tbody {
                    @for (place, contender) in heaviest.sides.keys().enumerate() {
                        tr {
                            td { @if place == 0 { a href=(entry.page) { (started(entry)) } } }
                            td { @if place == 0 { (entry.name()) } }
                            td { (contender.title()) }
                            @for metric in metrics {
                                td class="number" { (value(comparison, heaviest, *contender, *metric)) }
                            }
                        }
                    }
                }
            }
        }
    };
    scrolling(&format!("Group {number}, every results folder"), &table)
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// `2026-11-25 10:21`
fn started(entry: &Entry) -> String {
    entry.started_utc().get(..16).unwrap_or(entry.started_utc()).replace('T', " ")
}

fn value(comparison: &Comparison<'_>, heaviest: &Case<'_>, contender: Contender, metric: Metric) -> String {
    let side = comparison.side(&heaviest.load, contender);
    side.map_or_else(|| Cell::word("–"), |side| Cell::of_side(side, metric)).text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Searched, Sweep};

    fn history(names: &[&str]) -> History {
        let entry = |(seed, name): (u64, &&str)| Entry {
            page: format!("{name}/report.html"),
            results: Sweep { clients: vec![100, 1_000], seed, ..Sweep::quick() }.results(),
        };
        let entries = (1..).zip(names).map(entry).collect();
        History { groups: vec![Group { entries }], unread: vec![("old".to_owned(), "another version".to_owned())] }
    }

    #[test]
    fn every_folder_is_linked_and_every_figure_drawn() {
        let page = index(&history(&["a", "b", "c"]));
        for path in ["a", "b", "c"] {
            assert!(page.contains(&format!("href=\"{path}/report.html\"")), "{path}");
        }
        assert_eq!(page.matches("class=\"panel-title\"").count(), tracking::metrics().len());
        assert!(page.contains("another version") && !page.contains("<script>"));
    }

    #[test]
    fn a_single_folder_and_none_have_a_page_too() {
        assert!(index(&history(&["a"])).contains("quick, once"));
        assert!(index(&History { groups: Vec::new(), unread: Vec::new() }).contains("There are no results here."));
    }

    #[test]
    fn a_search_is_a_sentence_and_a_link() {
        let results = Searched::small().results();
        let entries = vec![Entry { page: "a/report.html".to_owned(), results }];
        let page = index(&History { groups: vec![Group { entries }], unread: Vec::new() });
        assert!(page.contains("capacity, once") && page.contains("href=\"a/report.html\""), "{page}");
        assert!(
            page.contains("If the last client is to have 99% of updates within 50 ms, WebSocket carries"),
            "{page}"
        );
        assert!(!page.contains("class=\"panel-title\""), "a trend over trials would be wrong");
    }

    #[test]
    fn names_are_escaped() {
        let mut history = history(&["<script>"]);
        history.groups[0].entries[0].results.manifest.git_revision = Some("<script>".to_owned());
        assert!(!index(&history).contains("<script>"));
    }
}
