//! What the benches share: the pure parts of a delivery ([`subject`]), and the whole of it ([`Rig`]). See `benches/`, one
//! file a subject, and `tests/allocations.rs`.

mod rig;
pub mod subject;

use std::time::Duration;

use criterion::Criterion;

pub use rig::Rig;

/// Criterion with less time for a bench than it takes by default: all of them are to be done within six minutes.
pub fn criterion() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}
