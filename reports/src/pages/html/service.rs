//! For your service: what this sweep's costs come to for other clients, rates and sizes. A script multiplies; without it the costs
//! themselves stand here.

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::page::scrolling;
use crate::{
    compare::Comparison,
    judge::{
        answer::chosen,
        service::{Asked, Cost, ESTIMATED, Estimate, Offer, Term, offers},
    },
    read::Results,
    words::{count, number, setting},
};

/// What the page's script reads.
#[derive(Serialize)]
struct Data<O> {
    /// What its fields say at first: the load that the first screen speaks of.
    asked: Asked,
    offers: Vec<O>,
}

pub(super) fn section(results: &Results, comparison: &Comparison<'_>) -> Markup {
    let offers = offers(results, comparison);
    if offers.is_empty() {
        return html! {};
    }
    let asked = chosen(comparison).rows.first().and_then(|row| Asked::of(&row.case.load));
    let asked = asked.unwrap_or(offers[0].measured[0]);
    let data = Data { asked, offers: offers.iter().map(Offer::data).collect() };
    // Within a script's element nothing is markup but its end.
    let data = serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c");
    html! {
        section aria-labelledby="service" {
            h2 id="service" { "For your service" }
            div id="service-asked" {
                p { (said(asked)) }
                (scrolling("Costs of your service", &estimates(&offers, asked)))
            }
            p { "What was fitted to the runs of each, with its 95% interval:" }
            (scrolling("Fitted costs", &table(&offers)))
            p class="note" {
                "Least squares over every valid run, what differs in more than clients, rate and bytes by itself; a part is stated where the loads tell it \
                 apart and show that it is not nought. Memory is with every client idle. Bytes are both ways, as they cross the clients’ \
                 sockets: TCP, IP and TLS records come on top. "
                @if results.manifest.scenario.poll_interval_s.is_some() {
                    "Short polling costs by the poll, and not by the update: at other rates than were measured it is foretold only if rates were varied. "
                }
                (measured(&offers))
            }
            script type="application/json" id="service-costs" { (PreEscaped(data)) }
        }
    }
}

/// For which service, in the words that the script has too.
fn said(asked: Asked) -> String {
    let Asked { clients, rate_hz, bytes } = asked;
    format!(
        "{} clients, {} updates a second of {} B to each: by this sweep’s costs, and in which 95% interval another run would lie.",
        setting(clients),
        setting(rate_hz),
        setting(bytes)
    )
}

