//! One metric at one load as a sentence, for under a picture.

use super::pair::Pair;
use crate::{
    compare::Case,
    metrics::Metric,
    words::{self, possessive},
};

/// "At 4,000 clients and 10 updates/s of 128 B, long polling’s p99 latency was 1.9× WebSocket’s: 78 ms against 41 ms."
pub(crate) fn takeaway(case: &Case<'_>, metric: Metric) -> Option<String> {
    let said: Vec<String> = Pair::within(case)
        .iter()
        .filter_map(|pair| Some(format!("{} {}", possessive(&pair.ours.contender().title()), pair.clause(metric)?)))
        .collect();
    (!said.is_empty()).then(|| format!("{}, {}.", at(case), said.join("; ")))
}

/// "At 4,000 clients and 10 updates/s of 128 B", through which round trip, if there was a link, and which server that was, if there are
/// several
pub(crate) fn at(case: &Case<'_>) -> String {
    let server = case.server.as_ref().map(|server| format!(", on {}", server.name)).unwrap_or_default();
    let through = case.load.path.map(|path| format!(", {}", words::path(path))).unwrap_or_default();
    format!("At {} and {}{through}{server}", words::clients(case.load.clients), words::stream(&case.load.stream))
}
