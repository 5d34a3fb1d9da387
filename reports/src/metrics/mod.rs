//! The quantities that are compared: what they are called, and how each is read off a run.

mod metric;
mod names;
mod parameters;
mod pooled;
mod read;
mod stated;
mod usage;
mod words;

pub use metric::Metric;
pub(crate) use names::NAMED;
pub use parameters::{Meeting, Quantile, Share};
pub(crate) use pooled::{merged, together};
pub(crate) use stated::{Ranked, Stated};
pub use usage::other_work;
pub(crate) use usage::{busiest_worker, busy_in_fan_outs, longest_wait, stolen_share};
