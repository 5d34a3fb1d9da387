//! HTTP long polling (RFC 6202): a request is parked until there is something after its cursor, or time is up.
//!
//! hyper serves any poll (`parked.rs`). One that is plain, as most are, is served by `lean.rs` before hyper sees it.

mod answer;
mod head;
pub(crate) mod lean;
mod parked;
mod query;

pub use parked::Parked;

pub(super) use answer::frame;
pub(super) use parked::{Opened, open};
