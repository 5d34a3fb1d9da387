//! The stream, from where its updates come to where subscribers wait for them: what is published, and when; the log; and
//! faults, which are planted here.

pub mod batch;
pub mod deal;
pub mod fault;
pub mod hold;
pub mod hub;
pub mod into_hub;
pub mod log;
pub mod publisher;
pub mod replay;
pub mod schedule;
pub mod segments;
pub mod shard;
pub mod source;
pub mod span;
pub mod spin;
pub mod topic;

mod accounts;
mod changes;
mod plain;
mod sleep;
mod subscribers;
