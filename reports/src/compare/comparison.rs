//! What the runs of equal load say of each contender, load by load.

use std::collections::{BTreeMap, BTreeSet};

use protocol::results::{Load, Run, Stream};

use super::{
    ratio::Ratio,
    side::{Measure, Side},
};
use crate::{
    metrics::Metric,
    points::{Contender, group},
    read::Results,
    words,
};

/// Every load of a sweep, least first.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// One case a load.
    pub cases: Vec<Case<'a>>,
}

/// One load, as each contender bore it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The load.
    pub load: Load,
    /// Whose load it is, where servers are compared.
    pub server: Option<Server>,
    /// The contenders that were measured under it, in the order in which they are shown.
    pub sides: BTreeMap<Contender, Side<'a>>,
}

/// A server of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Whether it was named first: the others are compared with it.
    pub is_first: bool,
}

impl<'a> Comparison<'a> {
    /// Groups runs by load and contender.
    pub fn of(results: &'a Results) -> Self {
        let peers = &results.manifest.scenario.peer;
        let cases = group(results)
            .into_iter()
            .map(|(load, by_contender)| {
                let sides = by_contender
                    .into_iter()
                    .map(|(contender, runs)| (contender, Side::of(contender, &load, &runs)))
                    .collect();
                let place = peers.iter().position(|peer| peer.in_load() == load.peer.as_deref());
                let server = place.map(|place| Server { name: peers[place].name.clone(), is_first: place == 0 });
                Case { load, server, sides }
            })
            .collect();
        Self { cases }
    }

    /// Those that were measured, in the order in which they are shown.
    pub fn contenders(&self) -> Vec<Contender> {
        self.cases.iter().flat_map(|case| case.sides.keys().copied()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A contender's side under a load.
    pub(crate) fn side(&self, load: &Load, contender: Contender) -> Option<&Side<'a>> {
        self.cases.iter().find(|case| case.load == *load)?.sides.get(&contender)
    }

    /// The side that a finished run belongs to; none for a run that failed.
    pub fn side_of(&self, run: &Run) -> Option<&Side<'a>> {
        let sides = self.cases.iter().filter(|case| case.load == run.point.load).flat_map(|case| case.sides.values());
        sides.into_iter().find(|side| side.runs().iter().any(|known| known.index == run.index))
    }

    /// The same load as the first server bore it, by its first engine if it has several; none for that server itself.
    pub fn first_server(&self, case: &Case<'_>) -> Option<&Case<'a>> {
        let is_first = |case: &Case<'_>| case.server.as_ref().is_none_or(|server| server.is_first);
        let load = |case: &Case<'_>| Load { engine: None, peer: None, ..case.load.clone() };
        let of_first = |known: &&Case<'_>| is_first(known) && load(known) == load(case);
        if is_first(case) { None } else { self.cases.iter().find(of_first) }
    }

    /// Each contender that can be compared with itself on the first server, and that server's load. Not the arms of an A/A
    /// comparison, of which every claim is false.
    pub fn across<'c>(&'c self, case: &'c Case<'_>) -> impl Iterator<Item = (Contender, &'c Case<'a>)> {
        let is_valid = |case: &Case<'_>, contender: &Contender| case.sides.get(contender).is_some_and(Side::is_valid);
        self.first_server(case).into_iter().flat_map(move |first| {
            let both =
                case.sides.keys().filter(move |who| who.arm.is_none() && is_valid(case, who) && is_valid(first, who));
            both.map(move |contender| (*contender, first))
        })
    }

    /// The cases by the deliveries that they ask of a server, most first; of equals, the one with larger updates.
    pub fn heaviest_first(&self) -> Vec<&Case<'a>> {
        let mut cases: Vec<_> = self.cases.iter().rev().collect();
        cases.sort_by(|a, b| b.deliveries_per_s_asked().total_cmp(&a.deliveries_per_s_asked()));
        cases
    }
}

impl Case<'_> {
    /// The value of a metric for a contender; none if it was not measured, or must not be shown.
    pub fn measure(&self, contender: Contender, metric: Metric) -> Option<Measure> {
        self.sides.get(&contender)?.measure(metric)
    }

    /// The same in each of its runs that states it, in the order in which they were made; empty where there is no value.
    pub(crate) fn values(&self, contender: Contender, metric: Metric) -> Vec<f64> {
        self.sides.get(&contender).and_then(|side| side.values(metric)).unwrap_or_default()
    }

    /// A contender's value over the baseline's in each pair of runs.
    pub(crate) fn ratios(&self, contender: Contender, metric: Metric) -> Vec<f64> {
        let baseline = self.baseline().and_then(|baseline| self.sides.get(&baseline));
        let pairs = self.sides.get(&contender).zip(baseline).and_then(|(side, of)| side.pairs_with(metric, of, metric));
        pairs.unwrap_or_default().into_iter().map(|(one, other)| one / other).collect()
    }

    /// What the others are compared with, if it was measured here.
    pub fn baseline(&self) -> Option<Contender> {
        self.sides.keys().copied().find(|contender| contender.is_baseline())
    }

    /// A contender's value over the baseline's.
    pub fn ratio(&self, contender: Contender, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.sides.get(&contender)?, self.sides.get(&self.baseline()?)?, metric)
    }

    /// A contender's value over its own on another server.
    pub fn ratio_to(&self, other: &Case<'_>, contender: Contender, metric: Metric) -> Option<Ratio> {
        Ratio::of(self.sides.get(&contender)?, other.sides.get(&contender)?, metric)
    }

    /// The load in words, and the server's name where there are several.
    pub(crate) fn name(&self) -> String {
        let load = words::load(&self.load);
        match &self.server {
            // Others are named with their loads.
            Some(server) if self.load.peer.is_none() => format!("{load}, {}", server.name),
            _ => load,
        }
    }

    /// Its server's name; empty where there is one.
    pub(crate) fn server_name(&self) -> &str {
        self.server.as_ref().map_or("", |server| &server.name)
    }

    /// Each that can be compared with the baseline here, and the baseline.
    pub fn against_baseline(&self) -> impl Iterator<Item = (Contender, Contender)> {
        let baseline = self.baseline().filter(|baseline| self.sides[baseline].is_valid());
        self.sides
            .iter()
            .filter(|(contender, side)| !contender.is_baseline() && side.is_valid())
            .filter_map(move |(contender, _)| Some((*contender, baseline?)))
    }

    fn deliveries_per_s_asked(&self) -> f64 {
        match self.load.stream {
            Stream::Synthetic { .. } => {
                f64::from(self.load.clients) * self.load.rate_of_client_hz().unwrap_or_default()
            }
            // A feed has no rate of its own, but a faster one asks for more.
            Stream::Replay { speed, .. } => f64::from(self.load.clients) * speed,
            Stream::Pushed => self.load.clients.into(),
        }
    }
}
