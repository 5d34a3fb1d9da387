//! Where loads were borne, in words: by which server and engine, over which path; what they have in common, and what tells one from the others.

use std::collections::BTreeSet;

use protocol::{
    Engine,
    results::{Load, Path, Peer, Stream},
};

use crate::{
    compare::Case,
    points::Axis,
    words::{self, count, setting},
};

/// What they may differ by, each as a phrase of a sentence.
type Part = fn(&Case<'_>) -> String;
const PARTS: [Part; 4] = [path_of, server_of, engine_of, tls_of];

/// A load but for its clients and updates: server, engine, path, TLS.
pub(super) fn place(load: &Load) -> Load {
    Load { clients: 0, stream: Stream::Pushed, ..load.clone() }
}

/// What all of them have in common: `over loopback at 10 updates a second`.
pub(super) fn common(cases: &[&Case<'_>], varied: &[Axis]) -> String {
    let Some(first) = cases.first() else { return String::new() };
    let place = [path_of as Part, server_of].into_iter().filter(|part| !varies(cases, *part)).map(|part| part(first));
    // Of another load something else may be said.
    let load = varied.iter().filter_map(|axis| {
        let of = |case: &Case<'_>| at(*axis, &case.load);
        of(first).filter(|said| cases.iter().all(|case| of(case).as_ref() == Some(said)))
    });
    place.chain(load).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `at 10 updates a second`; none of what is no load.
fn at(axis: Axis, load: &Load) -> Option<String> {
    match (axis, &load.stream) {
        (Axis::Clients, _) => Some(format!("at {}", words::clients(load.clients))),
        (Axis::RateHz, Stream::Synthetic { rate_hz, .. }) => Some(format!("at {} a second", words::updates(*rate_hz))),
        (Axis::PayloadBytes, Stream::Synthetic { payload_bytes, .. }) => {
            Some(format!("at {} B an update", count((*payload_bytes).into())))
        }
        (Axis::Speed, Stream::Replay { speed, .. }) => Some(format!("at {}× the feed’s speed", setting(*speed))),
        _ => None,
    }
}

/// What tells one from the others: `over a round trip of 40 ms with hand-written code`; empty if nothing does.
pub(super) fn apart(case: &Case<'_>, cases: &[&Case<'_>]) -> String {
    let parts = PARTS.into_iter().filter(|part| varies(cases, *part)).map(|part| part(case));
    parts.chain([load_of(case, cases)]).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same as a name: `loopback, stock`.
pub(super) fn name(case: &Case<'_>, cases: &[&Case<'_>]) -> String {
    let load = &case.load;
    let engine = load.engine.map(|engine| engine.to_string()).unwrap_or_default();
    let path = load.path.map_or_else(|| "loopback".to_owned(), words::path);
    let tls = if load.tls { "TLS" } else { "no TLS" };
    let named: [(Part, String); 4] =
        [(path_of, path), (server_of, server(case).to_owned()), (engine_of, engine), (tls_of, tls.to_owned())];
    let parts = named.into_iter().filter(|(part, name)| varies(cases, *part) && !name.is_empty()).map(|(_, name)| name);
    parts.collect::<Vec<_>>().join(", ")
}

/// Clients and updates, where they differ in them: `1,000 clients, 25 updates/s of 128 B`; else empty.
pub(super) fn load(case: &Case<'_>, cases: &[&Case<'_>]) -> String {
    let of = |case: &Case<'_>| format!("{}, {}", words::clients(case.load.clients), words::stream(&case.load.stream));
    if cases.iter().any(|other| of(other) != of(case)) { of(case) } else { String::new() }
}

/// Whether those that say something of it say different things: a server without engines does not differ by them.
fn varies(cases: &[&Case<'_>], part: Part) -> bool {
    let said: BTreeSet<String> = cases.iter().map(|case| part(case)).filter(|said| !said.is_empty()).collect();
    said.len() > 1
}

fn path_of(case: &Case<'_>) -> String {
    let Some(path) = case.load.path else { return "over loopback".to_owned() };
    let Path { rtt_ms, jitter_ms, loss_percent } = path;
    let span = words::path(Path { jitter_ms: 0.0, loss_percent: 0.0, rtt_ms });
    let jitter = (jitter_ms > 0.0).then(|| format!("{} ms jitter", setting(jitter_ms)));
    let loss = (loss_percent > 0.0).then(|| format!("{}% loss", setting(loss_percent)));
    let further: Vec<String> = jitter.into_iter().chain(loss).collect();
    let further = if further.is_empty() { String::new() } else { format!(" with {}", further.join(" and ")) };
    format!("over a round trip of {}{further}", span.trim_end_matches(" round trip"))
}

fn server<'r>(case: &'r Case<'_>) -> &'r str {
    match case.server_name() {
        "" => case.load.peer.as_deref().unwrap_or_default(),
        name => name,
    }
}

fn server_of(case: &Case<'_>) -> String {
    let name = server(case);
    match name {
        "" => String::new(),
        Peer::OWN => "on pushbench’s own server".to_owned(),
        name => format!("on {name}"),
    }
}

fn engine_of(case: &Case<'_>) -> String {
    match case.load.engine {
        Some(Engine::Lean) => "with hand-written code",
        Some(Engine::Stock) => "with hyper and tungstenite",
        None => "",
    }
    .to_owned()
}

fn tls_of(case: &Case<'_>) -> String {
    if case.load.tls { "under TLS" } else { "without TLS" }.to_owned()
}

/// By what its load differs from that of another of the same server, engine and path: `at 1 update a second`.
fn load_of(case: &Case<'_>, cases: &[&Case<'_>]) -> String {
    let load = &case.load;
    let others = cases.iter().map(|other| &other.load).filter(|other| place(other) == place(load));
    let others: Vec<&Load> = others.filter(|other| *other != load).collect();
    let tells = |axis: &Axis| others.iter().any(|other| axis.tells_apart(load, other));
    let parts = Axis::ALL.into_iter().filter(tells).filter_map(|axis| at(axis, load));
    parts.collect::<Vec<_>>().join(" ")
}

/// The engine's name for people, where the server has one.
pub(super) fn engine(load: &Load) -> Option<String> {
    load.engine.map(|engine| match engine {
        Engine::Lean => format!("{engine}: hand-written"),
        Engine::Stock => format!("{engine}: hyper and tungstenite"),
    })
}

/// The server's name, the own one's where it stands alone.
pub(super) fn server_name(case: &Case<'_>) -> String {
    let name = server(case);
    if name.is_empty() { Peer::OWN.to_owned() } else { name.to_owned() }
}
