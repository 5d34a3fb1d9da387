//! A server that somebody else started: how it is named, what clients show it, and whether it may be measured.

mod examine;
mod health;
mod options;
mod url;

pub use examine::Target;
pub use options::{ClientOptions, HEADERS_VARIABLE, SERVER_VARIABLE, TargetArgs};
