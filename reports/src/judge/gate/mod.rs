//! A gate: whether head is worse than base, from repeats in which both were measured in turn.
//!
//! It passes only if the interval of every gated figure ends under its limit, and finds head worse only if one begins over
//! it. Anything else is undecided, with the repeats that would decide it: an interval that holds the limit is no proof
//! that nothing has changed. Base measured once more beside it, as if it were a third, shows the noise.

mod figure;
mod limits;
mod render;
mod ruling;
mod unmeasured;

pub use figure::{Figure, Found, Standing};
pub use limits::{GATED, Gated, Limit, Limits};
pub use ruling::{Gate, Look, Round, Ruling};
pub use unmeasured::Unmeasured;
