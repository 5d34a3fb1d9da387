//! Which axis of a sweep is drawn along x, and which others divide it into pictures.

use protocol::results::Load;

use super::comparison::{Case, Comparison};
use crate::{points::Axis, words};

/// So many values of the other axes get pictures of their own.
const SLICES_MAX: usize = 4;

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
        let cases = &comparison.cases;
        let varied: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| distinct(cases, *axis) > 1).collect();
        // Two words are no scale: TLS and engines have pictures of their own, side by side.
        let is_scale = |axis: &Axis| !matches!(axis, Axis::Tls | Axis::Engine);
        let axis = varied.iter().copied().find(is_scale).unwrap_or(Axis::Clients);
        let others: Vec<Axis> = varied.iter().copied().filter(|other| *other != axis).collect();
        let mut slices: Vec<Slice<'a>> = Vec::new();
        for case in cases {
            let title = names(&others, &case.load);
            match slices.iter_mut().find(|slice| slice.title == title) {
                Some(slice) => slice.cases.push(case),
                None => slices.push(Slice { title, cases: vec![case] }),
            }
        }
        let left_out = slices.len().saturating_sub(SLICES_MAX);
        // The greatest values are the ones that were asked about; the least seldom differ.
        slices.drain(..left_out);
        Self { axis, varied, slices, left_out }
    }

    /// A load's name by what distinguishes it from the sweep's others.
    pub fn name_of(&self, load: &Load) -> String {
        if self.varied.is_empty() { words::clients(load.clients) } else { names(&self.varied, load) }
    }
}

fn names(axes: &[Axis], load: &Load) -> String {
    let names: Vec<String> = axes.iter().filter_map(|axis| axis.name_of(load)).collect();
    names.join(", ")
}

fn distinct(cases: &[Case<'_>], axis: Axis) -> usize {
    let mut values: Vec<f64> = cases.iter().filter_map(|case| axis.of(&case.load)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.len()
}
