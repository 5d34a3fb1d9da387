//! What a mark says when it is pointed at, or stepped on by a key.

use std::fmt;

/// Whose value it is, and what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Whose, and where: `WebSocket, 1,000 clients`.
    pub(crate) of: String,
    /// With its unit: `62.1 ms`; or why there is none.
    pub(crate) value: String,
    /// Least and greatest of the runs, or a ratio's interval; empty if there is none.
    pub(crate) interval: String,
    /// What is to be known besides: `more`, `predicted 60.0`.
    pub(crate) note: String,
    /// Each run's own value, or each pair's ratio, in the order in which they were made: `58.0, 62.1, 66.3`.
    pub(crate) runs: String,
}

impl Said {
    /// `2.81× (2.60–3.02), more`
    pub(crate) fn what(&self) -> String {
        let interval = if self.interval.is_empty() { String::new() } else { format!(" ({})", self.interval) };
        let note = if self.note.is_empty() { String::new() } else { format!(", {}", self.note) };
        format!("{}{interval}{note}", self.value)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.of, self.what())
    }
}
