//! What several rooms say alike: numbers, and loads; and what none of them says.

mod loads;
mod numbers;
mod secrets;

pub(crate) use loads::{clients, load, stream};
pub(crate) use numbers::{count, number, percent, setting, times};
pub use secrets::{command_without_secrets, url_without_secrets};
