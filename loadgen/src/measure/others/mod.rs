//! A server of others in one run: its processes, and what publishes to it.

mod feed;
mod guarded;
mod post;
mod publishing;

use std::sync::Arc;

use protocol::results::Publish;

use crate::clients::dialects::Dialect;
pub use guarded::Guarded;
pub use publishing::{Publication, Publishing};

/// How a server of others is measured.
#[derive(Debug, Clone)]
pub struct Others {
    /// How clients talk to it.
    pub dialect: Arc<Dialect>,
    /// How updates get into it.
    pub publish: Publish,
    /// What starts it, word by word, with places for host and port; none if it runs already.
    pub command: Option<Vec<String>>,
}
