//! A picture as data: its scales, lines, bars and words. The canvas knows how to draw them.

use super::{
    canvas::{Canvas, Error},
    marks::{Band, Bar, Series, Tile, Word},
    scale::Scale,
    style::{Tip, themed},
};

/// A picture to be drawn.
pub(crate) struct Chart {
    /// What is shown, with its unit.
    pub(crate) title: String,
    /// What can be seen, in words.
    pub(crate) description: String,
    /// Along the bottom.
    pub(crate) x: Scale,
    /// Up the side.
    pub(crate) y: Scale,
    /// Lines and their markers.
    pub(crate) series: Vec<Series>,
    /// Bars.
    pub(crate) bars: Vec<Bar>,
    /// Cells of a map.
    pub(crate) tiles: Vec<Tile>,
    /// Words where there is no number.
    pub(crate) words: Vec<Word>,
    /// Spans of x in colour.
    pub(crate) bands: Vec<Band>,
    /// A span of x that is set apart.
    pub(crate) shade: Option<(f64, f64)>,
}

impl Chart {
    /// An empty picture.
    pub(crate) fn new(title: &str, x: Scale, y: Scale) -> Self {
        let (series, bars, tiles, words, bands) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let title = title.to_owned();
        Self { description: title.clone(), title, x, y, series, bars, tiles, words, bands, shade: None }
    }

    /// What stands above it.
    pub(crate) fn heading(&self) -> String {
        format!("{}{}", self.title, self.y.remark())
    }

    /// The picture as SVG, its ids starting with `id`.
    pub(crate) fn svg(&self, id: &str) -> String {
        let mut svg = String::new();
        let tips = self.draw(&mut svg).expect("a string takes every line that is written to it");
        themed(&svg, id, &self.title, &self.description, &tips)
    }

    fn draw(&self, svg: &mut String) -> Result<Vec<Tip>, Error> {
        let mut canvas = Canvas::new(svg, &self.x, &self.y)?;
        if let Some((from, to)) = self.shade {
            canvas.shade(from, to)?;
        }
        for band in &self.bands {
            canvas.band(band)?;
        }
        canvas.axes(&self.x, &self.y)?;
        for tile in &self.tiles {
            canvas.tile(tile)?;
        }
        for series in &self.series {
            canvas.series(series)?;
        }
        for tile in &self.tiles {
            canvas.tile_label(tile)?;
        }
        for bar in &self.bars {
            canvas.bar(bar)?;
        }
        for word in &self.words {
            canvas.word(word, self.y.low())?;
        }
        canvas.finish()
    }
}
