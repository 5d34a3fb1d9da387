//! A results folder in, files for people out: the terminal summary, `report.html`, `summary.md`, `runs.csv`.
//!
//! No sockets, no async, no clock, and nothing of the load generator: the results folder is the boundary.
//! Whatever is shown is derived here, each time it is read, from what was observed.

mod between;
mod claims;
pub mod compare;
mod csv;
mod figures;
pub mod fixture;
mod gate;
mod headline;
mod html;
mod markdown;
mod metrics;
mod points;
mod read;
mod table;
mod tracking;
mod validity;
mod words;
mod write;

pub use between::{Between, Change, between};
pub use claims::{Claim, Claims, claims};
pub use gate::{Figure, Found, GATED, Gate, Gated, Limit, Limits, Round, Ruling};
pub use metrics::other_work;
pub use read::{Difference, LoadError, PoolError, Results, Unlike, load::load, load_pooled, pool::pool};
pub use table::summary_table;
pub use validity::{Severity, Validity, Warning, warnings};
pub use write::{IndexError, WriteError, Written, write, write_changes, write_index};
