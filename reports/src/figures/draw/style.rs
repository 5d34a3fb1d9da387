//! Colours, and how a plotter's opaque SVG becomes one that follows the page: CSS variables, names, tooltips.

use maud::{PreEscaped, html};
use plotters::style::RGBColor;
use protocol::Transport;

use crate::metrics::Meeting;

/// Stand-ins that no picture contains by chance; [`themed`] turns each into what stands beside it.
const STAND_INS: [(RGBColor, &str); 16] = [
    (INK, "\"var(--ink)\""),
    (AXIS, "\"var(--axis)\""),
    (GRID, "\"var(--grid)\""),
    (SHADE, "\"var(--shade)\""),
    (RGBColor(0, 1, 0), "\"var(--websocket)\""),
    (RGBColor(0, 1, 1), "\"var(--websocket)\""),
    (RGBColor(0, 2, 0), "\"var(--long-poll)\""),
    // Told apart without colour as well.
    (RGBColor(0, 2, 1), "\"var(--long-poll)\" stroke-dasharray=\"18 9\""),
    (RGBColor(0, 3, 0), "\"var(--long-poll)\""),
    (RGBColor(0, 3, 1), "\"var(--long-poll)\""),
    (RGBColor(0, 4, 0), "\"var(--no-poll)\""),
    (RGBColor(0, 4, 1), "\"var(--no-poll)\""),
    (RGBColor(0, 5, 0), "\"var(--rode)\""),
    // What lies under it, where both are nought, is seen through it.
    (RGBColor(0, 5, 1), "\"var(--rode)\" stroke-dasharray=\"24 24\""),
    (RGBColor(0, 6, 0), "\"var(--soft)\""),
    (RGBColor(0, 6, 1), "\"var(--soft)\" stroke-dasharray=\"6 12\""),
];

/// Text.
pub(crate) const INK: RGBColor = RGBColor(0, 0, 1);
/// Axes and their ticks.
pub(crate) const AXIS: RGBColor = RGBColor(0, 0, 2);
/// Lines behind the data.
pub(crate) const GRID: RGBColor = RGBColor(0, 0, 3);
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
    };
    RGBColor(0, subject, part as u8)
}

/// A place to point at, and what it then says.
pub(crate) struct Tip {
    /// Pixels.
    pub(crate) at: (i32, i32),
    /// What it says.
    pub(crate) text: String,
}

/// Makes a plotter's SVG scale, follow the page's colours and font, and say what it shows.
pub(crate) fn themed(svg: &str, id: &str, title: &str, description: &str, tips: &[Tip]) -> String {
    let body_from = svg.find('>').map_or(0, |end| end + 1);
    let view_box = svg[..body_from].split("viewBox=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("");
    let mut body = svg[body_from..].trim_end().trim_end_matches("</svg>").replace(" font-family=\"sans-serif\"", "");
    for (RGBColor(red, green, blue), paint) in STAND_INS {
        body = body.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), paint);
    }
    let (title_id, description_id) = (format!("{id}-title"), format!("{id}-desc"));
    html! {
        svg viewBox=(view_box) role="img" aria-labelledby=(format!("{title_id} {description_id}")) {
            title id=(title_id) { (title) }
            desc id=(description_id) { (description) }
            (PreEscaped(body))
            @for Tip { at: (x, y), text } in tips {
                circle class="tip" cx=(x) cy=(y) r="30" { title { (text) } }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_become_variables_and_names_are_escaped() {
        let svg = "<svg width=\"6\" height=\"4\" viewBox=\"0 0 6 4\" xmlns=\"http://www.w3.org/2000/svg\">\n<path stroke=\"#000201\"/>\n</svg>\n";
        let tips = [Tip { at: (1, 2), text: "<b> & \"c\"".to_owned() }];
        let themed = themed(svg, "f1", "<title>", "what", &tips);
        assert!(themed.starts_with("<svg viewBox=\"0 0 6 4\" role=\"img\" aria-labelledby=\"f1-title f1-desc\">"));
        assert!(themed.contains("<path stroke=\"var(--long-poll)\" stroke-dasharray=\"18 9\"/>"), "{themed}");
        assert!(themed.contains("&lt;title&gt;") && themed.contains("&lt;b&gt; &amp;"), "{themed}");
        assert_eq!(themed.matches("</svg>").count(), 1);
    }

    #[test]
    fn no_two_stand_ins_are_alike() {
        for (index, (colour, _)) in STAND_INS.iter().enumerate() {
            assert!(STAND_INS[..index].iter().all(|(known, _)| known != colour));
        }
    }

    #[test]
    fn every_colour_has_its_variable() {
        for transport in Transport::ALL {
            for part in [Part::Mark, Part::Line] {
                let variable = format!("var(--{})", transport.name());
                let colour = colour(transport.into(), part);
                assert!(STAND_INS.iter().any(|(known, paint)| *known == colour && paint.contains(&variable)));
            }
        }
    }
}
