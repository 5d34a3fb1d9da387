//! What was measured with, and where: machine, limits, versions, and the command to do it again.

use maud::{Markup, html};
use std::collections::BTreeSet;

use protocol::results::{Arrivals, Disturbance, Expectation, Path, Peer, Pinning, Polls, Scenario, Search};

use super::page::folded;
use crate::{
    read::Results,
    words::{self, command_without_secrets, count, number, setting, url_without_secrets},
};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

pub(super) fn section(results: &Results) -> Markup {
    let content = html! {
        p class="why" { (results.manifest.scenario.why) }
        div class="setup" {
            (list("Machine", &machine(results)))
            (list("Build", &build(results)))
            (list("Sweep", &sweep(results)))
        }
        h3 { "Repeat it" }
        pre { code { (command(&results.manifest.command)) } }
    };
    folded("setup", "Setup", "machine, build, sweep, and the command to repeat it", &content)
}

fn list(name: &str, entries: &[(&str, String)]) -> Markup {
    html! {
        div {
            h3 { (name) }
            dl { @for (term, value) in entries { dt { (term) } dd { (value) } } }
        }
    }
}

fn machine(results: &Results) -> Vec<(&'static str, String)> {
    let (machine, limits) = (&results.manifest.machine, &results.manifest.limits);
    vec![
        ("processor", machine.cpu.clone()),
        ("cores", machine.cores.to_string()),
        ("memory", format!("{} GiB", number(machine.memory_bytes as f64 / GIB))),
        ("kernel", machine.kernel.clone()),
        ("TCP’s congestion control", machine.congestion_control.clone().unwrap_or_else(|| "not noted".to_owned())),
        ("load average at start", format!("{:.2}", machine.load_average)),
        ("open files, at most", count(limits.open_files)),
        ("listen backlog, at most", count(limits.somaxconn)),
        ("local ports", format!("{}–{}", limits.ports.0, limits.ports.1)),
        (
            "container’s memory, at most",
            limits.memory_max.map_or_else(none, |bytes| format!("{} GiB", number(bytes as f64 / GIB))),
        ),
        (
            "container’s CPU quota",
            limits.cpu_max.map_or_else(none, |(quota, period)| format!("{quota} µs in each {period} µs")),
        ),
    ]
}

fn none() -> String {
    "no limit".to_owned()
}

