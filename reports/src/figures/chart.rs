//! The one frame all pictures share: axes, grid, lines with markers and spreads, bars, words.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use protocol::Transport;

use super::{
    scale::Scale,
    style::{AXIS, GRID, INK, Part, SHADE, Tip, colour, themed},
};

/// Pixels of a picture. Coordinates are whole, so it is drawn large and shown at about a third.
const SIZE: (u32, u32) = (1_260, 780);
/// Pixels of text: 13 where a picture is shown 420 wide. The plotter writes a font 1.24 times smaller than asked.
const FONT: f64 = 40.0 * 1.24;
const LINE: u32 = 6;

type Context<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

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

/// One transport's line.
pub(super) struct Series {
    pub(super) transport: Transport,
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

/// A bar of one or more parts, from the bottom, each paler than the one below.
pub(super) struct Bar {
    pub(super) transport: Transport,
    /// Its sides.
    pub(super) x: (f64, f64),
    pub(super) parts: Vec<f64>,
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
        let mut tips = Vec::new();
        self.draw(&mut svg, &mut tips).expect("a string takes every line that is written to it");
        themed(&svg, id, &self.title, &self.description, &tips)
    }

    fn draw(&self, svg: &mut String, tips: &mut Vec<Tip>) -> Drawn {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let mut context = ChartBuilder::on(&root)
            .margin_top(40)
            // The last tick's label hangs over the end of its axis.
            .margin_right(56)
            .x_label_area_size(128)
            .y_label_area_size(184)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        self.draw_shade(&context)?;
        context
            .configure_mesh()
            .disable_x_mesh()
            .max_light_lines(0)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(AXIS.stroke_width(3))
            .label_style(("sans-serif", FONT, &INK))
            .x_desc(&self.x.label)
            .x_label_formatter(&|at| self.x.label_at(*at))
            .y_label_formatter(&|at| self.y.label_at(*at))
            .draw()?;
        for series in &self.series {
            draw_series(&mut context, series, tips)?;
        }
        for bar in &self.bars {
            draw_bar(&context, bar, tips)?;
        }
        for word in &self.words {
            let at = context.backend_coord(&(word.x, self.y.low()));
            let lift = 14 + 46 * (word.transport as i32);
            text(&context, &word.text, (at.0, at.1 - lift), colour(word.transport, Part::Mark))?;
        }
        root.present()
    }

    fn draw_shade(&self, context: &Context<'_>) -> Drawn {
        let Some((from, to)) = self.shade else { return Ok(()) };
        let corners = [(from, self.y.high()), (to, self.y.low())];
        context.plotting_area().draw(&Rectangle::new(corners, SHADE.filled()))
    }
}

fn draw_series(context: &mut Context<'_>, series: &Series, tips: &mut Vec<Tip>) -> Drawn {
    let line = colour(series.transport, Part::Line).stroke_width(LINE);
    let points = series.dots.iter().map(|dot| (dot.x, dot.y));
    context.draw_series(LineSeries::new(points, line))?;
    if !series.marked {
        return Ok(());
    }
    let mark = colour(series.transport, Part::Mark);
    let area = context.plotting_area().strip_coord_spec();
    for dot in &series.dots {
        let (x, y) = context.backend_coord(&(dot.x, dot.y));
        if let Some((least, greatest)) = dot.spread {
            let ends = (context.backend_coord(&(dot.x, least)).1, context.backend_coord(&(dot.x, greatest)).1);
            whisker(context, x, ends, mark)?;
        }
        let at = relative(context, (x, y));
        match series.transport {
            Transport::WebSocket => area.draw(&Circle::new(at, 14, mark.filled()))?,
            Transport::LongPoll => area.draw(&TriangleMarker::new(at, 18, mark.filled()))?,
        }
        tips.push(Tip { at: (x, y), text: dot.tip.clone() });
    }
    Ok(())
}

fn draw_bar(context: &Context<'_>, bar: &Bar, tips: &mut Vec<Tip>) -> Drawn {
    let area = context.plotting_area();
    let mark = colour(bar.transport, Part::Mark);
    let mut foot = 0.0;
    for (index, part) in bar.parts.iter().enumerate() {
        let corners = [(bar.x.0, foot + part), (bar.x.1, foot)];
        let fill = mark.mix(if index == 0 { 0.85 } else { 0.35 });
        area.draw(&Rectangle::new(corners, fill.filled()))?;
        foot += part;
    }
    let outline = [(bar.x.0, foot), (bar.x.1, 0.0)];
    area.draw(&Rectangle::new(outline, colour(bar.transport, Part::Line).stroke_width(4)))?;
    let middle = f64::midpoint(bar.x.0, bar.x.1);
    let (x, top) = context.backend_coord(&(middle, foot));
    let mut highest = top;
    if let Some((least, greatest)) = bar.spread {
        let ends = (context.backend_coord(&(middle, least)).1, context.backend_coord(&(middle, greatest)).1);
        whisker(context, x, ends, INK)?;
        highest = highest.min(ends.1);
    }
    text(context, &bar.label, (x, highest - 8), INK)?;
    tips.push(Tip { at: (x, top), text: bar.tip.clone() });
    Ok(())
}

/// A pixel of the picture as a pixel of the area within its axes.
fn relative(context: &Context<'_>, (x, y): (i32, i32)) -> (i32, i32) {
    let (left, top) = context.plotting_area().strip_coord_spec().get_base_pixel();
    (x - left, y - top)
}

/// A spread; one too small to be seen would be a stroke across its marker.
fn whisker(context: &Context<'_>, x: i32, (foot, top): (i32, i32), paint: RGBColor) -> Drawn {
    if (foot - top).abs() < 6 {
        return Ok(());
    }
    let area = context.plotting_area().strip_coord_spec();
    let line = |from: (i32, i32), to: (i32, i32)| {
        PathElement::new(vec![relative(context, from), relative(context, to)], paint.stroke_width(3))
    };
    area.draw(&line((x, foot), (x, top)))?;
    area.draw(&line((x - 10, foot), (x + 10, foot)))?;
    area.draw(&line((x - 10, top), (x + 10, top)))
}

fn text(context: &Context<'_>, words: &str, foot: (i32, i32), paint: RGBColor) -> Drawn {
    let style = ("sans-serif", FONT * 0.9, &paint).into_text_style(context.plotting_area());
    let area = context.plotting_area().strip_coord_spec();
    area.draw(&Text::new(words.to_owned(), relative(context, foot), style.pos(Pos::new(HPos::Center, VPos::Bottom))))
}
