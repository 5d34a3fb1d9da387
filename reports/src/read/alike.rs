//! Whether two folders may be compared: what would move the numbers, beside the change that one wants to judge.

use std::fmt::{self, Display};

use protocol::results::{Also, Manifest, Path, Peer};

use crate::words::number;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

const SAME_MACHINE: &str = "measure both on one machine";
const SAME_BUILD: &str = "build both alike";
const LIBRARIES: &str = "libraries";
/// What a search tries at a load are no repeats, and the next search tries others.
const SEARCH: &str = "search";
const SAME_SCENARIO: &str = "run both with the same scenario and options";

/// Why two folders are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unlike {
    /// What differs, at least one thing.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub what: &'static str,
    /// In the older folder.
    pub base: String,
    /// In the newer one.
    pub head: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Unlike {
    /// What two folders differ in; none if they may be compared.
    pub(crate) fn between(base: &Manifest, head: &Manifest) -> Option<Self> {
        if base.scenario.search.is_some() || head.scenario.search.is_some() {
            let said = |manifest: &Manifest| {
                if manifest.scenario.search.is_some() { "one for capacity" } else { "none" }.to_owned()
            };
            let remedy = "set side by side what each of them says that is carried, in its own report";
            return Some(Self {
                differences: vec![Difference { what: SEARCH, base: said(base), head: said(head), remedy }],
            });
        }
        let pairs = described(base).into_iter().zip(described(head));
        let differences: Vec<_> = pairs
            .filter(|((.., base), (.., head))| base != head)
            .map(|((what, remedy, base), (.., head))| Difference { what, base, head, remedy })
            .collect();
        (!differences.is_empty()).then_some(Self { differences })
    }

    /// Whether one of them is a search, so that there is nothing to compare, even if it is forced.
    pub(crate) fn is_of_search(&self) -> bool {
        self.differences.iter().any(|difference| difference.what == SEARCH)
    }

    /// The same, where versions of libraries may be the very change that one wants to judge.
    pub(crate) fn between_revisions(base: &Manifest, head: &Manifest) -> Option<Self> {
        let mut unlike = Self::between(base, head)?;
        unlike.differences.retain(|difference| difference.what != LIBRARIES);
        (!unlike.differences.is_empty()).then_some(unlike)
    }
}

impl Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_search() {
            write!(f, "a search for capacity has no repeats of equal loads, and so cannot be compared load by load:")?;
            return self.differences.iter().try_for_each(|difference| write!(f, "\n  {difference}"));
        }
        write!(f, "the two are not alike, so that a difference would not be the change's doing:")?;
        for difference in &self.differences {
            write!(f, "\n  {difference}")?;
        }
        write!(f, "\nAdd --force to compare them all the same; the comparison is then marked.")
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, base, head, remedy } = self;
        write!(f, "{what}: {base} in base, {head} in head; {remedy}")
    }
}

/// Everything that must be alike: its name, what to do if it is not, and its value.
fn described(manifest: &Manifest) -> Vec<(&'static str, &'static str, String)> {
    let (machine, scenario) = (&manifest.machine, &manifest.scenario);
    vec![
        ("processor", SAME_MACHINE, machine.cpu.clone()),
        ("cores", SAME_MACHINE, machine.cores.to_string()),
        ("memory", SAME_MACHINE, format!("{} GiB", number(machine.memory_bytes as f64 / GIB))),
        ("CPU quota", SAME_MACHINE, quota(manifest)),
        ("kernel", SAME_MACHINE, machine.kernel.clone()),
        ("allocator", SAME_BUILD, manifest.allocator.clone()),
        ("profile", SAME_BUILD, manifest.profile.clone()),
        (LIBRARIES, SAME_BUILD, libraries(manifest)),
        ("transports", SAME_SCENARIO, listed(&scenario.transports)),
        ("clients", SAME_SCENARIO, listed(&scenario.clients)),
        ("updates/s", SAME_SCENARIO, listed(&scenario.rate_hz)),
        ("bytes per update", SAME_SCENARIO, listed(&scenario.payload_bytes)),
        ("arrivals", SAME_SCENARIO, format!("{:?}", scenario.arrivals)),
        ("feed", SAME_SCENARIO, scenario.replay.clone().unwrap_or_else(|| "none".to_owned())),
        ("replay speed", SAME_SCENARIO, listed(&scenario.speed)),
        ("warm-up", SAME_SCENARIO, seconds(scenario.warm_up_s)),
        ("measure phase", SAME_SCENARIO, seconds(scenario.measure_s)),
        ("connections/s", SAME_SCENARIO, scenario.connect_rate.to_string()),
        (
            "engines",
            SAME_SCENARIO,
            if scenario.engine.is_empty() { "not known".to_owned() } else { listed(&scenario.engine) },
        ),
        ("servers", SAME_SCENARIO, servers(manifest)),
        ("dialect", SAME_SCENARIO, scenario.dialect.clone().unwrap_or_else(|| "none".to_owned())),
        (
            "publishing",
            SAME_SCENARIO,
            scenario.publish.map_or_else(|| "the server's".to_owned(), |how| how.to_string()),
        ),
        ("polls", SAME_SCENARIO, scenario.polls.to_string()),
        (
            "poll interval",
            SAME_SCENARIO,
            scenario.poll_interval_s.map_or_else(|| "none".to_owned(), |interval_s| format!("{interval_s} s")),
        ),
        ("network", SAME_SCENARIO, network(manifest)),
        ("loads beside", SAME_SCENARIO, beside(manifest)),
        ("TLS", SAME_SCENARIO, listed(&scenario.tls)),
        ("signals/s", SAME_SCENARIO, scenario.signal_rate_hz.to_string()),
        ("disturbance", SAME_SCENARIO, scenario.disturbance.map_or_else(|| "none".to_owned(), |kind| kind.to_string())),
        ("A/A", SAME_SCENARIO, scenario.aa.to_string()),
        ("server threads", SAME_SCENARIO, scenario.server_threads.to_string()),
        ("generator threads", SAME_SCENARIO, scenario.workers.to_string()),
        ("processors", SAME_SCENARIO, pinned(manifest)),
        ("idle processors", SAME_SCENARIO, if scenario.kept_awake { "kept awake" } else { "left to sleep" }.to_owned()),
        ("proxy", SAME_SCENARIO, scenario.through.clone().unwrap_or_else(|| "none".to_owned())),
        // Where it listens makes no difference; nor what starts it, as that may be what is compared.
        (
            "server",
            SAME_SCENARIO,
            if scenario.server.is_some() { "there already" } else { "started for each run" }.to_owned(),
        ),
    ]
}

