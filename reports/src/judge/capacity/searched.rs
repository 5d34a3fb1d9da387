//! A folder's search: who bore loads, what each process found, and what that comes to.

use protocol::results::{Load, Point, Run, Search, Stream};

use super::{
    carries::{Carries, Over},
    found::Found,
    goal::Goal,
    grid::axis_of,
    seeker::Seeker,
    trial::Made,
};
use crate::{points::Axis, read::Results, words};

/// A search that was made, or as much of it as was.
pub(crate) struct Searched<'r> {
    pub(crate) search: &'r Search,
    pub(crate) seeker: Seeker,
    /// In the order in which they were first tried.
    pub(crate) bearers: Vec<Bearer<'r>>,
}

/// Who bore loads: a transport of a server, under loads that differ along the axis alone.
pub(crate) struct Bearer<'r> {
    pub(crate) trials: Vec<Made<'r>>,
    /// What each process found, by goal.
    pub(crate) found: Vec<Vec<Found>>,
}

/// Bearers that differ by their transports alone.
pub(crate) struct Group<'s, 'r> {
    /// What tells it from other groups; empty if it is the only one.
    pub(crate) name: String,
    pub(crate) bearers: Vec<&'s Bearer<'r>>,
}

impl<'r> Searched<'r> {
    /// Of results that are a search's. Says why it cannot be read, for somebody may have written it by hand.
    pub(crate) fn of(results: &'r Results) -> Option<Result<Self, String>> {
        let search = results.manifest.scenario.search.as_ref()?;
        Some(Seeker::new(search).map(|seeker| {
            let axis = axis_of(search.axis);
            let mut all: Vec<(Point, Vec<&Run>)> = Vec::new();
            for run in results.runs.iter().filter(|run| run.trial.is_some()) {
                let point = Point { load: at(&run.point.load, axis, 1.0), ..run.point.clone() };
                match all.iter_mut().find(|(known, _)| *known == point) {
                    Some((_, runs)) => runs.push(run),
                    None => all.push((point, vec![run])),
                }
            }
            let bearer = |(_, runs): (Point, Vec<&'r Run>)| {
                let trials: Vec<Made<'r>> = runs.into_iter().map(|run| seeker.made(run)).collect();
                Bearer { found: seeker.found(&trials, search.processes), trials }
            };
            let bearers = all.into_iter().map(bearer).collect();
            Self { search, seeker, bearers }
        }))
    }

    pub(crate) fn goals(&self) -> &[Goal] {
        self.seeker.goals()
    }

    /// Along what it was searched.
    pub(crate) fn axis(&self) -> Axis {
        axis_of(self.search.axis)
    }

    /// The same server under the same loads, over each transport.
    pub(crate) fn groups(&self) -> Vec<Group<'_, 'r>> {
        let mut groups: Vec<Group<'_, 'r>> = Vec::new();
        let load = |bearer: &Bearer<'_>| at(bearer.load(), self.axis(), 1.0);
        for bearer in &self.bearers {
            match groups.iter_mut().find(|group| load(group.bearers[0]) == load(bearer)) {
                Some(group) => group.bearers.push(bearer),
                None => groups.push(Group { name: String::new(), bearers: vec![bearer] }),
            }
        }
        let loads: Vec<Load> = groups.iter().map(|group| load(group.bearers[0])).collect();
        for (group, load) in groups.iter_mut().zip(&loads) {
            let tells = |axis: &Axis| loads.iter().any(|other| axis.tells_apart(load, other));
            let named: Vec<String> =
                Axis::ALL.into_iter().filter(tells).filter_map(|axis| axis.name_of(load)).collect();
            group.name = named.join(", ");
            group.bearers.sort_by_key(|bearer| bearer.first().point.transport);
        }
        groups
    }

    /// A load along the axis in words: `312 updates/s`.
    pub(crate) fn load_in_words(&self, value: f64) -> String {
        format!("{} {}", words::number(value), self.unit())
    }

    /// What loads are counted in.
    pub(crate) fn unit(&self) -> &'static str {
        match self.axis() {
            Axis::PayloadBytes => "B",
            axis => axis.label(),
        }
    }

    /// What all loads have in common besides the axis: `1,000 clients, 128 B`.
    pub(crate) fn shared_load(&self) -> String {
        let Some(first) = self.bearers.first() else { return String::new() };
        let axes = [Axis::Clients, Axis::RateHz, Axis::PayloadBytes, Axis::RttMs, Axis::LossPercent, Axis::Tls];
        let is_told = |axis: &Axis| {
            *axis != self.axis()
                && (*axis != Axis::Tls || first.load().tls)
                && first.load().path.is_some() | !matches!(axis, Axis::RttMs | Axis::LossPercent)
        };
        axes.into_iter().filter(is_told).filter_map(|axis| axis.name_of(first.load())).collect::<Vec<_>>().join(", ")
    }

    /// Whether every process of every bearer came to its end.
    pub(crate) fn is_finished(&self) -> bool {
        let mut found = self.bearers.iter().flat_map(|bearer| bearer.found.iter().flatten());
        !self.bearers.is_empty() && !found.any(|found| matches!(found, Found::Unfinished { .. }))
    }
}

impl<'r> Bearer<'r> {
    /// Its first trial; there is one, or it would not be there.
    pub(crate) fn first(&self) -> &'r Run {
        self.trials[0].run
    }

    /// A load that it bore.
    pub(crate) fn load(&self) -> &'r Load {
        &self.first().point.load
    }

    pub(crate) fn title(&self) -> &'static str {
        self.first().point.transport.title()
    }

    pub(crate) fn carries(&self, goal: usize) -> Carries {
        Carries::of(&self.found[goal])
    }

    /// From the least of the processes' largest successes to the greatest of their smallest failures; none where nothing failed.
    pub(crate) fn band(&self, goal: usize) -> Option<(f64, f64)> {
        let between =
            |found: &Found| if let Found::Between { last, first } = found { Some((*last, *first)) } else { None };
        let all = self.found[goal].iter().filter_map(between);
        all.reduce(|(low, high), (last, first)| (low.min(last), high.max(first)))
    }

    pub(crate) fn over(&self, other: &Self, goal: usize) -> Over {
        Over::of(&self.found[goal], &other.found[goal])
    }

    /// Deliveries a second at that load along an axis; none where no rate is known.
    pub(crate) fn deliveries_per_s(&self, axis: Axis, value: f64) -> Option<f64> {
        let load = at(self.load(), axis, value);
        let clients = if axis == Axis::Clients { value } else { load.clients.into() };
        Some(clients * Axis::RateHz.of(&load)?)
    }
}

/// The same load elsewhere along the axis of a search.
fn at(load: &Load, axis: Axis, value: f64) -> Load {
    let mut load = load.clone();
    match (axis, &mut load.stream) {
        (Axis::Clients, _) => load.clients = value as u32,
        (Axis::RateHz, Stream::Synthetic { rate_hz, .. }) => *rate_hz = value,
        (Axis::PayloadBytes, Stream::Synthetic { payload_bytes, .. }) => *payload_bytes = value as u32,
        _ => {}
    }
    load
}
