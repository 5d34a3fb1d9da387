//! Files for people out: the terminal's summary, pages, Markdown, CSV, and what trackers read.

mod csv;
mod html;
mod markdown;
mod terminal;
mod tracking;
pub(crate) mod write;

pub use terminal::summary_table;
pub use write::{IndexError, WriteError, Written, write_changes, write_index, write_page, write_whole};
