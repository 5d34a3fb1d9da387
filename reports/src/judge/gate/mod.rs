//! A gate: whether head is worse than base, from rounds in which both were measured in turn.
//!
//! A figure fails only if it is worse in every one of at least two rounds, each with an interval that leaves out 1 and an
//! effect over its limit. One round alone would cry wolf: of eight figures at 95%, one round in five would show an
//! interval beside 1 where there is nothing. Base measured once more beside it, as if it were a third, shows the noise.

mod figure;
mod limits;
mod render;
mod ruling;
mod unmeasured;

pub use figure::{Figure, Found};
pub use limits::{GATED, Gated, Limit, Limits};
pub use ruling::{Gate, Round, Ruling};
pub use unmeasured::Unmeasured;
