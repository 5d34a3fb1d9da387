//! Derived values: what the runs of equal load say of each transport, and of one against the other.
//!
//! Everything here is computed when read. Percentiles come from histograms merged over repeats, never from averages.

mod bootstrap;
mod comparison;
mod estimate;
mod fit;
mod looks;
mod precision;
mod ratio;
mod side;
mod student;
mod sweep;
mod words;

pub use comparison::{Case, Comparison, Server};
pub(crate) use estimate::Estimate;
pub use fit::Fit;
pub(crate) use fit::Spread;
pub use looks::{LOOKS_MAX, Looks};
pub(crate) use precision::repeats_to_part;
pub use precision::{Precision, RUN_OVERHEAD_S, SOUGHT, more};
pub use ratio::{COMPARED, Ratio, Verdict};
pub use side::{Measure, PointStatus, Side};
pub(crate) use student::{CONFIDENCE, mean_interval, widened};
pub use sweep::{Slice, Sweep};
pub(crate) use words::{at_least, difference, interval, with_interval, with_interval_at};

pub use crate::{
    metrics::{Meeting, Metric, Quantile, Share},
    points::{Arm, Axis, BASELINE, Contender, PointName},
};
