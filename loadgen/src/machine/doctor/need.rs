//! What is asked of the machine.

use protocol::results::Pinning;

/// What a plan asks of the machine at its largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Clients connected at once, at most.
    pub clients: u32,
    /// How many of them share one source address; all do if they cannot be spread.
    pub per_source: Option<u32>,
    /// Generator threads.
    pub workers: u32,
    /// A server that is there already, and whose limits are looked at from outside.
    pub running: Option<u32>,
    /// Which processors will be whose, if they are to be kept apart.
    pub pinned: Option<Pinning>,
    /// What the server asks, if we start it and it therefore runs here.
    pub server: Option<ServerNeed>,
}

/// What a server that is started here asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerNeed {
    /// Its threads.
    pub threads: u32,
    /// The backlog of its listener.
    pub backlog: u32,
}
