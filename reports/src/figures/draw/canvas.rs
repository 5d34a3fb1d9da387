//! The one frame all pictures share, and the only place that knows the plotter.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use protocol::Transport;

use super::{
    marks::{Band, Bar, Series, Texture, Tile, Tone, Word},
    scale::Scale,
    style::{AXIS, GRID, INK, ON_TILE, Part, SHADE, Subject, Tip, colour, of_class},
};
use crate::metrics::Meeting;

/// Pixels of a picture. Coordinates are whole, so it is drawn large and shown at about a third.
const SIZE: (u32, u32) = (1_260, 780);
/// Pixels of text: 13 where a picture is shown 420 wide. The plotter writes a font 1.24 times smaller than asked.
const FONT: f64 = 40.0 * 1.24;
/// From the axis to the second line of names.
const LINE_HEIGHT: i32 = 64;
/// Pixels of a line, a spread, an outline.
const LINE: u32 = 6;
const SPREAD: u32 = 3;
const OUTLINE: u32 = 4;
/// Between a tile and its place's edge, and between strokes of a hatched one along an axis.
const TILE_GAP: i32 = 4;
const HATCH: i32 = 44;

/// Why a picture could not be drawn.
pub(crate) type Error = DrawingAreaErrorKind<std::io::Error>;
type Drawn = Result<(), Error>;

