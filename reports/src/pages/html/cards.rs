//! The first screen's cards: a ratio, both values, and its interval as a bar against 1.

use maud::{Markup, PreEscaped, html};

use crate::{
    compare::{Ratio, Verdict, interval},
    figures::painted,
    judge::answer::{Card, Chosen, Entry, State, cards, verdict},
    metrics::Metric,
    words::{count, significant},
};

/// Pixels of a bar, before the page scales it.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 22.0;
/// Ends of all bars are as far from 1 as the greatest ratio wants, between these: further out there is nothing to tell.
const LEAST_END: f64 = 2.0;
const MOST_END: f64 = 32.0;
/// So many loads are named where more are passed over.
const NAMED_MAX: usize = 3;
/// Paints: of whoever takes more.
const MORE: &str = "long-poll";
const LESS: &str = "websocket";
const NEITHER: &str = "axis";

/// `of`: what ids begin with, where the cards of several stand on a page.
pub(super) fn section(chosen: &Chosen<'_>, of: &str) -> Markup {
    let cards = cards(chosen);
    let end = end(&cards);
    html! {
        @if !cards.is_empty() {
            @let who = who(&cards);
            ul class="cards" aria-label="The answer in figures" { @for one in &cards { li { (card(one, of, who.is_none(), end)) } } }
            p class="note" {
                @if let Some(who) = &who { "Large, and the two values: " (who) ". " }
                @if cards.iter().flat_map(|card| &card.entries).any(|entry| matches!(entry.state, State::Compared(_))) {
                    "A ratio is the geometric mean of each repeat’s, and need not be the quotient of the two values. A bar is its 99% \
                     interval, on one logarithmic scale in all cards, and cut where that ends; the stroke in its middle is 1, where both are \
                     alike. "
                }
                @if matches!(chosen.latency, Metric::LastMs(_)) {
                    "Last receiver’s p90: by then nine of ten updates had reached every client."
                }
            }
            @if chosen.of > chosen.rows.len() {
                p class="note" {
                    "The " (chosen.rows.len()) " of " (chosen.of) " in which latency differs most"
                    @if chosen.whose().len() > 1 { ", one of each who is compared among them" }
                    "; "
                    @if of.is_empty() { a href="#comparison" { "all are in the table" } "." } @else { "its own page has all." }
                }
            }
            @if let Some(note) = passed_over(chosen) { p class="note" { (note) } }
        }
    }
}

/// Who is compared, if it is the same in all rows.
fn who(cards: &[Card]) -> Option<String> {
    let names = |entry: &Entry| entry.values.iter().map(|(who, _)| who.clone()).collect::<Vec<_>>();
    let mut all = cards.iter().flat_map(|card| &card.entries).map(names);
    let first = all.next()?;
    all.all(|names| names == first).then(|| first.join(" : "))
}

fn card(card: &Card, of: &str, is_named: bool, end: f64) -> Markup {
    html! {
        h2 id={ (of) (card.id) } { (card.title) }
        p class="what" { (card.metric.name()) }
        @for entry in &card.entries { (row(card, entry, is_named, end)) }
    }
}

fn row(card: &Card, entry: &Entry, is_named: bool, end: f64) -> Markup {
    let (class, large, verdict) = match entry.state {
        State::Compared(ratio) => {
            let class = match ratio.verdict() {
                Verdict::More => "more",
                Verdict::Less => "less",
                Verdict::NoDifferenceShown => "unclear",
            };
            (class, format!("{}×", significant(ratio.value(), 2)), verdict(ratio, card.metric))
        }
        State::Void(why) => ("void", "void".to_owned(), why.to_owned()),
        State::Unfinished => ("void", "failed".to_owned(), "no run of a point was finished".to_owned()),
        State::NotStated => ("unstated", "not stated".to_owned(), String::new()),
    };
    let who = format!("{}{}", entry.name, if entry.name.is_empty() || entry.load.is_empty() { "" } else { ", " });
    html! {
        div class={ "entry " (class) } {
            @if !who.is_empty() || !entry.load.is_empty() { p class="where" { strong { (who) } (entry.load) } }
            p class="ratio" { span class="large" { (large) } " " (verdict) }
            @if let State::Compared(ratio) = entry.state { (bar(ratio, end)) }
            p class="values" {
                span {
                    @for (place, (who, value)) in entry.values.iter().enumerate() {
                        @if place > 0 { " : " }
                        @if is_named { (who) " " (value) } @else { b { (without_unit(value, place, &entry.values)) } }
                    }
                }
                @if let State::Compared(ratio) = entry.state { " " span { (interval(ratio).unwrap_or_default()) } }
            }
        }
    }
}

/// The unit is said once where it is that of the next value too.
fn without_unit<'v>(value: &'v str, place: usize, all: &[(String, String)]) -> &'v str {
    let unit = |value: &'v str| value.split_once(' ').map_or("", |(_, unit)| unit);
    let next = all.get(place + 1).and_then(|(_, next)| next.split_once(' '));
    match next {
        Some((_, next)) if next == unit(value) => value.split(' ').next().unwrap_or(value),
        _ => value,
    }
}

/// The interval of a ratio, to scale against 1 in the middle.
fn bar(ratio: Ratio, end: f64) -> Markup {
    let x = |ratio: f64| (WIDTH / 2.0 * (1.0 + ratio.ln() / end.ln())).clamp(3.0, WIDTH - 3.0);
    let round = |pixels: f64| format!("{pixels:.1}");
    let colour = match ratio.verdict() {
        Verdict::More => MORE,
        Verdict::Less => LESS,
        Verdict::NoDifferenceShown => NEITHER,
    };
    let (middle, at) = (WIDTH / 2.0, x(ratio.value()));
    let said = interval(ratio).map_or_else(
        || "a single repeat has no interval".to_owned(),
        |interval| format!("99% interval {interval}, against 1"),
    );
    let svg = html! {
        svg class="bar" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) role="img" aria-label=(said) {
            title { (said) }
            path d={ "M0 11H" (WIDTH) } stroke="grid" stroke-width="1" {}
            path d={ "M" (middle) " 1V21" } stroke="soft" stroke-width="1.5" {}
            @if let Some((low, high)) = ratio.interval() {
                @let (from, to) = (x(low), x(high));
                rect x=(round(from - 1.5)) y="8" width=(round(to - from + 3.0)) height="6" rx="2" fill=(colour) {}
            }
            circle cx=(round(at)) cy="11" r="5" fill=(colour) {}
        }
    };
    PreEscaped(painted(&svg.into_string()))
}

/// As far from 1 as the bars of all cards reach.
fn end(cards: &[Card]) -> f64 {
    let ratios = cards.iter().flat_map(|card| &card.entries).filter_map(|entry| match entry.state {
        State::Compared(ratio) => Some(ratio.value().ln().abs()),
        _ => None,
    });
    (1.25 * ratios.fold(0.0, f64::max)).exp().clamp(LEAST_END, MOST_END)
}

/// That heavier loads are not spoken of, and why.
fn passed_over(chosen: &Chosen<'_>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for row in &chosen.rows {
        let who = row.whose().filter(|_| chosen.whose().len() > 1);
        let who = who.map(|who| format!("{} at ", who.title())).unwrap_or_default();
        for name in row.passed_over.iter().map(|case| format!("{who}{}", case.name())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let further = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    if further > 0 {
        names.push(format!("{} more", count(further as u64)));
    }
    (!names.is_empty())
        .then(|| format!("Heavier loads are void or failed, and so not spoken of: {}.", names.join("; ")))
}
