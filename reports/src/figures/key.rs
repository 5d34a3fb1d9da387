//! The pictures' key: what colours, dashes and markers stand for.

use maud::{Markup, PreEscaped, html};
use protocol::Transport;

use super::draw::Subject;
use crate::{metrics::Meeting, points::Contender};

/// What lines and bars stand for.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    /// Those who are compared.
    Contenders,
    /// What an update met at a client that asks, and what theory says of it.
    Meetings,
}

/// The key, drawn as their lines and markers are.
pub(crate) fn legend(key: Key, contenders: &[Contender]) -> Markup {
    let entries: Vec<(Subject, String)> = match key {
        Key::Contenders => {
            contenders.iter().map(|contender| (contender.drawn_as().into(), contender.title())).collect()
        }
        Key::Meetings => Meeting::ALL
            .into_iter()
            .map(|meeting| (Subject::Met(meeting), meeting.name().to_owned()))
            .chain([(Subject::Predicted, "predicted: no parked poll".to_owned())])
            .collect(),
    };
    html! {
        p class="legend" aria-hidden="true" {
            @for (subject, name) in entries {
                span {
                    svg viewBox="0 0 36 12" width="36" height="12" {
                        (PreEscaped(sample(subject)))
                    }
                    " " (name)
                }
            }
        }
    }
}

fn sample(subject: Subject) -> &'static str {
    match subject {
        Subject::Transport(Transport::WebSocket) => {
            r#"<path d="M0 6H36" stroke="var(--websocket)" stroke-width="2"/><circle cx="18" cy="6" r="4" fill="var(--websocket)"/>"#
        }
        Subject::Transport(Transport::LongPoll) => {
            r#"<path d="M0 6H36" stroke="var(--long-poll)" stroke-width="2" stroke-dasharray="6 3"/><path d="M13 10H23L18 1Z" fill="var(--long-poll)"/>"#
        }
        Subject::Met(Meeting::Parked) => {
            r#"<path d="M0 6H36" stroke="var(--long-poll)" stroke-width="2"/><path d="M13 10H23L18 1Z" fill="var(--long-poll)"/>"#
        }
        Subject::Met(Meeting::Between) => {
            r#"<path d="M0 6H36" stroke="var(--no-poll)" stroke-width="2"/><path d="M14 2H22V10H14Z" fill="var(--no-poll)"/>"#
        }
        Subject::Met(Meeting::Rode) => {
            r#"<path d="M0 6H36" stroke="var(--rode)" stroke-width="2" stroke-dasharray="8 8"/><path d="M18 0L24 6L18 12L12 6Z" fill="var(--rode)"/>"#
        }
        Subject::Predicted => {
            r#"<path d="M0 6H36" stroke="var(--soft)" stroke-width="2" stroke-dasharray="2 4"/><circle cx="18" cy="6" r="4" fill="var(--panel)" stroke="var(--soft)" stroke-width="1.5"/>"#
        }
    }
}