fn build(results: &Results) -> Vec<(&'static str, String)> {
    let manifest = &results.manifest;
    let libraries: Vec<String> = manifest.libraries.iter().map(|(name, version)| format!("{name} {version}")).collect();
    vec![
        ("pushbench", manifest.version.clone()),
        ("revision", manifest.git_revision.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("profile", manifest.profile.clone()),
        ("server’s allocator", manifest.allocator.clone()),
        ("libraries", libraries.join(", ")),
    ]
}

fn sweep(results: &Results) -> Vec<(&'static str, String)> {
    let scenario = &results.manifest.scenario;
    let arrivals = match (&scenario.replay, scenario.arrivals) {
        (Some(feed), _) => format!("replayed from {feed}"),
        (None, Arrivals::Constant) => "at even intervals".to_owned(),
        (None, Arrivals::Poisson) => "at exponential intervals (Poisson)".to_owned(),
    };
    let pinned = |cores: &[u32]| cores.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let cores = match &scenario.pinned {
        Some(Pinning { server, generator, share_core, .. }) => {
            let shared = if *share_core == Some(true) { ": threads of one core, which slow each other" } else { "" };
            format!("server on {}, generator on {}{shared}", pinned(server), pinned(generator))
        }
        None => "shared".to_owned(),
    };
    let mut all = vec![("began", began(&results.manifest.started_utc))];
    all.extend(match &scenario.search {
        Some(search) => tries(search, results.runs.len()),
        None => runs(results),
    });
    all.extend([
        ("updates", arrivals),
        ("audience", audience(scenario)),
        ("polls", polls(scenario.polls).to_owned()),
        (
            "short polls",
            scenario.poll_interval_s.map_or_else(|| "none".to_owned(), |s| format!("every {} s", setting(s))),
        ),
        ("signals", signals(scenario.signal_rate_hz)),
        ("disturbance", disturbance(scenario.disturbance).to_owned()),
        ("network", network(results)),
        ("TLS", tls(results)),
        ("updates expected", expectation(results).to_owned()),
        ("connections", format!("{} a second at most", count(scenario.connect_rate.into()))),
        ("threads", format!("{} of the server, {} of the generator", scenario.server_threads, scenario.workers)),
        ("cores", cores),
        (
            "idle cores",
            if scenario.kept_awake { "kept awake by loops of idle priority" } else { "left to sleep" }.to_owned(),
        ),
        ("server", server(results)),
        (
            "proxy",
            scenario
                .through
                .clone()
                .map_or_else(|| "none".to_owned(), |name| format!("{name}; what is said of the server is of both")),
        ),
        ("seed", scenario.seed.to_string()),
    ]);
    all
}

fn runs(results: &Results) -> Vec<(&'static str, String)> {
    let scenario = &results.manifest.scenario;
    let phases = format!(
        "settle {} s, warm up {} s or more, measure {} s, drain up to {} s",
        setting(scenario.settle_s),
        setting(scenario.warm_up_s),
        setting(scenario.measure_s),
        setting(scenario.drain_s)
    );
    vec![
        ("runs", format!("{} of {}", results.runs.len(), results.manifest.planned_runs)),
        ("repeats", scenario.repeats.to_string()),
        ("phases", phases),
    ]
}

fn tries(search: &Search, trials: usize) -> Vec<(&'static str, String)> {
    let Search { axis, from, to, step, processes, trial_s, trial_updates, goals } = search;
    vec![
        ("goals", goals.join(", ")),
        (
            "search",
            format!(
                "{axis} from {} to {} in steps of {}%",
                setting(*from),
                setting(*to),
                setting((1e4 * step).round() / 100.0)
            ),
        ),
        ("server processes", format!("{processes} of each contender")),
        (
            "trials",
            format!(
                "{}, each of {} s or {} updates, whichever is longer",
                count(trials as u64),
                setting(*trial_s),
                count((*trial_updates).into())
            ),
        ),
    ]
}

fn polls(polls: Polls) -> &'static str {
    match polls {
        Polls::Deferred => "deferred, as acknowledgements: sent once nothing that had arrived was left to be read",
        Polls::AtOnce => "at once: each sent directly after its own answer; acknowledgements are the kernel’s",
    }
}

/// Where it was, and which processes had its port. Older results have a URL as it was typed.
fn server(results: &Results) -> String {
    let scenario = &results.manifest.scenario;
    if !scenario.peer.is_empty() {
        let said: Vec<String> = scenario.peer.iter().map(|peer| one_of_several(peer, results)).collect();
        return format!("a fresh one for every run: {}", said.join("; "));
    }
    let url = match (&scenario.server, &scenario.server_command) {
        (Some(url), _) => url_without_secrets(url),
        (None, Some(command)) => format!("a fresh one for every run: {command}"),
        (None, None) => return "a fresh one for every run".to_owned(),
    };
    let processes =
        results.runs.iter().find_map(|run| Some(&run.server.as_ref()?.processes)).filter(|all| !all.is_empty());
    match processes {
        Some(all) => format!("{url}, measured: {}", all.join(", ")),
        None => url,
    }
}

/// `nchan, by ./start {host} {port}, updates by http, measured: nginx 17, nginx 19`
fn one_of_several(peer: &Peer, results: &Results) -> String {
    let command = peer.command.iter().map(|command| format!(", by {command}"));
    let publish = peer.publish.iter().map(|publish| format!(", updates by {publish}"));
    let mut runs = results.runs.iter().filter(|run| run.point.load.peer.as_deref() == peer.in_load());
    let processes = runs.find_map(|run| Some(&run.server.as_ref()?.processes)).filter(|all| !all.is_empty());
    let measured = processes.iter().map(|all| format!(", measured: {}", all.join(", ")));
    [peer.name.clone()].into_iter().chain(command).chain(publish).chain(measured).collect()
}

