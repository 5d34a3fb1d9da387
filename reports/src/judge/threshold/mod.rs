//! Thresholds: what figures of a sweep may be, asked for before it and judged after it.
//!
//! A threshold names what is to fail: `long-poll.p99[clients=1000] > 50ms`. It fails if the interval of a point lies wholly beyond its limit,
//! passes if those of all points lie wholly within, and is undecided otherwise. Counts are exact. What a plan could never decide is
//! refused before anything is measured.

mod decidable;
mod expression;
mod judged;
mod need;
mod point;
mod render;
mod unit;

pub use decidable::{Asked, Plan};
pub use expression::Threshold;
pub use judged::{JudgedThreshold, Thresholds, thresholds};
pub(crate) use render::LEGEND;
pub(super) use unit::limit_in;
