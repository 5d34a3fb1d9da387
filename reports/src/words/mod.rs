//! What several rooms say alike: numbers, and loads; and what none of them says.

mod loads;
mod numbers;
mod secrets;

pub(crate) use loads::{asked_every, audience, clients, load, path, published, short_polls, stream, updates};
pub(crate) use numbers::{count, listed, number, percent, possessive, setting, significant, times};
pub use secrets::{command_without_secrets, url_without_secrets};
