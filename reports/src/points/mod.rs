//! What a sweep measured of whom: the runs of one contender under one load, and what loads differ by.

mod axis;
mod contender;
mod point;

pub use axis::Axis;
pub use contender::{Arm, BASELINE, Contender};
pub use point::PointName;
pub(crate) use point::group;
