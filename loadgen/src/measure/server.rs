//! The server of one run, if it is started for it: ours, or one of others.

use std::net::SocketAddr;

use super::{others::Guarded, server_process::ServerProcess};

/// A server that is started for a run, and ended after it.
#[derive(Debug)]
pub(super) enum Server {
    /// This program run again.
    Own(Box<ServerProcess>),
    /// Any other.
    Guarded(Box<Guarded>),
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Own(server) => server.address,
            Self::Guarded(server) => server.address,
        }
    }

    pub(super) fn own(&mut self) -> Option<&mut ServerProcess> {
        match self {
            Self::Own(server) => Some(server),
            Self::Guarded(_) => None,
        }
    }

    pub(super) fn guarded(&mut self) -> Option<&mut Guarded> {
        match self {
            Self::Own(_) => None,
            Self::Guarded(server) => Some(server),
        }
    }

    /// How it ended, if it has.
    pub(super) fn death(&mut self) -> Option<String> {
        match self {
            Self::Own(server) => server.death(),
            Self::Guarded(server) => server.death(),
        }
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Own(server) => server.stop().await,
            Self::Guarded(server) => server.stop().await,
        }
    }
}
