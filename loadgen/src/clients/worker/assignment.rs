//! What a worker is told before it begins.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use protocol::{Transport, results::Polls};
use server::values::Cpus;

use crate::{
    clients::{
        mailbox::Mailbox, reconnect::Disturbed, seats::Seats, tls::Tls, transports::Endpoint, window::MeasurePhase,
    },
    link::Addresses,
};

/// What one worker is to do.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// How its clients get updates.
    pub transport: Transport,
    /// From where.
    pub server: SocketAddr,
    /// Where they are, if a link lies between.
    pub link: Option<Addresses>,
    /// Its clients, as numbers among those of all workers.
    pub clients: std::ops::Range<u32>,
    /// Connections it may begin a second.
    pub connect_rate: f64,
    /// A client that is not ready by then stays away.
    pub give_up_ns: u64,
    /// Whom they trust, if the server speaks TLS.
    pub tls: Option<Tls>,
    /// What every request of theirs says.
    pub endpoint: Arc<Endpoint>,
    /// Whether the server pushes by itself, so that no message holds a stamp.
    pub pushed: bool,
    /// When they ask again.
    pub polls: Polls,
    /// How often each asks, where it asks by the clock.
    pub poll_interval: Option<Duration>,
    /// Signals that each sends a second while updates flow, 0 for none.
    pub signal_rate_hz: f64,
    /// Who has which topic.
    pub seats: Arc<Seats>,
    /// Whether clients speak to all who have their topic.
    pub speak: bool,
    /// What clients are to say, one for each of those of the first numbers that say anything.
    pub mailboxes: Arc<[Mailbox]>,
    /// Seed of all jitter.
    pub seed: u64,
    /// Its measure phase, when it is known.
    pub phase: MeasurePhase,
    /// What was done to them, once it was.
    pub disturbed: Disturbed,
    /// The processors to keep to.
    pub cpus: Option<Cpus>,
}

impl Assignment {
    /// Whether updates are stamps in whatever the server says.
    pub(super) fn is_stamped(&self) -> bool {
        self.endpoint.dialect.is_some() && !self.pushed
    }
}
