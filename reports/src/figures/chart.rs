//! A picture as data: its scales, lines, bars and words. The canvas knows how to draw them.

use protocol::Transport;

use super::{
    canvas::{Canvas, Error},
    scale::Scale,
    style::{Subject, Tip, themed},
};

/// A picture to be drawn.
pub(super) struct Chart {
    /// What is shown, with its unit.
    pub(super) title: String,
    /// What can be seen, in words.
    pub(super) description: String,
    /// Along the bottom.
    pub(super) x: Scale,
    /// Up the side.
    pub(super) y: Scale,
    /// Lines and their markers.
    pub(super) series: Vec<Series>,
    /// Bars.
    pub(super) bars: Vec<Bar>,
    /// Words where there is no number.
    pub(super) words: Vec<Word>,
    /// A span of x that is set apart.
    pub(super) shade: Option<(f64, f64)>,
}

/// One line.
pub(super) struct Series {
    pub(super) subject: Subject,
    pub(super) dots: Vec<Dot>,
    /// Whether each value was measured by itself, and so has a marker and a tooltip.
    pub(super) marked: bool,
}

/// A value.
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Least and greatest over the repeats.
    pub(super) spread: Option<(f64, f64)>,
    /// What it says when pointed at.
    pub(super) tip: String,
}

/// How strong a part of a bar is painted.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Strong,
    Pale,
    /// Neither, for what ought to be divided and could not be.
    Between,
}

/// A bar of one or more parts, from the bottom.
pub(super) struct Bar {
    pub(super) subject: Subject,
    /// Its sides.
    pub(super) x: (f64, f64),
    pub(super) parts: Vec<(f64, Tone)>,
    /// Least and greatest of the whole over the repeats.
    pub(super) spread: Option<(f64, f64)>,
    /// What stands on top.
    pub(super) label: String,
    /// What it says when pointed at.
    pub(super) tip: String,
}

/// A word at the foot of the picture.
pub(super) struct Word {
    pub(super) transport: Transport,
    pub(super) x: f64,
    pub(super) text: String,
}

impl Chart {
    /// An empty picture.
    pub(super) fn new(title: &str, x: Scale, y: Scale) -> Self {
        let (series, bars, words) = (Vec::new(), Vec::new(), Vec::new());
        let title = title.to_owned();
        Self { description: title.clone(), title, x, y, series, bars, words, shade: None }
    }

    /// What stands above it.
    pub(super) fn heading(&self) -> String {
        format!("{}{}", self.title, self.y.remark())
    }

    /// The picture as SVG, its ids starting with `id`.
    pub(super) fn svg(&self, id: &str) -> String {
        let mut svg = String::new();
        let tips = self.draw(&mut svg).expect("a string takes every line that is written to it");
        themed(&svg, id, &self.title, &self.description, &tips)
    }

    fn draw(&self, svg: &mut String) -> Result<Vec<Tip>, Error> {
        let mut canvas = Canvas::new(svg, &self.x, &self.y)?;
        if let Some((from, to)) = self.shade {
            canvas.shade(from, to)?;
        }
        canvas.axes(&self.x, &self.y)?;
        for series in &self.series {
            canvas.series(series)?;
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
