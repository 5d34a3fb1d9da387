//! What all runs of a sweep share.

use std::path::Path;

use protocol::results::{Load, Scenario};
use server::stream::fault::Fault;
use tokio_util::sync::CancellationToken;

use super::{others::Others, target::Target, through::Through};
use crate::output::progress::Progress;

/// What all runs of a sweep share.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// What is being done.
    pub scenario: &'a Scenario,
    /// The feed that servers which are started here replay, if any.
    pub feed: Option<&'a Path>,
    /// A server that runs already, if it is not ours to start.
    pub target: Option<&'a Target>,
    /// How servers of others are started, talked to and published to.
    pub others: &'a [Others],
    /// The proxy that stands between clients and a server that is started here, if one does.
    pub through: Option<&'a Through>,
    /// How a server that is started here misbehaves; only proofs ask for any.
    pub faults: &'a [Fault],
    /// Cancelled when the user has had enough.
    pub interrupt: &'a CancellationToken,
    /// Where progress is shown.
    pub progress: &'a Progress,
}

impl Sweep<'_> {
    /// The server of others that bears a load; none if it is the own.
    pub(super) fn others(&self, load: &Load) -> Option<&Others> {
        self.others.iter().find(|others| others.peer == load.peer)
    }
}
