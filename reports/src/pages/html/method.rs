//! How it was measured, in ten lines, and what the words mean.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::page::folded;
use crate::read::Results;

const METHOD: [&str; 10] = [
    "One server publishes one stream of updates; every client receives every update, over one transport a run.",
    "Transports are interleaved, and every point is repeated, each time against a fresh server.",
    "Clients connect and come to rest, updates warm the path up, and only updates due within the measure phase count.",
    "Latency is receipt minus due time, on one monotonic clock. A late publisher or a stalled server shows as latency.",
    "Expected is clients times updates; what was not delivered is counted as missed, never dropped from the count.",
    "Percentiles come from the latencies of all repeats together, never from averages, and their ranks are over all that was expected; other figures are the repeats’ median.",
    "A ratio is the geometric mean over pairs of repeats measured back to back, with Student’s t on their logarithms for \
     its interval; each repeat is one observation, however many updates it delivered.",
    "Server CPU is the process’s time in user mode and in the kernel within the measure phase, per update received in it.",
    "Server memory is its proportional set size (PSS) with every client idle, less that of the empty server.",
    "Not measured: a network between machines, but for what a link stands for; proxies, compression, and clients that read slowly.",
];

/// What stands in the place of those lines that are of repeats.
const SEARCHED: [(usize, &str); 3] = [
    (
        1,
        "Loads are tried in server processes that stay up, transports in turn, each trial a schedule of its own; smaller loads first, on one grid for all.",
    ),
    (5, "Percentiles of a trial come from its own latencies, and their ranks are over all that was expected."),
    (
        6,
        "A load fails if more than half of its trials do. What counts is the largest load that holds below the smallest that failed, in each \
         process; its interval is Student’s, over the logarithms of what processes found.",
    ),
];

const GLOSSARY: [(&str, &str); 18] = [
    (
        "99% interval",
        "Made like this from fresh repeats each time, 99 of 100 such intervals would hold the true ratio.",
    ),
    ("A/A", "A transport compared with itself. Whatever difference it claims is chance, or a fault of the method."),
    ("client", "One subscriber with one connection, which receives every update."),
    (
        "coordinated omission",
        "The mistake of measuring only when the system is ready to be measured, so that its stalls go unseen.",
    ),
    ("delivery", "One update received by one client."),
    ("due time", "When the schedule says that an update is to be published, whether or not it then is."),
    ("fan-out", "Writing one update to every client. The last client waits for all the others."),
    ("last receiver’s p90", "Nine of ten updates had reached every client within this time."),
    ("loop lag", "From the arrival of bytes in the load generator’s kernel to their being read by it."),
    (
        "no difference shown",
        "The repeats vary too much to tell the two apart, or they differ by less than 5%. It does not mean that they are equal.",
    ),
    ("park", "To hold a long poll unanswered until there is an update for it."),
    ("payload", "One WebSocket message, one event, or one answer to a poll. It may hold several updates."),
    ("percentile", "p99 is the time within which 99 of 100 deliveries were made."),
    (
        "server-sent events",
        "One answer over HTTP that does not end, and an event in it for each update (HTML Standard, section 9.2).",
    ),
    (
        "short polling",
        "Asking again and again at an interval, whether or not there is an update. Each client has a time of its own within that interval.",
    ),
    ("span", "From the first client’s receipt of an update to the last’s."),
    ("void", "Measured, but not fit to be used, for instance because the load generator could not keep up."),
    ("warm-up", "Updates before the measure phase, which do not count."),
];

pub(super) fn section(results: &Results) -> Markup {
    let is_search = results.manifest.scenario.search.is_some();
    let method = html! {
        ol {
            @for (place, line) in METHOD.iter().enumerate() {
                @let searched = SEARCHED.iter().find(|(other, _)| is_search && *other == place);
                li { (searched.map_or(*line, |(_, line)| line)) }
            }
            li { "Kernel memory: " (kernel_methods(results)) "." }
        }
    };
    let glossary =
        html! { dl class="glossary" { @for (term, meaning) in GLOSSARY { dt { (term) } dd { (meaning) } } } };
    html! {
        (folded("method", "How it was measured", "in eleven lines", &method))
        (folded("glossary", "Glossary", "what the words mean", &glossary))
    }
}

/// As the runs themselves say; one method, unless machines were changed between runs.
fn kernel_methods(results: &Results) -> String {
    let methods: BTreeSet<&str> =
        results.runs.iter().filter_map(|run| Some(run.server.as_ref()?.kernel_method.as_str())).collect();
    if methods.is_empty() {
        return "not measured, for want of access to the server’s process".to_owned();
    }
    methods.into_iter().collect::<Vec<_>>().join("; or ")
}
