//! Which axis of a sweep is drawn along x, and which others divide it into pictures.

use protocol::results::{Load, Stream};

use super::{Case, Comparison};
use crate::{
    numbers::{count, setting},
    words,
};

/// So many values of the other axes get pictures of their own.
const SLICES_MAX: usize = 4;

/// An axis of loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Clients connected at once.
    Clients,
    /// Updates a second.
    RateHz,
    /// Bytes of an update.
    PayloadBytes,
    /// How much faster than recorded a feed is replayed.
    Speed,
    /// Without TLS, and under it.
    Tls,
}

impl Axis {
    /// In the order in which they are preferred.
    pub const ALL: [Self; 5] = [Self::Clients, Self::RateHz, Self::PayloadBytes, Self::Speed, Self::Tls];

    /// A load's place on it, if it has one.
    pub fn of(self, load: &Load) -> Option<f64> {
        match (self, &load.stream) {
            (Self::Clients, _) => Some(load.clients.into()),
            (Self::RateHz, Stream::Synthetic { rate_hz, .. }) => Some(*rate_hz),
            (Self::PayloadBytes, Stream::Synthetic { payload_bytes, .. }) => Some((*payload_bytes).into()),
            (Self::Speed, Stream::Replay { speed, .. }) => Some(*speed),
            (Self::Tls, _) => Some(f64::from(u8::from(load.tls))),
            _ => None,
        }
    }

    /// What stands under the axis.
    pub fn label(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::RateHz => "updates/s",
            Self::PayloadBytes => "bytes per update",
            Self::Speed => "replay speed, ×",
            Self::Tls => "TLS",
        }
    }

    /// A load's value on it with its unit, as a table's row is named.
    pub fn name_of(self, load: &Load) -> Option<String> {
        let value = self.of(load)?;
        Some(match self {
            Self::Clients => words::clients(load.clients),
            Self::RateHz => format!("{} updates/s", setting(value)),
            Self::PayloadBytes => format!("{} B", count(value as u64)),
            Self::Speed => format!("{}×", setting(value)),
            Self::Tls => if load.tls { "TLS" } else { "no TLS" }.to_owned(),
        })
    }
}

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
        // Two words are no scale: TLS has pictures of its own, side by side.
        let axis = varied.iter().copied().find(|axis| *axis != Axis::Tls).unwrap_or(Axis::Clients);
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

/// A load's place in the order of a sweep: by the last axis first, so that what varies along x stays together.
pub(super) fn order(load: &Load) -> [f64; 5] {
    [Axis::Tls, Axis::Speed, Axis::PayloadBytes, Axis::RateHz, Axis::Clients].map(|axis| axis.of(load).unwrap_or(0.0))
}
