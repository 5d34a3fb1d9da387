//! What several rooms say alike: numbers, and loads.

mod loads;
mod numbers;

pub(crate) use loads::{clients, load, stream};
pub(crate) use numbers::{count, number, percent, setting, times};