/// To whom updates go, and whose they are.
fn audience(scenario: &Scenario) -> String {
    let whose = if scenario.speak { ", said by clients, each at the load’s rate" } else { "" };
    let audiences: Vec<String> = scenario.audience.iter().copied().map(words::audience).collect();
    format!("{}{whose}", audiences.join("; "))
}

fn signals(rate_hz: f64) -> String {
    if rate_hz > 0.0 { format!("{} a second from each client", setting(rate_hz)) } else { "none".to_owned() }
}

fn disturbance(disturbance: Option<Disturbance>) -> &'static str {
    match disturbance {
        None => "none",
        Some(Disturbance::Drop) => "every client drops its connection, a quarter into the measure phase",
        Some(Disturbance::Restart) => "the server is killed and started again, a quarter into the measure phase",
        Some(Disturbance::Outage) => "the network takes every packet away, a quarter into the measure phase",
    }
}

/// Every path, and how long the outage was, if that was the disturbance.
fn network(results: &Results) -> String {
    let Scenario { path, outage_s, .. } = &results.manifest.scenario;
    let through = |path: &Option<Path>| path.map_or_else(|| "loopback".to_owned(), words::path);
    let outage = outage_s.map(|outage_s| format!("an outage of {} s", setting(outage_s)));
    path.iter().map(through).chain(outage).collect::<Vec<_>>().join("; ")
}

/// What was agreed on, in all runs.
fn tls(results: &Results) -> String {
    let agreed: BTreeSet<&str> =
        results.runs.iter().filter_map(|run| run.tls.as_ref()).map(|tls| tls.agreed.as_str()).collect();
    if agreed.is_empty() { "none".to_owned() } else { agreed.into_iter().collect::<Vec<_>>().join(", ") }
}

/// An RFC 3339 time in UTC, to the second.
fn began(started_utc: &str) -> String {
    let to_the_second = started_utc.split(['.', 'Z']).next().unwrap_or(started_utc);
    format!("{} UTC", to_the_second.replace('T', " "))
}

fn expectation(results: &Results) -> &'static str {
    let by = |source| results.runs.iter().any(|run| run.stream.source == source);
    if by(Expectation::Arrivals) {
        "what came, and nobody knows what was to come"
    } else if by(Expectation::Bracketed) {
        "counted by clients, from gapless sequence numbers"
    } else {
        "counted by the publisher"
    }
}

/// The command line as a shell takes it.
fn command(words: &[String]) -> String {
    command_without_secrets(words).iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn shared_cores_are_said_and_others_are_not() {
        let cores = |share_core| {
            let mut results = Sweep::quick().results();
            results.manifest.scenario.pinned.as_mut().unwrap().share_core = share_core;
            sweep(&results).into_iter().find(|(term, _)| *term == "cores").unwrap().1
        };
        assert_eq!(cores(Some(true)), "server on 0, generator on 1: threads of one core, which slow each other");
        assert_eq!(
            (cores(Some(false)), cores(None)),
            ("server on 0, generator on 1".to_owned(), "server on 0, generator on 1".to_owned())
        );
    }

    #[test]
    fn nobody_reads_nanoseconds() {
        assert_eq!(began("2026-11-23T19:12:08.024651764Z"), "2026-11-23 19:12:08 UTC");
        assert_eq!(began("2026-11-23T19:12:08Z"), "2026-11-23 19:12:08 UTC");
    }

    #[test]
    fn a_shell_reads_the_command_back() {
        let words = ["loadgen", "run", "--clients", "100,1000", "a b", "it's", "", "--token", "S3CRET"];
        let command = command(&words.map(str::to_owned));
        assert_eq!(command, r"loadgen run --clients 100,1000 'a b' 'it'\''s' '' --token '***'");
    }
}
