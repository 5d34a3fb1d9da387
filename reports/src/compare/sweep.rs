//! Which axis of a sweep is drawn along x, and which others divide it into pictures.

use protocol::results::Load;

use super::comparison::{Case, Comparison};
use crate::{points::Axis, words};

/// So many values of the other axes get pictures of their own.
const SLICES_MAX: usize = 4;
/// The same where servers are among them: whoever names them wants to see them.
const SERVERS_MAX: usize = 12;

/// The loads of a sweep laid out for drawing.
#[derive(Debug, Clone)]
pub struct Sweep<'a> {
    /// Along x.
    pub axis: Axis,
    /// The axes with more than one value.
    pub varied: Vec<Axis>,
    /// One a combination of the other axes' values.
    pub slices: Vec<Slice<'a>>,
    /// How many combinations are not drawn.
    pub left_out: usize,
}

/// The loads that differ along x only.
#[derive(Debug, Clone)]
pub struct Slice<'a> {
    /// What they have in common and other slices have not; empty if there is one slice only.
    pub title: String,
    /// The loads, by x.
    pub cases: Vec<&'a Case<'a>>,
}

impl<'a> Sweep<'a> {
    /// Lays out a comparison.
    pub fn of(comparison: &'a Comparison<'a>) -> Self {
        let cases: Vec<_> = comparison.cases.iter().collect();
        let varied = varied(&cases);
        let axis = varied.iter().copied().find(|axis| axis.is_scale()).unwrap_or(Axis::Clients);
        Self::laid_out(&cases, varied, &[axis])
    }

    /// Some of its loads, the first of these axes along x, the others within each picture.
    pub(crate) fn along(axes: &[Axis], cases: &[&'a Case<'a>]) -> Self {
        Self::laid_out(cases, varied(cases), axes)
    }

    fn laid_out(cases: &[&'a Case<'a>], varied: Vec<Axis>, axes: &[Axis]) -> Self {
        let slices = slices(cases.iter().copied(), &varied, axes);
        let mut sweep = Self { axis: axes[0], varied, slices, left_out: 0 };
        sweep.left_out = sweep.slices.len().saturating_sub(sweep.panels_max());
        // The greatest values are the ones that were asked about; the least seldom differ.
        sweep.slices.drain(..sweep.left_out);
        sweep
    }

    /// The same with servers along x, where nothing else is there to be laid along it.
    pub(crate) fn with_servers_along_x(&self) -> Self {
        let axis = Axis::Peer;
        if self.varied.contains(&self.axis) || !self.varied.contains(&axis) {
            return self.clone();
        }
        let cases = self.slices.iter().flat_map(|slice| slice.cases.iter().copied());
        Self { axis, slices: slices(cases, &self.varied, &[axis]), ..self.clone() }
    }

    /// How many panels a figure may have that has one a load.
    pub(crate) fn panels_max(&self) -> usize {
        if self.varied.contains(&Axis::Peer) { SERVERS_MAX } else { SLICES_MAX }
    }

    /// A load's name by what distinguishes it from the sweep's others.
    pub fn name_of(&self, load: &Load) -> String {
        if self.varied.is_empty() { words::clients(load.clients) } else { names(&self.varied, load) }
    }
}

/// Cases that differ along these axes only.
fn slices<'a>(cases: impl Iterator<Item = &'a Case<'a>>, varied: &[Axis], within: &[Axis]) -> Vec<Slice<'a>> {
    let others: Vec<Axis> = varied.iter().copied().filter(|other| !within.contains(other)).collect();
    let mut slices: Vec<Slice<'a>> = Vec::new();
    for case in cases {
        let mut title = names(&others, &case.load);
        // It has no place on an axis of round trips, and is another path than any: nothing is drawn across the two.
        if case.load.path.is_none() && varied.contains(&Axis::RttMs) && within.contains(&Axis::RttMs) {
            let loopback = Axis::RttMs.name_of(&case.load).unwrap_or_default();
            title = if title.is_empty() { loopback } else { format!("{title}, {loopback}") };
        }
        match slices.iter_mut().find(|slice| slice.title == title) {
            Some(slice) => slice.cases.push(case),
            None => slices.push(Slice { title, cases: vec![case] }),
        }
    }
    slices
}

fn names(axes: &[Axis], load: &Load) -> String {
    let names: Vec<String> = axes.iter().filter_map(|axis| axis.name_of(load)).collect();
    names.join(", ")
}

fn varied(cases: &[&Case<'_>]) -> Vec<Axis> {
    let varies = |axis: &Axis| cases.iter().any(|a| cases.iter().any(|b| axis.tells_apart(&a.load, &b.load)));
    let mut varied: Vec<Axis> = Axis::ALL.into_iter().filter(varies).collect();
    if varied.contains(&Axis::Peer) {
        // A server's name says its engine.
        varied.retain(|axis| *axis != Axis::Engine);
    }
    varied
}
