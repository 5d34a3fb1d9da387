//! What is compared, as a table: cells, rows of them, and rows as text.

mod cell;
mod notes;
mod rows;
mod text;

pub(crate) use cell::{Cell, NOT_REACHED};
pub(crate) use notes::notes;
pub(crate) use rows::{COLUMNS, Row, common_load, comparison_rows, rows_of};
pub(crate) use text::{columns, comparison_table, wrapped};
