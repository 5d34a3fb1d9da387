//! The race: a page of the server's own, in which a browser has the stream over every transport at once. There with `--page` only.

mod files;
mod live;
mod race;
mod routes;
mod state;

pub use live::{LiveOptions, Network, RTT_MS_MAX, RoundTrip};

pub(crate) use live::Live;
pub(crate) use race::Page;
