//! The quantities that are compared: what they are called, and how each is read off a run.

mod metric;
mod parameters;
mod read;
mod usage;
mod words;

pub use metric::Metric;
pub use parameters::{Meeting, Quantile, Share};
pub(crate) use read::quantile_ms;
pub use usage::other_work;
pub(crate) use usage::{busiest_worker, stolen_share};
