//! How any picture is drawn: a chart as data, its scales, and the plotter behind.

mod canvas;
mod chart;
mod classes;
mod marks;
mod said;
mod scale;
mod style;

pub(crate) use chart::Chart;
pub(crate) use classes::{CLASSES, class, class_name};
pub(crate) use marks::{Band, Bar, Dot, Series, Texture, Tile, Tone, Word};
pub(crate) use said::Said;
pub(crate) use scale::Scale;
pub(crate) use style::{Subject, painted, theme};
