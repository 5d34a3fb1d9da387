//! How any picture is drawn: a chart as data, its scales, and the plotter behind.

mod canvas;
mod chart;
mod marks;
mod scale;
mod style;

pub(crate) use chart::Chart;
pub(crate) use marks::{Bar, Dot, Series, Tone, Word};
pub(crate) use scale::Scale;
pub(crate) use style::Subject;
