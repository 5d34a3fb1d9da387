//! Colours, and how a plotter's opaque SVG becomes one that follows the page: paints, names, tooltips.

use maud::{PreEscaped, html};
use plotters::style::RGBColor;
use protocol::Transport;

use super::{classes::CLASSES, said::Said};
use crate::metrics::Meeting;

/// What pictures are painted with, as the page's style names it, and as it looks without one, legible on white and on black. A picture says the latter
/// itself, and keeps it where the style is lost; the style puts its own in that place ([`theme`]).
const PALETTE: [(&str, &str); 11 + CLASSES] = [
    ("axis", "#7a848e"),
    ("grid", "#9aa4ae"),
    ("shade", "#eef1f4"),
    ("soft", "#7b858f"),
    ("ink", "#1d2329"),
    ("websocket", "#2587c9"),
    ("long-poll", "#d9620f"),
    ("sse", "#bf3f9b"),
    ("short-poll", "#86790a"),
    ("no-poll", "#9d63ff"),
    ("rode", "#0b9392"),
    ("ratio-1", "#5aa9dd"),
    ("ratio-2", "#9ccbea"),
    ("ratio-3", "#cfe4f2"),
    ("ratio-4", "#e2e5e8"),
    ("ratio-5", "#fbdcbd"),
    ("ratio-6", "#f5b678"),
    ("ratio-7", "#e88b33"),
];

/// The paint of that name.
fn paint(name: &str) -> &'static str {
    PALETTE.iter().find(|(known, _)| *known == name).map_or(TEXT, |(_, paint)| *paint)
}

/// With each paint that is named in it.
pub(crate) fn painted(svg: &str) -> String {
    let names = PALETTE.iter().map(|(name, _)| *name).chain(["text"]);
    names.fold(svg.to_owned(), |svg, name| svg.replace(&format!("\"{name}\""), &format!("\"{}\"", paint(name))))
}

/// The page's own colour of text, which a reader's settings give it where no style does.
const TEXT: &str = "currentColor";

/// The rules by which a page's style repaints its pictures, by night above all.
pub(crate) fn theme() -> String {
    let rule = |(name, paint): &(&str, &str)| {
        format!("svg [fill=\"{paint}\"]{{fill:var(--{name})}}svg [stroke=\"{paint}\"]{{stroke:var(--{name})}}\n")
    };
    PALETTE.iter().map(rule).collect()
}

/// Stand-ins that no picture contains by chance; [`themed`] turns each into the paint of that name, and adds what stands beside it.
const STAND_INS: [(RGBColor, &str, &str); 23 + CLASSES] = [
    (INK, "text", ""),
    (ON_TILE, "ink", ""),
    (AXIS, "axis", ""),
    (GRID, "grid", ""),
    (SHADE, "shade", ""),
    (RGBColor(0, 1, 0), "websocket", ""),
    (RGBColor(0, 1, 1), "websocket", ""),
    (RGBColor(0, 2, 0), "long-poll", ""),
    // Told apart without colour as well.
    (RGBColor(0, 2, 1), "long-poll", " stroke-dasharray=\"18 9\""),
    (RGBColor(0, 3, 0), "long-poll", ""),
    (RGBColor(0, 3, 1), "long-poll", ""),
    (RGBColor(0, 4, 0), "no-poll", ""),
    (RGBColor(0, 4, 1), "no-poll", ""),
    (RGBColor(0, 5, 0), "rode", ""),
    // What lies under it, where both are nought, is seen through it.
    (RGBColor(0, 5, 1), "rode", " stroke-dasharray=\"24 24\""),
    (RGBColor(0, 6, 0), "soft", ""),
    (RGBColor(0, 6, 1), "soft", " stroke-dasharray=\"6 12\""),
    (RGBColor(0, 7, 1), "text", " stroke-linecap=\"square\""),
    (RGBColor(0, 8, 1), "text", " stroke-dasharray=\"4 14\""),
    (RGBColor(0, 10, 0), "sse", ""),
    (RGBColor(0, 10, 1), "sse", " stroke-dasharray=\"30 8 6 8\""),
    (RGBColor(0, 11, 0), "short-poll", ""),
    (RGBColor(0, 11, 1), "short-poll", " stroke-dasharray=\"6 9\""),
    (of_class(0), "ratio-1", ""),
    (of_class(1), "ratio-2", ""),
    (of_class(2), "ratio-3", ""),
    (of_class(3), "ratio-4", ""),
    (of_class(4), "ratio-5", ""),
    (of_class(5), "ratio-6", ""),
    (of_class(6), "ratio-7", ""),
];

