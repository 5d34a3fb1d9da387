//! What is drawn within the axes: lines, bars, words.

use protocol::Transport;

use super::{said::Said, style::Subject};

/// One line.
pub(crate) struct Series {
    pub(crate) subject: Subject,
    pub(crate) dots: Vec<Dot>,
    /// Whether each value was measured by itself, and so has a marker and a tooltip.
    pub(crate) marked: bool,
}

/// A value.
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Least and greatest over the repeats.
    pub(crate) spread: Option<(f64, f64)>,
    /// What it says when pointed at.
    pub(crate) tip: Said,
}

/// How strong a part of a bar is painted.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Strong,
    Pale,
    /// Neither, for what ought to be divided and could not be.
    Between,
}

/// A bar of one or more parts, from the bottom.
pub(crate) struct Bar {
    pub(crate) subject: Subject,
    /// Its sides.
    pub(crate) x: (f64, f64),
    pub(crate) parts: Vec<(f64, Tone)>,
    /// Least and greatest of the whole over the repeats.
    pub(crate) spread: Option<(f64, f64)>,
    /// What stands on top.
    pub(crate) label: String,
    /// What it says when pointed at.
    pub(crate) tip: Said,
}

/// A span of x in a subject's colour, behind the data.
pub(crate) struct Band {
    pub(crate) subject: Subject,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// A cell of a map, one wide and one high around its place.
pub(crate) struct Tile {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Of which class its ratio is; none if there is no ratio.
    pub(crate) class: Option<usize>,
    pub(crate) texture: Texture,
    /// What stands in it.
    pub(crate) label: String,
    /// What it says when pointed at.
    pub(crate) tip: Said,
}

/// How a tile is told apart without colour.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Texture {
    Plain,
    Hatched,
    Crossed,
}

/// A word at the foot of the picture.
pub(crate) struct Word {
    pub(crate) transport: Transport,
    pub(crate) x: f64,
    pub(crate) text: String,
}