/// A picture under way.
pub(crate) struct Canvas<'a> {
    /// All of it, in pixels.
    page: DrawingArea<SVGBackend<'a>, Shift>,
    /// What lies within the axes, in values.
    plane: ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>,
    /// Where to point at, so far.
    tips: Vec<Tip>,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(svg: &'a mut String, x: &Scale, y: &Scale) -> Result<Self, Error> {
        let page = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let plane = ChartBuilder::on(&page)
            .margin_top(40)
            // The last tick's label hangs over the end of its axis.
            .margin_right(56)
            .x_label_area_size(128)
            .y_label_area_size(184)
            .build_cartesian_2d(x.clone(), y.clone())?;
        Ok(Self { page, plane, tips: Vec::new() })
    }

    pub(crate) fn axes(&mut self, x: &Scale, y: &Scale) -> Drawn {
        self.plane
            .configure_mesh()
            .disable_x_mesh()
            .max_light_lines(0)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(AXIS.stroke_width(3))
            .label_style(("sans-serif", FONT, &INK))
            .x_desc(&x.label)
            .x_label_formatter(&|value| x.label_at(*value))
            .y_label_formatter(&|value| y.label_at(*value))
            .draw()?;
        let style = ("sans-serif", FONT, &INK).into_text_style(&self.page).pos(Pos::new(HPos::Center, VPos::Top));
        let foot = self.plane.plotting_area().get_pixel_range().1.end;
        x.lower.iter().try_for_each(|(at, name)| {
            let under = (self.pixel(*at, 0.0).0, foot + LINE_HEIGHT);
            self.page.draw(&Text::new(name.clone(), under, style.clone()))
        })
    }

    /// Sets a span of x apart; drawn first, since it covers.
    pub(crate) fn shade(&self, from: f64, to: f64) -> Drawn {
        let (_, rows) = self.plane.plotting_area().get_pixel_range();
        let corners = [(self.pixel(from, 0.0).0, rows.start), (self.pixel(to, 0.0).0, rows.end)];
        self.page.draw(&Rectangle::new(corners, SHADE.filled()))
    }

    /// Spans of two subjects that overlap are both seen.
    pub(crate) fn band(&self, band: &Band) -> Drawn {
        let (_, rows) = self.plane.plotting_area().get_pixel_range();
        let corners = [(self.pixel(band.from, 0.0).0, rows.start), (self.pixel(band.to, 0.0).0, rows.end)];
        let fill = colour(band.subject, Part::Mark).mix(opacity(Tone::Pale));
        self.page.draw(&Rectangle::new(corners, fill.filled()))
    }

    pub(crate) fn series(&mut self, series: &Series) -> Drawn {
        let line = colour(series.subject, Part::Line).stroke_width(LINE);
        let points: Vec<_> = series.dots.iter().map(|dot| self.pixel(dot.x, dot.y)).collect();
        self.page.draw(&PathElement::new(points.clone(), line))?;
        if !series.marked {
            return Ok(());
        }
        let mark = colour(series.subject, Part::Mark);
        for (dot, at) in series.dots.iter().zip(points) {
            if let Some(spread) = dot.spread {
                self.spread(dot.x, spread, mark)?;
            }
            self.marker(series.subject, at, mark)?;
            self.tips.push(Tip { at, said: dot.tip.clone() });
        }
        Ok(())
    }

    /// Each subject has a shape of its own, to be told apart without colour.
    fn marker(&self, subject: Subject, (x, y): (i32, i32), paint: RGBColor) -> Drawn {
        match subject {
            Subject::Transport(Transport::WebSocket) => self.page.draw(&Circle::new((x, y), 14, paint.filled())),
            Subject::Transport(Transport::LongPoll) | Subject::Met(Meeting::Parked) => {
                self.page.draw(&TriangleMarker::new((x, y), 18, paint.filled()))
            }
            Subject::Transport(Transport::ShortPoll) | Subject::Met(Meeting::Between) => {
                self.page.draw(&Rectangle::new([(x - 13, y - 13), (x + 13, y + 13)], paint.filled()))
            }
            Subject::Transport(Transport::Sse) | Subject::Met(Meeting::Rode) => {
                let corners = vec![(x, y - 18), (x + 18, y), (x, y + 18), (x - 18, y)];
                self.page.draw(&Polygon::new(corners, paint.filled()))
            }
            // Lines, of which no point is marked.
            Subject::Border | Subject::Unity => Ok(()),
            // Hollow, since nobody measured it.
            Subject::Predicted => self.page.draw(&Circle::new((x, y), 13, paint.stroke_width(OUTLINE))),
        }
    }

    pub(crate) fn bar(&mut self, bar: &Bar) -> Drawn {
        let (left, right) = bar.x;
        let corners = |foot: f64, top: f64| [self.pixel(left, top), self.pixel(right, foot)];
        let mut top = 0.0;
        for (part, tone) in &bar.parts {
            let fill = colour(bar.subject, Part::Mark).mix(opacity(*tone));
            self.page.draw(&Rectangle::new(corners(top, top + part), fill.filled()))?;
            top += part;
        }
        let outline = colour(bar.subject, Part::Line).stroke_width(OUTLINE);
        self.page.draw(&Rectangle::new(corners(0.0, top), outline))?;
        let middle = f64::midpoint(left, right);
        if let Some(spread) = bar.spread {
            self.spread(middle, spread, INK)?;
        }
        let highest = bar.spread.map_or(top, |(_, greatest)| greatest.max(top));
        let (x, y) = self.pixel(middle, highest);
        self.text(&bar.label, (x, y - 8), INK)?;
        self.tips.push(Tip { at: self.pixel(middle, top), said: bar.tip.clone() });
        Ok(())
    }

    /// Its ground; its label comes after what is drawn across it.
    pub(crate) fn tile(&mut self, tile: &Tile) -> Drawn {
        let ((left, foot), (right, top)) =
            (self.pixel(tile.x - 0.5, tile.y - 0.5), self.pixel(tile.x + 0.5, tile.y + 0.5));
        let (left, right, top, foot) = (left + TILE_GAP, right - TILE_GAP, top + TILE_GAP, foot - TILE_GAP);
        self.page.draw(&Rectangle::new([(left, top), (right, foot)], fill(tile).filled()))?;
        let strokes = match tile.texture {
            Texture::Plain => Vec::new(),
            Texture::Crossed => vec![[(left, top), (right, foot)], [(left, foot), (right, top)]],
            Texture::Hatched => (left + top + HATCH..right + foot)
                .step_by(HATCH as usize)
                .map(|sum| [sum - foot, sum - top].map(|x| x.clamp(left, right)).map(|x| (x, sum - x)))
                .collect(),
        };
        strokes
            .into_iter()
            .try_for_each(|stroke| self.page.draw(&PathElement::new(stroke.to_vec(), AXIS.stroke_width(SPREAD))))
    }

    /// In the tile's middle, on a piece of its ground.
    pub(crate) fn tile_label(&mut self, tile: &Tile) -> Drawn {
        let (x, y) = self.pixel(tile.x, tile.y);
        let (half_wide, half_high) = (12 * tile.label.chars().count() as i32 + 6, 28);
        let ground = [(x - half_wide, y - half_high), (x + half_wide, y + half_high)];
        self.page.draw(&Rectangle::new(ground, fill(tile).filled()))?;
        self.text(&tile.label, (x, y + 24), ON_TILE)?;
        self.tips.push(Tip { at: (x, y), said: tile.tip.clone() });
        Ok(())
    }

    /// A word just above the foot, each transport's above the one before.
    pub(crate) fn word(&self, word: &Word, foot: f64) -> Drawn {
        let (x, y) = self.pixel(word.x, foot);
        let lift = 14 + 46 * (word.transport as i32);
        self.text(&word.text, (x, y - lift), colour(word.transport.into(), Part::Mark))
    }

    pub(crate) fn finish(self) -> Result<Vec<Tip>, Error> {
        self.page.present()?;
        Ok(self.tips)
    }

    fn pixel(&self, x: f64, y: f64) -> (i32, i32) {
        self.plane.backend_coord(&(x, y))
    }

    /// From the least to the greatest; what is too short to be seen would be a stroke across its marker.
    fn spread(&self, x: f64, (least, greatest): (f64, f64), paint: RGBColor) -> Drawn {
        let ((x, foot), (_, top)) = (self.pixel(x, least), self.pixel(x, greatest));
        if foot - top < 6 {
            return Ok(());
        }
        for ends in [[(x, foot), (x, top)], [(x - 10, foot), (x + 10, foot)], [(x - 10, top), (x + 10, top)]] {
            self.page.draw(&PathElement::new(ends.to_vec(), paint.stroke_width(SPREAD)))?;
        }
        Ok(())
    }

    fn text(&self, words: &str, foot: (i32, i32), paint: RGBColor) -> Drawn {
        let style = ("sans-serif", FONT * 0.9, &paint).into_text_style(&self.page);
        self.page.draw(&Text::new(words.to_owned(), foot, style.pos(Pos::new(HPos::Center, VPos::Bottom))))
    }
}

fn fill(tile: &Tile) -> RGBColor {
    tile.class.map_or(SHADE, of_class)
}

fn opacity(tone: Tone) -> f64 {
    match tone {
        Tone::Strong => 0.85,
        Tone::Between => 0.6,
        Tone::Pale => 0.35,
    }
}
