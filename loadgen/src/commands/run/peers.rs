//! The servers that are compared with one another: found, seen to be complete, and what each of them has no points of.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use protocol::results::{Peer, Publish, Scenario};
use reports::url_without_secrets;

use super::others::{bearable, publish, speakers};
use crate::{
    clients::dialects::Dialect,
    measure::{
        others::{Command, Others},
        target::SERVER_VARIABLE,
    },
    scenario::Settings,
};

/// What a peer's folder has beside its own files.
const DIALECT_FILE: &str = "dialect.toml";
/// Where peers are: here, or in the source that this program was built from.
const PLACES: [&str; 2] = ["peers", concat!(env!("CARGO_MANIFEST_DIR"), "/../peers")];

/// How each peer of the scenario is measured; with that, what the scenario is.
///
/// `at`: where a server runs already, if one is named.
pub(super) fn settle(scenario: &mut Scenario, at: Option<&str>, settings: &Settings) -> anyhow::Result<Vec<Others>> {
    contradictions(scenario, at, settings)?;
    let (mut others, mut missing) = (Vec::new(), Vec::new());
    for asked in std::mem::take(&mut scenario.peer) {
        let peer = match asked.in_load() {
            None => asked,
            Some(_) => {
                let (peer, found) = found(scenario, &asked, &mut missing)?;
                others.push(found);
                peer
            }
        };
        let taken = scenario.peer.iter().any(|known| known.name == peer.name);
        ensure!(!taken, "peer {}: listed twice; once is enough, --repeats repeats it", peer.name);
        scenario.peer.push(peer);
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    if !others.is_empty() {
        bearable(scenario, "peer", true)?;
    }
    if !has_own(scenario) {
        scenario.engine.clear();
    }
    if settings.transports.is_none() {
        let Scenario { transports, peer, .. } = scenario;
        transports.retain(|transport| peer.iter().any(|peer| peer.transports.contains(transport)));
    }
    Ok(others)
}

/// Whether our own server is among those that are measured.
pub(super) fn has_own(scenario: &Scenario) -> bool {
    scenario.peer.iter().any(|peer| peer.in_load().is_none())
}

/// Which peers have no points of which transport, in words.
pub(super) fn unspoken(scenario: &Scenario) -> Vec<String> {
    let of = |peer: &Peer| -> Vec<String> {
        let unspoken = scenario.transports.iter().filter(|transport| !peer.transports.contains(transport));
        unspoken.map(|transport| format!("{} does not speak {transport}: it has no such points.", peer.name)).collect()
    };
    scenario.peer.iter().flat_map(of).collect()
}

fn contradictions(scenario: &Scenario, at: Option<&str>, settings: &Settings) -> anyhow::Result<()> {
    if let Some(url) = at {
        anyhow::bail!(
            "peer beside --server {} (or ${SERVER_VARIABLE}): peers are started for each run; leave one of them out",
            url_without_secrets(url)
        );
    }
    for (option, is_given) in [
        ("server-command", scenario.server_command.is_some()),
        ("server-ready", scenario.server_ready.is_some()),
        ("dialect", scenario.dialect.is_some()),
        ("publish", scenario.publish.is_some()),
    ] {
        ensure!(
            !is_given,
            "peer beside {option}: each peer's own {DIALECT_FILE} says that; leave {option} out, or name a copy of the peer's \
             folder, as in --peer ./mine"
        );
    }
    ensure!(
        settings.engine.is_none() || has_own(scenario),
        "engine beside --peer: engines are of the own server; name it too, as in --peer {},{}, or leave --engine out",
        scenario.peer[0].name,
        Peer::OWN
    );
    Ok(())
}

/// A peer as it is found; what it lacks is added to what is missing.
fn found(scenario: &Scenario, asked: &Peer, missing: &mut Vec<String>) -> anyhow::Result<(Peer, Others)> {
    let folder = folder(&asked.name)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(
        name != Peer::OWN,
        "peer {}: `{}` is the name of the own server; call the folder otherwise",
        asked.name,
        Peer::OWN
    );
    let file = folder.join(DIALECT_FILE);
    let text = std::fs::read_to_string(&file).with_context(|| format!("peer {name}: {}", file.display()))?;
    let dialect = Dialect::parse(&name, &text).with_context(|| format!("peer {name}"))?;
    let start = dialect.server.as_ref().with_context(|| {
        format!(
            "peer {name}: {} has no [server], which says what starts it; add it, with command = \"..\"",
            file.display()
        )
    })?;
    missing.extend(start.needs.iter().filter_map(|need| Some(format!("peer {name}: {}", need.missing(&folder)?))));
    let mut command = Command::read(&format!("peer {name}: command"), &start.command, folder)?;
    if let Some(path) = &start.ready {
        command.set_ready(&format!("peer {name}: ready"), path)?;
    }
    let spoken = dialect.transports();
    let transports: Vec<_> = spoken.iter().copied().filter(|spoken| asked.transports.contains(spoken)).collect();
    ensure!(
        !transports.is_empty(),
        "peer {name}: it speaks {} and nothing of --transports; leave it out, or add what it speaks",
        spoken[0]
    );
    let asked = if scenario.speak { Some(Publish::Client) } else { start.publish };
    let publish = publish(asked, &transports, &dialect, true)?;
    ensure!(
        publish != Publish::None,
        "peer {name}: publish = \"none\": peers are compared by the same stream; measure it alone, by --server-command and --publish none"
    );
    let speakers = speakers(scenario, &dialect, publish)?;
    let peer = Peer { name: name.clone(), transports, command: Some(start.command.clone()), publish: Some(publish) };
    Ok((peer, Others { peer: Some(name), dialect: dialect.into(), publish, speakers, command: Some(command) }))
}

fn folder(asked: &str) -> anyhow::Result<PathBuf> {
    let folders = if asked.contains('/') {
        vec![PathBuf::from(asked)]
    } else {
        PLACES.iter().map(|place| Path::new(place).join(asked)).collect()
    };
    let is_peer = |folder: &PathBuf| folder.join(DIALECT_FILE).is_file();
    let found = folders.into_iter().find(is_peer).with_context(|| {
        let known = known();
        format!(
            "peer {asked}: no such folder with a {DIALECT_FILE} in it; there are {}, {known}; or give the path of one, as in \
             ./{asked}",
            Peer::OWN
        )
    })?;
    found.canonicalize().with_context(|| format!("peer {asked}: {}", found.display()))
}

/// The names of the peers that are there.
fn known() -> String {
    let entries = PLACES.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
    let peers = entries.filter(|entry| entry.path().join(DIALECT_FILE).is_file());
    let mut names: Vec<_> = peers.map(|peer| peer.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::dialects::BUILT_IN;

    #[test]
    fn every_peer_that_comes_along_is_found_from_anywhere_and_says_what_starts_it() {
        for (name, _) in BUILT_IN {
            let scenario = crate::scenario::check("test", "").unwrap();
            let (mut missing, transports) = (Vec::new(), protocol::Transport::ALL.to_vec());
            let asked = Peer { name: name.to_owned(), transports, command: None, publish: None };
            let (peer, others) = found(&scenario, &asked, &mut missing).unwrap();
            assert_eq!((&*peer.name, others.peer.as_deref()), (name, Some(name)));
            assert!(others.command.unwrap().folder.ends_with(name));
            // Whatever is not installed here.
            assert!(missing.iter().all(|missing| missing.contains("install it: (cd /")), "{missing:?}");
        }
    }
}
