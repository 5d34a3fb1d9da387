//! Under which conditions the first screen's figures were measured.

use protocol::results::Audience;

use super::rows::Chosen;
use crate::{
    compare::Case,
    judge::places::{engine, server_name},
    read::Results,
    words::{self, count, setting},
};

/// Each with its name; values that differ between rows stand beside each other.
pub(crate) fn conditions(results: &Results, chosen: &Chosen<'_>) -> Vec<(&'static str, String)> {
    let manifest = &results.manifest;
    let machine = &manifest.machine;
    let repeats = manifest.scenario.repeats.max(1);
    let all = |of: fn(&Case<'_>) -> String| {
        let mut values: Vec<String> = Vec::new();
        for value in chosen.cases().into_iter().map(of).filter(|value| !value.is_empty()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.join("; ")
    };
    let most = chosen.rows.iter().flat_map(|row| row.case.sides.values()).map(|side| side.runs().len()).max();
    let conditions = [
        ("path", all(|case| case.load.path.map_or_else(|| "loopback".to_owned(), words::path))),
        ("clients", all(|case| count(case.load.clients.into()))),
        (
            "audience",
            all(|case| match case.load.audience {
                Audience::Broadcast => String::new(),
                audience => words::audience(audience),
            }),
        ),
        ("updates", all(|case| words::published(&case.load))),
        (
            "short polls",
            manifest.scenario.poll_interval_s.map_or_else(String::new, |s| format!("every {} s", setting(s))),
        ),
        ("server", if manifest.scenario.peer.is_empty() { String::new() } else { all(server_name) }),
        ("engine", all(|case| engine(&case.load).unwrap_or_default())),
        ("TLS", all(|case| if case.load.tls { "yes" } else { "" }.to_owned())),
        ("repeats", most.unwrap_or(repeats as usize).to_string()),
        ("machine", format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.kernel)),
    ];
    conditions.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
