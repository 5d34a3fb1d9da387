//! Every type that crosses a process boundary, and nothing else: what the server says to its clients,
//! what the load generator says to its server, and what a run leaves behind on disk.

pub mod clock;
pub mod control;
pub mod engine;
mod named;
pub mod results;
pub mod signal;
pub mod stamp;
pub mod transport;
pub mod update;
pub mod wire;

pub use engine::Engine;
pub use named::UnknownName;
pub use transport::Transport;
pub use update::Update;
