//! Results folders in: one, several as one, or all in a folder.

mod alike;
mod history;
pub(crate) mod load;
pub(crate) mod pool;

pub use alike::{Difference, Unlike};
pub(crate) use history::{Entry, Group, History};
pub use load::{LoadError, Results, parse_runs};
pub use pool::{PoolError, load_pooled};
