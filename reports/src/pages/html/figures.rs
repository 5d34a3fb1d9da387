//! The pictures: those that decide, then every other under its question, each with what to see in it and the numbers behind it.

use maud::{Markup, PreEscaped, html};

use super::page::{folded, scrolling, table};
use crate::{
    compare::{Comparison, difference},
    figures::{Figure, Question, all, legend},
    judge::differs::{Differs, differs},
    points::Contender,
    read::Results,
};

/// So many pictures decide, where there is no map.
const DECIDING: usize = 2;

/// A figure, and what the sweep says of what it compares.
struct Judged {
    figure: Figure,
    differs: Differs,
}

/// Both sections.
pub(super) fn section(results: &Results, comparison: &Comparison<'_>) -> Markup {
    let contenders = comparison.contenders();
    let judged = |figure: Figure| Judged { differs: differs(comparison, &figure.compares), figure };
    let figures: Vec<Judged> = all(results, comparison).into_iter().map(judged).collect();
    let deciding = deciding(&figures);
    html! {
        (decides(&figures, &deciding, &contenders))
        @for question in Question::ASKED { (asked(question, &figures, &deciding, &contenders)) }
    }
}

/// The map; else the figures in which the transports are shown to differ most, one a question at the most: two pictures of one
/// difference are one.
fn deciding(figures: &[Judged]) -> Vec<&'static str> {
    let maps: Vec<&str> =
        figures.iter().filter(|judged| judged.figure.question == Question::Decides).map(|map| map.figure.id).collect();
    if !maps.is_empty() {
        return maps;
    }
    let shown = |judged: &Judged| match judged.differs {
        Differs::Shown(apart) if judged.figure.idle.is_none() => {
            Some((judged.figure.question, judged.figure.id, apart))
        }
        _ => None,
    };
    let mut by_difference: Vec<_> = figures.iter().filter_map(shown).collect();
    by_difference.sort_by(|(.., a), (.., b)| b.total_cmp(a));
    let mut most: Vec<(Question, &str)> = Vec::new();
    for (question, id, _) in by_difference {
        if most.len() < DECIDING && most.iter().all(|(known, _)| *known != question) {
            most.push((question, id));
        }
    }
    most.into_iter().map(|(_, id)| id).collect()
}

fn decides(figures: &[Judged], deciding: &[&str], contenders: &[Contender]) -> Markup {
    let is_compared = figures.iter().any(|judged| judged.differs != Differs::Unknown);
    html! {
        @if is_compared {
            section aria-labelledby=(Question::Decides.id()) {
                h2 id=(Question::Decides.id()) { (Question::Decides.title()) }
                @if deciding.is_empty() { p { "Nothing that was measured here tells them apart." } }
                @for id in deciding {
                    @for judged in figures.iter().filter(|judged| judged.figure.id == *id) { (one(&judged.figure, contenders)) }
                }
            }
        }
    }
}

/// A question, and its figures folded under it.
fn asked(question: Question, figures: &[Judged], deciding: &[&str], contenders: &[Contender]) -> Markup {
    let of_it: Vec<&Judged> = figures.iter().filter(|judged| judged.figure.question == question).collect();
    let titles: Vec<&str> = of_it.iter().map(|judged| judged.figure.title).collect();
    let content = html! {
        @for Judged { figure, differs } in &of_it {
            @match flat(figure, *differs) {
                _ if deciding.contains(&figure.id) => { p { a href={ "#" (figure.id) } { (figure.title) } " decides, and stands above." } }
                Some(line) => {
                    details class="flat" {
                        summary { strong { (figure.title) } ": " (line) }
                        (one(figure, contenders))
                    }
                }
                None => { (one(figure, contenders)) }
            }
        }
    };
    html! { @if !of_it.is_empty() { (folded(question.id(), question.title(), &titles.join(" · "), &content)) } }
}

/// The line that stands for a figure in which nothing differs or nothing happened.
fn flat(figure: &Figure, differs: Differs) -> Option<String> {
    figure.idle.clone().or_else(|| match differs {
        Differs::Nowhere { loads, least } => Some(format!(
            "no difference is shown at {}. One under {} could not have been.",
            if loads == 1 { "this load".to_owned() } else { format!("any of {loads} loads") },
            difference(least)
        )),
        _ => None,
    })
}

pub(super) fn one(figure: &Figure, contenders: &[Contender]) -> Markup {
    html! {
        section aria-labelledby=(figure.id) {
            h3 id=(figure.id) { (figure.title) }
            @if !figure.lead.is_empty() { p { (figure.lead) } }
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

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::*;
    use crate::fixture::{Sweep, through};

    /// What stands under "What decides it".
    fn deciding_of(results: &Results) -> Vec<&'static str> {
        let comparison = Comparison::of(results);
        let judged = |figure: Figure| Judged { differs: differs(&comparison, &figure.compares), figure };
        deciding(&all(results, &comparison).into_iter().map(judged).collect::<Vec<_>>())
    }

    #[test]
    fn the_map_decides_and_else_two_figures_of_two_questions() {
        let paths = [0.0, 20.0].map(through).to_vec();
        let streams = [1.0, 20.0].map(|rate_hz| crate::fixture::synthetic(rate_hz, 128)).to_vec();
        assert_eq!(deciding_of(&Sweep { paths, streams, clients: vec![50], ..Sweep::quick() }.results()), ["map"]);
        let two = deciding_of(&Sweep::quick().results());
        assert_eq!((two.len(), two[0]), (2, "traffic"), "{two:?}");
    }

    #[test]
    fn nothing_decides_where_nothing_is_compared_or_shown() {
        let alone = Sweep { transports: vec![Transport::WebSocket], ..Sweep::quick() }.results();
        assert!(deciding_of(&alone).is_empty());
        assert!(!section(&alone, &Comparison::of(&alone)).into_string().contains("What decides it"));
        let alike = Sweep::aa(5).results();
        assert!(deciding_of(&alike).is_empty());
        assert!(section(&alike, &Comparison::of(&alike)).into_string().contains("tells them apart"));
    }

    #[test]
    fn every_figure_stands_once_and_what_is_flat_behind_a_line() {
        let results = Sweep::aa(5).results();
        let page = section(&results, &Comparison::of(&results)).into_string();
        for figure in all(&results, &Comparison::of(&results)) {
            assert_eq!(page.matches(&format!("id=\"{}\"", figure.id)).count(), 1, "{}", figure.id);
        }
        assert!(page.contains("<strong>Latency under load</strong>: no difference is shown at any of 3 loads."));
        assert!(page.contains("<strong>Time to ready</strong>: No client had to connect again."));
    }
}