/// What stands there until a script asks for another service, and for good where there is none.
fn estimates(offers: &[Offer], asked: Asked) -> Markup {
    let cell = |estimate: Option<Estimate>| {
        let Some((value, reach)) = estimate else { return html! { td class="number" { "not stated" } } };
        let interval = reach.map_or_else(
            || "no interval".to_owned(),
            |reach| format!("{}–{}", number((value - reach).max(0.0)), number(value + reach)),
        );
        html! { td class="number" { (number(value)) small { (interval) } } }
    };
    html! {
        table class="comparison" {
            thead { tr { th scope="col" { "transport" } @for name in ESTIMATED { th scope="col" class="number" { (name) } } } }
            tbody {
                @for offer in offers {
                    @let name = [offer.place.clone(), offer.contender.title()];
                    tr {
                        th scope="row" { (name.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")) }
                        @for estimate in offer.estimates(asked) { (cell(estimate)) }
                    }
                }
            }
        }
    }
}

fn table(offers: &[Offer]) -> Markup {
    let has_places = offers.iter().any(|offer| !offer.place.is_empty());
    html! {
        table class="costs" {
            thead {
                tr {
                    @if has_places { th scope="col" { "where" } }
                    @for name in ["transport", "server CPU", "server memory", "kernel memory", "bytes beyond the update"] {
                        th scope="col" { (name) }
                    }
                }
            }
            tbody {
                @for offer in offers {
                    tr {
                        @if has_places { td { (offer.place) } }
                        th scope="row" { (offer.contender.title()) }
                        td { (parts(offer.cpu_us.as_ref(), "µs")) }
                        td { (parts(offer.user_kib.as_ref(), "KiB")) }
                        td { (parts(offer.kernel_kib.as_ref(), "KiB")) }
                        td { (parts(offer.bytes_more.as_ref(), "B")) }
                    }
                }
            }
        }
    }
}

/// A cost, a line each of its parts.
fn parts(cost: Option<&Cost>, unit: &str) -> Markup {
    let Some(cost) = cost else { return html! { "not stated" } };
    let is_of_clients = cost.terms.contains(&Term::Clients);
    let line = |value: f64, interval: Option<(f64, f64)>, what: &str| {
        let interval = interval.map(|(low, high)| format!(" ({}–{})", number(low), number(high))).unwrap_or_default();
        html! { div { (number(value)) (interval) " " (unit) " " (what) } }
    };
    html! {
        @for (place, term) in cost.terms.iter().enumerate() {
            @let (value, interval) = cost.coefficient(place);
            @let what = match term {
                Term::One if is_of_clients => "in all",
                Term::One => "a delivery",
                Term::Clients => "a client",
                Term::PerClient => "an update",
                Term::PerRate => "a client and second",
                Term::Bytes => "a byte delivered",
            };
            (line(value, interval, what))
        }
        @if cost.offset > 0.0 { (line(cost.offset, None, "without clients")) }
    }
}

/// `Measured: 100 to 4,000 clients, 10 updates/s, 128 B, 9 runs of each.`
fn measured(offers: &[Offer]) -> String {
    let of = |offer: &Offer| {
        let [least, most] = offer.measured;
        let range = |low: f64, high: f64| {
            let word = |value: f64| if value.fract() > 0.0 { number(value) } else { count(value as u64) };
            if low < high { format!("{} to {}", word(low), word(high)) } else { word(low) }
        };
        let place = if offer.place.is_empty() { String::new() } else { format!("{}: ", offer.place) };
        format!(
            "{place}{} clients, {} updates/s, {} B, {} runs of each",
            range(least.clients, most.clients),
            range(least.rate_hz, most.rate_hz),
            range(least.bytes, most.bytes),
            offer.runs
        )
    };
    let mut all: Vec<String> = offers.iter().map(of).collect();
    all.dedup();
    format!("Measured: {}.", all.join("; "))
}

#[cfg(test)]
mod tests {
    use protocol::results::Stream;

    use super::*;
    use crate::fixture::{Sweep, synthetic};

    fn page(results: &Results) -> String {
        section(results, &Comparison::of(results)).into_string()
    }

    #[test]
    fn costs_stand_there_without_a_script_and_their_data_is_inert() {
        let page = page(&Sweep::quick().results());
        for part in [
            "µs a delivery",
            "KiB a client",
            "B a delivery",
            "Measured: 100 to 4,000 clients, 10 updates/s, 128 B, 9 runs of each.",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.contains(r#"<script type="application/json" id="service-costs">{"asked":{"clients":4000.0,"rate_hz":10.0,"bytes":128.0},"#));
        assert!(!page.contains("<input") && !page.contains("<button"), "a control without a script cannot work");
    }

    #[test]
    fn a_cost_per_byte_and_one_per_update_are_parts() {
        let streams = [64, 16_384].map(|bytes| synthetic(10.0, bytes)).to_vec();
        assert!(page(&Sweep { streams, repeats: 5, ..Sweep::quick() }.results()).contains("µs a byte delivered"));
    }

    #[test]
    fn a_feed_has_no_such_section() {
        let feed = Stream::Replay { feed: "market".to_owned(), speed: 1.0 };
        assert_eq!(page(&Sweep { streams: vec![feed], ..Sweep::quick() }.results()), "");
    }

    #[test]
    fn no_name_ends_the_data() {
        let page = page(&Sweep { peers: vec!["</script><b>", "own"], clients: vec![10], ..Sweep::quick() }.results());
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
    }
}
