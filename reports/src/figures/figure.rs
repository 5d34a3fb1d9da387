//! What a figure is: pictures, what to see in them, and the numbers behind.

use super::{key::Key, question::Question};
use crate::metrics::Metric;

/// A figure: panels, what to see in them, and the numbers behind them.
pub(crate) struct Figure {
    /// Names it within the page.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// Which question it answers.
    pub(crate) question: Question,
    /// What it compares transports by; nothing if it does not.
    pub(crate) compares: Vec<Metric>,
    /// That nothing happened of which it tells, in a sentence; none if something did.
    pub(crate) idle: Option<String>,
    /// What it comes to, in words above it; empty where the caption says it.
    pub(crate) lead: String,
    /// How to read it, then what it shows here.
    pub(crate) caption: String,
    /// What its pictures tell apart.
    pub(crate) key: Key,
    /// Its pictures.
    pub(crate) panels: Vec<Panel>,
    /// Its numbers; empty if the pictures have too many to list.
    pub(crate) table: Table,
}

impl Figure {
    /// Whether there is anything to see.
    pub(super) fn shows(&self) -> bool {
        !self.panels.is_empty() || (self.table.open && !self.table.rows.is_empty())
    }
}

/// One picture of a figure.
pub(crate) struct Panel {
    /// What is shown, with its unit.
    pub(crate) title: String,
    /// The picture.
    pub(crate) svg: String,
}

/// Numbers behind pictures.
#[derive(Default)]
pub(crate) struct Table {
    /// The columns' headings, units included.
    pub(crate) head: Vec<String>,
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
    /// Whether it is to be seen at once, and not only by those who ask for it.
    pub(crate) open: bool,
}