fn libraries(manifest: &Manifest) -> String {
    let named: Vec<_> = manifest.libraries.iter().map(|(name, version)| format!("{name} {version}")).collect();
    named.join(", ")
}

/// `loopback`, `0 ms, 40 ms`, and how long the outage is, if there is one.
fn network(manifest: &Manifest) -> String {
    let outage = manifest.scenario.outage_s.map(|outage_s| format!(", an outage of {outage_s} s"));
    paths(&manifest.scenario.path) + &outage.unwrap_or_default()
}

fn paths(paths: &[Option<Path>]) -> String {
    let through = |path: &Option<Path>| path.map_or_else(|| "loopback".to_owned(), |path| path.to_string());
    listed(&paths.iter().map(through).collect::<Vec<_>>())
}

/// `100 clients, 50 updates/s of 128 B, lean, 40 ms`, and so on.
fn beside(manifest: &Manifest) -> String {
    let said = |also: &Also| {
        let Also { clients, rate_hz, payload_bytes, engine, path } = also;
        let (clients, rates, bytes) = (listed(clients), listed(rate_hz), listed(payload_bytes));
        format!("{clients} clients, {rates} updates/s of {bytes} B, {}, {}", listed(engine), paths(path))
    };
    let said: Vec<_> = manifest.scenario.also.iter().map(said).collect();
    if said.is_empty() { "none".to_owned() } else { said.join("; ") }
}

/// Those that are compared, with what starts them.
fn servers(manifest: &Manifest) -> String {
    let said = |peer: &Peer| {
        let command = peer.command.as_ref().map(|command| format!(" ({command})")).unwrap_or_default();
        format!("{}{command}", peer.name)
    };
    listed(&manifest.scenario.peer.iter().map(said).collect::<Vec<_>>())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds} s")
}

fn quota(manifest: &Manifest) -> String {
    let (quota_us, period_us) = manifest.limits.cpu_max.unwrap_or((0, 0));
    if quota_us == 0 { "none".to_owned() } else { format!("{} processors", number(quota_us as f64 / period_us as f64)) }
}

fn pinned(manifest: &Manifest) -> String {
    manifest.scenario.pinned.as_ref().map_or_else(
        || "shared".to_owned(),
        |pinning| format!("{} / {}", listed(&pinning.server), listed(&pinning.generator)),
    )
}

fn listed<T: ToString>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Sweep, through};

    fn differ(change: impl Fn(&mut Manifest)) -> Vec<&'static str> {
        let base = Sweep::quick().results().manifest;
        let mut head = base.clone();
        change(&mut head);
        let unlike = Unlike::between(&base, &head);
        unlike.map(|unlike| unlike.differences.iter().map(|difference| difference.what).collect()).unwrap_or_default()
    }

    #[test]
    fn what_moves_the_numbers_must_be_alike() {
        assert_eq!(differ(|manifest| manifest.scenario.seed += 1), [""; 0]);
        assert_eq!(differ(|manifest| manifest.scenario.warm_up_s += 1.0), ["warm-up"]);
        assert_eq!(differ(|manifest| manifest.scenario.measure_s += 1.0), ["measure phase"]);
        assert_eq!(differ(|manifest| manifest.scenario.connect_rate += 1), ["connections/s"]);
        let ws = || Peer { name: "ws".to_owned(), transports: Vec::new(), command: None, publish: None };
        let also = || Also {
            clients: vec![100],
            rate_hz: vec![50.0],
            payload_bytes: vec![128],
            engine: Vec::new(),
            path: vec![through(40.0)],
        };
        assert_eq!(differ(|manifest| manifest.scenario.peer.push(ws())), ["servers"]);
        assert_eq!(differ(|manifest| manifest.scenario.path = vec![through(0.0)]), ["network"]);
        assert_eq!(differ(|manifest| manifest.scenario.outage_s = Some(2.0)), ["network"]);
        assert_eq!(differ(|manifest| manifest.scenario.also.push(also())), ["loads beside"]);
        assert_eq!(differ(|manifest| manifest.scenario.dialect = Some("ws".to_owned())), ["dialect"]);
        assert_eq!(differ(|manifest| *manifest.libraries.get_mut("hyper").unwrap() += "1"), ["libraries"]);
    }

    #[test]
    fn revisions_may_differ_in_their_libraries() {
        let base = Sweep::quick().results().manifest;
        let mut head = base.clone();
        *head.libraries.get_mut("hyper").unwrap() += "1";
        assert_eq!(Unlike::between_revisions(&base, &head), None);
        head.profile = "dev".to_owned();
        assert_eq!(Unlike::between_revisions(&base, &head).unwrap().differences.len(), 1);
    }
}
