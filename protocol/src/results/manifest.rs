//! `manifest.json`: what was asked, of which build, on which machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arrivals, Audience, Disturbance, Path, Search};
use crate::{Engine, Transport, named::names};

/// What a sweep was, written before its first run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`super::SCHEMA_VERSION`].
    pub schema: u32,
    /// pushbench's version.
    pub version: String,
    /// The commit it was built from, `-dirty` behind it if files had changed; absent outside a checkout.
    pub git_revision: Option<String>,
    /// Cargo's profile: `release`, or `dev` (which is optimised too).
    pub profile: String,
    /// The server's memory allocator, which moves its memory figures by multiples.
    pub allocator: String,
    /// Versions of the libraries on the measured path, by name.
    pub libraries: BTreeMap<String, String>,
    /// The command line, program first, as it would be typed again.
    pub command: Vec<String>,
    /// When the sweep began, RFC 3339, UTC.
    pub started_utc: String,
    /// How many runs were planned, so far. Fewer in `runs.jsonl` means that it goes on, or was interrupted.
    pub planned_runs: u32,
    /// What was planned.
    pub scenario: Scenario,
    /// Where.
    pub machine: Machine,
    /// Within which limits.
    pub limits: Limits,
}

/// A scenario with every default and option resolved. A sweep is the product of its lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What question it answers.
    pub why: String,
    /// Axis: transports.
    pub transports: Vec<Transport>,
    /// Axis: clients.
    pub clients: Vec<u32>,
    /// Axis: updates a second; unused while a feed is replayed.
    pub rate_hz: Vec<f64>,
    /// Axis: bytes of an encoded update; unused while a feed is replayed.
    pub payload_bytes: Vec<u32>,
    /// How due times are spaced; unused while a feed is replayed.
    pub arrivals: Arrivals,
    /// Axis: who has updates in common.
    #[serde(default = "to_all", skip_serializing_if = "is_to_all")]
    pub audience: Vec<Audience>,
    /// Whether it is clients who say updates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub speak: bool,
    /// Axis: for how long updates are collected that leave together, milliseconds.
    #[serde(default = "at_once", skip_serializing_if = "is_at_once")]
    pub coalesce_ms: Vec<f64>,
    /// The feed to replay, if any.
    pub replay: Option<String>,
    /// Seconds of the feed, at its own speed, until so many of its updates have gone out that Linux no longer acknowledges each at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_warm_up_s: Option<f64>,
    /// Axis: how much faster than recorded; unused without a feed.
    pub speed: Vec<f64>,
    /// Axis: whether the connections are under TLS.
    #[serde(default = "without")]
    pub tls: Vec<bool>,
    /// Axis: how the server serves; none where the server of others did not say.
    #[serde(default = "lean")]
    pub engine: Vec<Engine>,
    /// Axis: the network between clients and server, [`None`] for loopback.
    #[serde(default = "loopback", skip_serializing_if = "is_loopback")]
    pub path: Vec<Option<Path>>,
    /// Loads beside the product of these axes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Also>,
    /// Axis: servers, the own among them if it is named; none where there is one, whichever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peer: Vec<Peer>,
    /// How often each point is measured; at least, if there is a goal.
    pub repeats: u32,
    /// How long repeats go on, if not a fixed number of them is asked for.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// Thresholds, as they were written: what of the results is to fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fail_if: Vec<String>,
    /// Seconds of quiet between the last connection and the first update.
    pub settle_s: f64,
    /// Seconds of updates that do not count, at least; how many they were stands in each run.
    pub warm_up_s: f64,
    /// Seconds of updates that count.
    pub measure_s: f64,
    /// Seconds to wait at most for what is still under way afterwards.
    pub drain_s: f64,
    /// Connections started a second, at most.
    pub connect_rate: u32,
    /// Seconds that connecting may take longer than its pace asks for.
    #[serde(default = "grace_s")]
    pub connect_grace_s: f64,
    /// Clients, in percent of all, that may stay away without the run being given up.
    #[serde(default)]
    pub absent_max_percent: f64,
    /// Generator threads.
    pub workers: u32,
    /// Server threads.
    pub server_threads: u32,
    /// Processors for the server and for the generator, if they were kept apart.
    pub pinned: Option<Pinning>,
    /// Whether loops of idle priority kept those processors awake while updates flowed; not where a CPU quota would have paid for them.
    #[serde(default)]
    pub kept_awake: bool,
    /// Whether a transport is compared with itself: the repeats are then two arms in turn, A B B A.
    pub aa: bool,
    /// When a client that has received something polls again, or acknowledges it.
    #[serde(default)]
    pub polls: Polls,
    /// Seconds from one short poll of a client to its next, if short polling is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval_s: Option<f64>,
    /// Signals that each client sends a second, 0 for none.
    #[serde(default)]
    pub signal_rate_hz: f64,
    /// What is done to clients a quarter into the measure phase.
    #[serde(default)]
    pub disturbance: Option<Disturbance>,
    /// Seconds that an outage takes, if that is the disturbance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_s: Option<f64>,
    /// Seed of the order of runs, of Poisson gaps and of poll jitter.
    pub seed: u64,
    /// The running server that was measured instead of one started for each run.
    pub server: Option<String>,
    /// The command that started a server of others for each run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_command: Option<String>,
    /// The path at which it said that it was ready; absent where any answer said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ready: Option<String>,
    /// The dialect in which clients talked to a server of others; absent for the own protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// How updates got into that server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Publish>,
    /// Which clients said updates, if it was clients who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speakers: Option<Speakers>,
    /// The proxy between clients and server, or the file of its configuration; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// What was searched for, if it was: then the axes are where the search began, and there is a run a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

