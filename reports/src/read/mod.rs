//! Results in, from folders and from pages that carry them: one, several as one, or all in a folder.

mod alike;
pub(crate) mod carried;
mod error;
mod history;
pub(crate) mod load;
pub(crate) mod pool;
mod text;

pub use alike::{Difference, Unlike};
pub use error::LoadError;
pub(crate) use history::{Entry, Group, History};
pub use load::Results;
pub use pool::{PoolError, load_pooled};
pub use text::{Text, manifest_text, run_line};
