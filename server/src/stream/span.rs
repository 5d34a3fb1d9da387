//! From when to when is published, and by which changes of the schedule.

use protocol::control::{Change, Window};

use super::source::Source;

/// From when to when to publish, and what to account for.
#[derive(Debug, Clone)]
pub struct Span {
    /// When the first update is due.
    pub first_due_ns: u64,
    /// The window to account for. Publication ends with it; without one it has no end.
    pub window: Option<Window>,
    /// Changes of the schedule that are known before the first update.
    pub changes: Vec<Change>,
}

impl Span {
    /// Has the source make a change, and gives it as it will be made; or says why it will not. All times are those of
    /// [`protocol::clock`].
    pub(super) fn reschedule(&self, source: &mut Source, change: Change, now_ns: u64) -> Result<Change, String> {
        let first_ns = self.first_due_ns;
        let after_first = Change { from_ns: change.from_ns.saturating_sub(first_ns), ..change };
        let made = source.reschedule(after_first, now_ns.saturating_sub(first_ns))?;
        let change = Change { from_ns: made.from_ns.saturating_add(first_ns), ..made };
        match self.window {
            Some(Window { to_ns, .. }) if change.from_ns >= to_ns => {
                Err(format!("from_ns {}: the stream ends at {to_ns}", change.from_ns))
            }
            _ => Ok(change),
        }
    }
}
