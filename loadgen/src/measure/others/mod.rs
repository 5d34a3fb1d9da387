//! A server of others in one run: its processes, and what publishes to it.

mod command;
mod feed;
mod guarded;
mod post;
mod publishing;
mod ready;
mod relayed;
mod say;

use std::sync::Arc;

use protocol::results::{Publish, Speakers};

use crate::clients::dialects::Dialect;
pub use command::Command;
pub use guarded::{Guarded, free_address};
pub use publishing::{Publication, Publishing};
pub use relayed::Relayed;

/// How a server of others is measured.
#[derive(Debug, Clone)]
pub struct Others {
    /// Its name among several; none where it is measured alone.
    pub peer: Option<String>,
    /// How clients talk to it.
    pub dialect: Arc<Dialect>,
    /// How updates get into it.
    pub publish: Publish,
    /// Which clients say them, if it is clients who do.
    pub speakers: Option<Speakers>,
    /// What starts it; none if it runs already.
    pub command: Option<Command>,
}
