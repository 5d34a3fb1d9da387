//! What a run holds besides the stream: clients' own signals, and how clients recovered from what was done to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cpu, LosslessHistogram};
use crate::named::names;

/// Clients' signals (`POST /send`, a text on `/ws`) that were sent within the measure phase, over all clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// How many.
    pub sent: u64,
    /// From the sending to the acknowledgement, nanoseconds, one value an acknowledged signal. One that was due while its
    /// client was still busy with the one before counts from when it was due.
    pub round_trip: LosslessHistogram,
    /// The part until the server had read it.
    pub way_up: LosslessHistogram,
    /// How long after they were due signals were sent by a client that had nothing else to do: the generator's own
    /// lateness, which is in neither of the others.
    pub lateness: LosslessHistogram,
}

/// What is done to clients within the measure phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// Every client drops its connection at once.
    Drop,
    /// The server is killed, and one started in its place whose stream goes on as if nothing had been.
    Restart,
    /// The link takes every packet away for a while. Recovery counts from its end, and nobody has to connect again.
    Outage,
}

names!(Disturbance, "disturbance": Drop "drop", Restart "restart", Outage "outage");

/// How clients came back after a [`Disturbance`]. Times count from it, nanoseconds, one value a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// What was done.
    pub disturbance: Disturbance,
    /// When, milliseconds into the measure phase; of an outage, when it was over.
    pub at_ms: f64,
    /// Until the client was connected again: upgraded, or with its poll sent.
    pub connected: LosslessHistogram,
    /// Until it was current again: until it had everything that was due by then.
    pub current: LosslessHistogram,
    /// Connections that it ended, and tries to connect again that failed, until each client was back, by kind.
    pub failed: BTreeMap<String, u64>,
    /// From the disturbance until all were current again, or the measure phase was over, milliseconds.
    pub storm_ms: f64,
    /// The server's CPU time in that; absent if its process could not be read. A restarted server's own start is in it.
    pub server_cpu: Option<Cpu>,
}