/// Axes in place of a scenario's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Also {
    /// As [`Scenario::clients`].
    pub clients: Vec<u32>,
    /// As [`Scenario::rate_hz`].
    pub rate_hz: Vec<f64>,
    /// As [`Scenario::payload_bytes`].
    pub payload_bytes: Vec<u32>,
    /// As [`Scenario::engine`].
    pub engine: Vec<Engine>,
    /// As [`Scenario::path`].
    pub path: Vec<Option<Path>>,
}

impl Scenario {
    /// Scenarios whose axes have nothing beside them, which together have all loads of this one; the first is itself.
    pub fn parts(&self) -> Vec<Self> {
        let own = Self { also: Vec::new(), ..self.clone() };
        let beside = self.also.iter().cloned().map(|Also { clients, rate_hz, payload_bytes, engine, path }| Self {
            clients,
            rate_hz,
            payload_bytes,
            engine,
            path,
            ..own.clone()
        });
        [own.clone()].into_iter().chain(beside).collect()
    }
}

/// A server of a sweep that compares several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name; [`Peer::OWN`] is the own server's.
    pub name: String,
    /// The transports that it is measured over.
    pub transports: Vec<Transport>,
    /// The command that started it for each run; absent for the own server. So is the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// How updates got into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Publish>,
}

impl Peer {
    /// The own server's name among several.
    pub const OWN: &'static str = "own";

    /// How loads name it.
    pub fn in_load(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| *name != Self::OWN)
    }
}

/// How updates get into a server of others. The publisher is the generator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Publish {
    /// As lines on its stdin.
    Feed,
    /// By a request each, on one connection.
    Http,
    /// By clients, who say them to the server for it to relay.
    Client,
    /// Not at all: the server has its own, of which nobody knows when they are due.
    None,
}

names!(Publish, "publish": Feed "feed", Http "http", Client "client", None "none");

/// Which clients say updates for the server to relay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speakers {
    /// The first says all of them.
    #[default]
    One,
    /// Each in its turn.
    All,
}

names!(Speakers, "speakers": One "one", All "all");

impl Speakers {
    /// How many of so many clients speak.
    pub fn among(self, clients: u32) -> u32 {
        match self {
            Self::One => 1,
            Self::All => clients,
        }
    }
}

/// When a client polls again; or acknowledges what it received, where it has nothing to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polls {
    /// Once nothing that has arrived at its worker is left to be read: as clients on machines of their own would not delay
    /// each other's reading.
    #[default]
    Deferred,
    /// As soon as it was answered, though others' answers then lie unread meanwhile; and when the kernel likes.
    AtOnce,
}

names!(Polls, "polls": Deferred "deferred", AtOnce "at-once");

/// How long repeats go on: until figures are precise, or time is up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// How far a ratio's interval may reach to either side, as a share: 0.1 is 10%.
    pub precision: f64,
    /// Seconds that the sweep may take.
    pub budget_s: f64,
}

fn lean() -> Vec<Engine> {
    vec![Engine::Lean]
}

fn without() -> Vec<bool> {
    vec![false]
}

fn loopback() -> Vec<Option<Path>> {
    vec![None]
}

fn to_all() -> Vec<Audience> {
    vec![Audience::Broadcast]
}

fn is_to_all(audience: &Vec<Audience>) -> bool {
    *audience == to_all()
}

fn at_once() -> Vec<f64> {
    vec![0.0]
}

fn is_at_once(coalesce_ms: &Vec<f64>) -> bool {
    *coalesce_ms == at_once()
}

fn is_loopback(path: &Vec<Option<Path>>) -> bool {
    *path == loopback()
}

fn grace_s() -> f64 {
    30.0
}

/// Which processors were whose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinning {
    /// The server's.
    pub server: Vec<u32>,
    /// The load generator's.
    pub generator: Vec<u32>,
    /// Whether both are threads of one core; absent where the machine does not tell, and in older results. So is the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_core: Option<bool>,
    /// Whether both lie within one last-level cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_cache: Option<bool>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and kernel release.
    pub kernel: String,
    /// The processor's model name.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cores: u32,
    /// Physical memory.
    pub memory_bytes: u64,
    /// One-minute load average as the sweep began.
    pub load_average: f64,
    /// Whether the kernel was built to account the time of interrupts, softirqs among them, apart from that of the process
    /// which they interrupt (`CONFIG_IRQ_TIME_ACCOUNTING`); absent where its configuration cannot be read, and in older results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irq_time_apart: Option<bool>,
    /// How TCP controls congestion (`net.ipv4.tcp_congestion_control`: `cubic`, `bbr`), by which a path with loss is slow or is not;
    /// absent in older results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
}

/// The limits that bound what could be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// `RLIMIT_NOFILE` in force, after it was raised.
    pub open_files: u64,
    /// `net.core.somaxconn`, which bounds the listener's backlog.
    pub somaxconn: u64,
    /// `net.ipv4.ip_local_port_range`: connections from one source address to one server.
    pub ports: (u16, u16),
    /// Bytes of memory that the control group may use, the tightest of it and its ancestors; absent without such a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_max: Option<u64>,
    /// Likewise, its processor time in a period, both µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_max: Option<(u64, u64)>,
}
