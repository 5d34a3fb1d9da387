//! A line of `runs.jsonl`: one point measured once against a fresh server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    GeneratorUsage, LinkUsage, LosslessHistogram, MachineUsage, Point, Recovery, ServerUsage, Signals, TcpUsage, Trial,
};

/// One run. Times are nanoseconds of [`crate::clock`] unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Position in the plan, from 0.
    pub index: u32,
    /// Which repeat of its point, from 0.
    pub repeat: u32,
    /// What was measured.
    pub point: Point,
    /// When it began, RFC 3339, UTC.
    pub started_utc: String,
    /// Why it was not finished; its figures then say how far it came.
    pub failure: Option<Failure>,
    /// How long each phase took.
    pub phases: Phases,
    /// When the measure phase began, milliseconds since the run did; absent if it never came to that.
    pub measure_from_ms: Option<f64>,
    /// What was published within the measure phase.
    pub stream: StreamAccount,
    /// What became of it.
    pub counts: Counts,
    /// Bytes and requests within the measure phase.
    pub traffic: Traffic,
    /// Receipt minus due time of every delivery that counts, nanoseconds.
    pub latency: LosslessHistogram,
    /// The same of deliveries to who said the update, where clients speak: they count, and are in no other figure; absent where they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<LosslessHistogram>,
    /// The same in equal slices of the measure phase, by due time, coarser.
    pub slices: Vec<Slice>,
    /// How each update spread over the clients.
    pub fan_out: FanOut,
    /// The mean latency of each client, nanoseconds, one value a client that received anything.
    pub client_means: LosslessHistogram,
    /// How updates met the poll that fetched them; absent for a transport that does not ask.
    pub polling: Option<Polling>,
    /// One exchange on a fresh, idle connection (after the TLS handshake, if there is one), nanoseconds, one value a client:
    /// the upgrade, the head of the events' answer, or a first poll answered.
    pub exchange: LosslessHistogram,
    /// From the start of the connection until the client is known to the server, nanoseconds, one value a client:
    /// TCP connect, and then the upgrade, the head of the events' answer, or a first poll answered.
    pub handshake: LosslessHistogram,
    /// The TLS handshakes; absent without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsHandshakes>,
    /// The clients' own signals; absent if they sent none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Signals>,
    /// What came of a server that pushes by itself; absent of any other. Then there is no latency, and `fan_out` has spans alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Pushed>,
    /// How clients came back; absent if they were left in peace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// The server's memory and CPU; absent if its process could not be read.
    pub server: Option<ServerUsage>,
    /// What the generator itself used within the measure phase.
    pub generator: GeneratorUsage,
    /// How busy the machine was meanwhile, with whatever.
    pub machine: MachineUsage,
    /// Its segments and acknowledgements, whoever's; absent if the kernel does not tell, or did not come to the phase's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpUsage>,
    /// What the link between clients and server did; absent over loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkUsage>,
    /// Why there is nothing of the server's memory and CPU, if there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_unread: Option<String>,
    /// Which trial it is of a search; absent of any other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// What came, within the measure phase, of a server that pushes by itself. Its messages carry no stamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pushed {
    /// From one message of a client to its next, nanoseconds, over all clients.
    pub gaps: LosslessHistogram,
    /// Messages that can be told apart, by their bytes, which came to each client just once: those have a span in `fan_out`.
    pub told_apart: u64,
    /// Messages that differ in their bytes.
    pub different: u64,
}

/// The TLS handshakes of first connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsHandshakes {
    /// From the TCP connection until it was secret, nanoseconds, one value a client. All were full handshakes.
    pub took: LosslessHistogram,
    /// Version and cipher suite.
    pub agreed: String,
}

/// Why and when a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The phase it was in.
    pub phase: String,
    /// What happened.
    pub reason: String,
}

