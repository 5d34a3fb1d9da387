//! What comparisons come to: claims and the headline of a sweep, what of the folklore it bears out, what changed between two folders, and gates.

pub(crate) mod between;
pub(crate) mod claims;
pub(crate) mod folklore;
mod gate;
pub(crate) mod headline;
mod pair;

pub use between::{Between, Change};
pub use claims::{Claim, Claims};
pub use gate::{Figure, Found, GATED, Gate, Gated, Limit, Limits, Look, Round, Ruling, Standing, Unmeasured};
