//! The pictures' key: what colours, dashes and markers stand for.

use maud::{Markup, PreEscaped, html};
use protocol::Transport;

use super::draw::{CLASSES, Subject, class_name, painted};
use crate::{metrics::Meeting, points::Contender};

/// What lines and bars stand for.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    /// Those who are compared.
    Contenders,
    /// What an update met at a client that asks, and what theory says of it.
    Meetings,
    /// Classes of ratios, and lines on a map of them.
    Ratios,
}

/// The key, drawn as their lines and markers are.
pub(crate) fn legend(key: Key, contenders: &[Contender]) -> Markup {
    let of = |(subject, name): (Subject, String)| (sample(subject), name);
    let entries: Vec<(String, String)> = match key {
        Key::Contenders => {
            contenders.iter().map(|contender| of((contender.drawn_as().into(), contender.title()))).collect()
        }
        Key::Meetings => Meeting::ALL
            .into_iter()
            .map(|meeting| (Subject::Met(meeting), meeting.name().to_owned()))
            .chain([(Subject::Predicted, "predicted: no parked poll".to_owned())])
            .map(of)
            .collect(),
        Key::Ratios => (0..CLASSES)
            .map(|class| {
                (painted(&format!(r#"<rect width="36" height="12" fill="ratio-{}"/>"#, class + 1)), class_name(class))
            })
            .chain([
                (painted(HATCHED), "no difference shown".to_owned()),
                (painted(CROSSED), "void".to_owned()),
                of((Subject::Border, "from here on worse".to_owned())),
                of((Subject::Unity, "rate × round trip = 1".to_owned())),
            ])
            .collect(),
    };
    html! {
        p class="legend" aria-hidden="true" {
            @for (sample, name) in entries {
                span {
                    svg viewBox="0 0 36 12" width="36" height="12" {
                        (PreEscaped(sample))
                    }
                    " " (name) " "
                }
            }
        }
    }
}

const HATCHED: &str = r#"<path d="M0 12L12 0M12 12L24 0M24 12L36 0" fill="none" stroke="axis"/>"#;
const CROSSED: &str = r#"<path d="M0 12L36 0M0 0L36 12" fill="none" stroke="axis"/>"#;

fn sample(subject: Subject) -> String {
    painted(match subject {
        Subject::Transport(Transport::WebSocket) => {
            r#"<path d="M0 6H36" stroke="websocket" stroke-width="2"/><circle cx="18" cy="6" r="4" fill="websocket"/>"#
        }
        Subject::Transport(Transport::LongPoll) => {
            r#"<path d="M0 6H36" stroke="long-poll" stroke-width="2" stroke-dasharray="6 3"/><path d="M13 10H23L18 1Z" fill="long-poll"/>"#
        }
        Subject::Transport(Transport::Sse) => {
            r#"<path d="M0 6H36" stroke="sse" stroke-width="2" stroke-dasharray="10 3 2 3"/><path d="M18 0L24 6L18 12L12 6Z" fill="sse"/>"#
        }
        Subject::Transport(Transport::ShortPoll) => {
            r#"<path d="M0 6H36" stroke="short-poll" stroke-width="2" stroke-dasharray="2 3"/><path d="M14 2H22V10H14Z" fill="short-poll"/>"#
        }
        Subject::Met(Meeting::Parked) => {
            r#"<path d="M0 6H36" stroke="long-poll" stroke-width="2"/><path d="M13 10H23L18 1Z" fill="long-poll"/>"#
        }
        Subject::Met(Meeting::Between) => {
            r#"<path d="M0 6H36" stroke="no-poll" stroke-width="2"/><path d="M14 2H22V10H14Z" fill="no-poll"/>"#
        }
        Subject::Met(Meeting::Rode) => {
            r#"<path d="M0 6H36" stroke="rode" stroke-width="2" stroke-dasharray="8 8"/><path d="M18 0L24 6L18 12L12 6Z" fill="rode"/>"#
        }
        Subject::Border => r#"<path d="M0 6H36" stroke="text" stroke-width="2.5"/>"#,
        Subject::Unity => r#"<path d="M0 6H36" stroke="text" stroke-width="2" stroke-dasharray="1.5 4.5"/>"#,
        Subject::Predicted => {
            r#"<path d="M0 6H36" stroke="soft" stroke-width="2" stroke-dasharray="2 4"/><circle cx="18" cy="6" r="4" fill="none" stroke="soft" stroke-width="1.5"/>"#
        }
    })
}