/// Text.
pub(crate) const INK: RGBColor = RGBColor(0, 0, 1);
/// Axes and their ticks.
pub(crate) const AXIS: RGBColor = RGBColor(0, 0, 2);
/// Lines behind the data.
pub(crate) const GRID: RGBColor = RGBColor(0, 0, 3);
/// Text on a tile, which keeps its colour.
pub(crate) const ON_TILE: RGBColor = RGBColor(0, 0, 5);
/// An area that is set apart.
pub(crate) const SHADE: RGBColor = RGBColor(0, 0, 4);

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A transport.
    Transport(Transport),
    /// The updates that met this.
    Met(Meeting),
    /// What theory says.
    Predicted,
    /// Where one begins to be worse than the other.
    Border,
    /// Where an update is due each round trip.
    Unity,
}

impl From<Transport> for Subject {
    fn from(transport: Transport) -> Self {
        Self::Transport(transport)
    }
}

/// What a subject's colour is for.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Markers, bars and words.
    Mark,
    /// Lines, dashed for some.
    Line,
}

/// A subject's colour, the same in every picture.
pub(crate) fn colour(subject: Subject, part: Part) -> RGBColor {
    let subject = match subject {
        Subject::Transport(Transport::WebSocket) => 1,
        Subject::Transport(Transport::LongPoll) => 2,
        Subject::Met(Meeting::Parked) => 3,
        Subject::Met(Meeting::Between) => 4,
        Subject::Met(Meeting::Rode) => 5,
        Subject::Predicted => 6,
        Subject::Border => 7,
        Subject::Unity => 8,
        Subject::Transport(Transport::Sse) => 10,
        Subject::Transport(Transport::ShortPoll) => 11,
    };
    RGBColor(0, subject, part as u8)
}

/// A class's fill.
pub(crate) const fn of_class(class: usize) -> RGBColor {
    RGBColor(0, 9, class as u8)
}

/// A place to point at, and what it then says.
pub(crate) struct Tip {
    /// Pixels.
    pub(crate) at: (i32, i32),
    /// What it says.
    pub(crate) said: Said,
}

/// Makes a plotter's SVG scale, follow the page's colours and font, and say what it shows.
pub(crate) fn themed(svg: &str, id: &str, title: &str, description: &str, tips: &[Tip]) -> String {
    let body_from = svg.find('>').map_or(0, |end| end + 1);
    let view_box = svg[..body_from].split("viewBox=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("");
    let mut body = svg[body_from..].trim_end().trim_end_matches("</svg>").replace(" font-family=\"sans-serif\"", "");
    for (RGBColor(red, green, blue), name, beside) in STAND_INS {
        body = body.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), &format!("\"{}\"{beside}", paint(name)));
    }
    let (title_id, description_id) = (format!("{id}-title"), format!("{id}-desc"));
    html! {
        svg viewBox=(view_box) role="img" aria-labelledby=(format!("{title_id} {description_id}")) {
            title id=(title_id) { (title) }
            desc id=(description_id) { (description) }
            (PreEscaped(body))
            @for Tip { at: (x, y), said } in tips {
                // Seen by nobody, with or without a style; found by whoever points.
                circle class="tip" cx=(x) cy=(y) r="30" fill="none" pointer-events="all" data-of=(said.of) data-value=(said.value)
                    data-interval=[some(&said.interval)] data-note=[some(&said.note)] data-runs=[some(&said.runs)] {
                    title { (said) }
                }
            }
        }
    }
    .into_string()
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_become_paints_and_names_are_escaped() {
        let svg = "<svg width=\"6\" height=\"4\" viewBox=\"0 0 6 4\" xmlns=\"http://www.w3.org/2000/svg\">\n<path stroke=\"#000201\"/>\n</svg>\n";
        let said = Said { of: "<b> & \"c\"".to_owned(), value: "7 ms".to_owned(), ..Said::default() };
        let themed = themed(svg, "f1", "<title>", "what", &[Tip { at: (1, 2), said }]);
        assert!(themed.starts_with("<svg viewBox=\"0 0 6 4\" role=\"img\" aria-labelledby=\"f1-title f1-desc\">"));
        assert!(themed.contains("<path stroke=\"#d9620f\" stroke-dasharray=\"18 9\"/>"), "{themed}");
        assert!(
            themed.contains("&lt;title&gt;") && themed.contains("data-of=\"&lt;b&gt; &amp; &quot;c&quot;\""),
            "{themed}"
        );
        assert!(themed.contains("data-value=\"7 ms\"><title>") && themed.matches("</svg>").count() == 1, "{themed}");
    }

    #[test]
    fn no_two_stand_ins_or_paints_are_alike() {
        for (index, (colour, ..)) in STAND_INS.iter().enumerate() {
            assert!(STAND_INS[..index].iter().all(|(known, ..)| known != colour));
        }
        for (index, (_, paint)) in PALETTE.iter().enumerate() {
            assert!(PALETTE[..index].iter().all(|(_, known)| known != paint));
        }
    }

    #[test]
    fn every_stand_in_is_in_the_palette_but_text() {
        for (_, name, _) in STAND_INS {
            assert_eq!(paint(name) == TEXT, name == "text", "{name}");
        }
        for transport in Transport::ALL {
            assert!(paint(transport.name()).starts_with('#'), "{transport}");
        }
    }
}
