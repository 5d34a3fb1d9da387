//! What comparisons come to: claims and the answer of a sweep, what of the folklore it bears out, what changed between two folders, gates, and thresholds.

pub(crate) mod answer;
pub(crate) mod between;
pub(crate) mod capacity;
pub(crate) mod claims;
pub(crate) mod differs;
pub(crate) mod folklore;
mod gate;
mod pair;
mod places;
pub(crate) mod service;
pub(crate) mod takeaway;
pub(crate) mod threshold;

pub use between::{Between, Change};
pub use capacity::{Fault, Goal, Judged, Next, Seeker};
pub use claims::{Claim, Claims};
pub use gate::{Figure, Found, GATED, Gate, Gated, Limit, Limits, Look, Round, Ruling, Standing, Unmeasured};
pub use threshold::{Asked, JudgedThreshold, Plan, Threshold, Thresholds, thresholds};