/// How updates spread over the clients: one value an update that counts and that every client received, nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FanOut {
    /// From the due time to the first receipt.
    pub first: LosslessHistogram,
    /// From the due time to the last receipt.
    pub last: LosslessHistogram,
    /// From the first receipt to the last.
    pub span: LosslessHistogram,
    /// From the *actual* publication to the last receipt: what a naive benchmark would call latency, blind to a
    /// publisher that is late. Absent if the server was not ours to ask.
    pub last_from_send: Option<LosslessHistogram>,
    /// `last` update by update, in the order of due times, microseconds: what intervals within the run are made from. Empty
    /// where there are too many to be listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_in_order_us: Vec<u64>,
}

/// Latency of the deliveries that count, nanoseconds, by what the update found (RFC 6202, section 2.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Polling {
    /// A poll that had been sent before the update was due.
    pub parked: LosslessHistogram,
    /// None: it was due between two polls, and waited for the next.
    pub between: LosslessHistogram,
    /// It rode in an answer behind another update.
    pub rode: LosslessHistogram,
}

/// Seconds that each phase took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// From the first connection begun to the last client ready.
    pub connect_s: f64,
    /// Quiet, before the first update.
    pub settle_s: f64,
    /// Updates that do not count.
    pub warm_up_s: f64,
    /// Updates that count.
    pub measure_s: f64,
    /// From the last due time until everything had arrived, or was given up.
    pub drain_s: f64,
}

/// The updates due within the measure phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamAccount {
    /// How many.
    pub updates: u64,
    /// How many were due before those, if the publisher says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Who says so.
    pub source: Expectation,
    /// Actual minus due time of publication, nanoseconds; absent if the server was not ours to ask.
    pub lateness: Option<LosslessHistogram>,
    /// From the sending of an update to a server of others until it was acknowledged, nanoseconds, of all phases; absent where nothing acknowledges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<LosslessHistogram>,
}

/// Where the number of expected updates comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// The publisher counted them.
    Publisher,
    /// The clients saw the update before the first and the one after the last; `seq` has no gaps.
    Bracketed,
    /// Nobody: the server pushes by itself, and what came is all that is known.
    Arrivals,
}

/// What became of the updates due within the measure phase, over all clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Clients times updates.
    pub expected: u64,
    /// Received, each once: counted as they came, by due time.
    pub delivered: u64,
    /// Never received: counted at the end, by gaps in each client's `seq`.
    pub missed: u64,
    /// Received again.
    pub duplicated: u64,
    /// Received after a later one (and delivered).
    pub reordered: u64,
    /// Deliveries whose latency the histogram cannot hold (over a minute, or before they were due).
    pub out_of_range: u64,
    /// Clients that were ready.
    pub clients_ready: u64,
    /// Clients that were there to the end: the last update that counts and that they were to get came to them, or anything after the
    /// measure phase. Absent where it is not known which was the last, and in older results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients_held: Option<u64>,
    /// Errors of clients by kind, whenever they happened.
    pub errors: BTreeMap<String, u64>,
    /// The first of each kind in words, the server's if it said why; also of those that a disturbance set off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_errors: BTreeMap<String, String>,
}

impl Counts {
    /// Whether every expected update is accounted for.
    pub fn conserved(&self) -> bool {
        self.delivered + self.missed == self.expected
    }
}

/// What crossed the clients' sockets between the measure phase's first and last moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Updates received in that time, whenever they were due.
    pub updates: u64,
    /// Payloads in which they came: WebSocket messages, or answers that held updates.
    pub payloads: u64,
    /// Writes by the clients: the requests of long polling, the pongs of WebSocket, signals.
    pub requests: u64,
    /// Connections that clients opened again because the server had ended theirs as HTTP allows, and not by an error.
    #[serde(default)]
    pub connections: u64,
    /// Bytes received, heads and framing included, without TCP and IP.
    pub bytes_in: u64,
    /// Bytes sent, likewise.
    pub bytes_out: u64,
    /// Reads that returned bytes.
    pub reads: u64,
    /// Writes or answers in which the server handed updates out, if it was ours to ask; each may hold several.
    pub server_writes: Option<u64>,
}

/// One slice of the measure phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Where it begins, milliseconds into the measure phase.
    pub from_ms: f64,
    /// Latency of the deliveries due in it, two significant digits.
    pub latency: LosslessHistogram,
}
