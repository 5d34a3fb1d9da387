//! A point: one contender under one load, and which runs are of it.

use std::{collections::BTreeMap, fmt};

use protocol::results::{Load, Manifest, Peer, Run};

use super::{axis::order, contender::Contender};
use crate::{read::Results, words};

/// Which one.
#[derive(Debug, Clone, PartialEq)]
pub struct PointName {
    /// Whose.
    pub contender: Contender,
    /// Under which load.
    pub load: Load,
}

impl PointName {
    /// Of servers that stand side by side the own one is named too.
    pub(crate) fn of(contender: Contender, load: &Load, manifest: &Manifest) -> Self {
        let is_own = |peer: &&Peer| peer.in_load().is_none() && load.peer.is_none();
        let own = manifest.scenario.peer.iter().find(is_own).map(|peer| peer.name.clone());
        Self { contender, load: Load { peer: load.peer.clone().or(own), ..load.clone() } }
    }
}

impl fmt::Display for PointName {
    /// `long polling at 4,000 clients, 10 updates/s of 128 B`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.contender.title(), words::load(&self.load))
    }
}

type ByContender<'a> = BTreeMap<Contender, Vec<&'a Run>>;

/// Runs of equal load together, the loads in ascending order of their axes.
pub(crate) fn group(results: &Results) -> Vec<(Load, ByContender<'_>)> {
    let mut groups: Vec<(Load, ByContender<'_>)> = Vec::new();
    for run in &results.runs {
        let load = &run.point.load;
        let at = groups.iter().position(|(known, _)| known == load).unwrap_or_else(|| {
            groups.push((load.clone(), BTreeMap::new()));
            groups.len() - 1
        });
        groups[at].1.entry(Contender::of(run, &results.manifest)).or_default().push(run);
    }
    let peers = &results.manifest.scenario.peer;
    let named = |load: &Load| peers.iter().position(|peer| peer.in_load() == load.peer.as_deref());
    let place = |load: &Load| (named(load), order(load));
    groups.sort_by(|(a, _), (b, _)| place(a).partial_cmp(&place(b)).unwrap_or(std::cmp::Ordering::Equal));
    for runs in groups.iter_mut().flat_map(|(_, by_contender)| by_contender.values_mut()) {
        runs.sort_by_key(|run| run.repeat);
    }
    groups
}
