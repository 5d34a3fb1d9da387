//! Everything that a scenario may say, in a file or by options.

use std::{convert::Infallible, path::PathBuf, str::FromStr, time::Duration};

use clap::Args;
use protocol::{
    Engine, Transport,
    results::{Arrivals, Disturbance, Polls, Publish, Speakers},
};
use serde::{Deserialize, Deserializer, de::Error as _};

/// Everything a scenario file may say; options on the command line replace its keys.
#[derive(Debug, Clone, Default, Deserialize, Args)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What question the scenario answers
    #[arg(skip)]
    pub why: Option<String>,

    /// Axis: transports to compare
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub transports: Option<Vec<Transport>>,

    /// Axis: clients connected at once
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    pub clients: Option<Vec<u32>>,

    /// Axis: updates a second
    #[arg(long = "rate", value_name = "HZ,..", value_delimiter = ',', allow_negative_numbers = true)]
    pub rate_hz: Option<Vec<f64>>,

    /// Axis: bytes of a whole encoded update
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    pub payload_bytes: Option<Vec<u32>>,

    /// Gaps between updates: constant, or poisson (exponential, as of independent sources)
    #[arg(long, value_name = "KIND", value_parser = arrivals)]
    pub arrivals: Option<Arrivals>,

    /// Replay a recorded feed (file or pipe, plain, gzip or zstd), {"at_us":..,"data":..} a line, instead of rate and payload
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,

    /// Axis: replay so many times faster than recorded
    #[arg(long, value_name = "X,..", value_delimiter = ',', allow_negative_numbers = true)]
    pub speed: Option<Vec<f64>>,

    /// Axis: connections under TLS or not, off, on or both
    #[arg(long, value_name = "OFF,ON", value_delimiter = ',', value_parser = on_or_off)]
    pub tls: Option<Vec<bool>>,

    /// Axis: how the server serves, lean (past the libraries: what the protocol costs at least), stock (hyper and tungstenite, as commonly built) or both
    #[arg(long, value_name = "LEAN,STOCK", value_delimiter = ',')]
    pub engine: Option<Vec<Engine>>,

    /// Axis: servers to compare, each started for each run: own, faye, nchan, socketio, sockjs, ws, or the path of a folder like those of peers/
    #[arg(long, value_name = "NAME|DIR,..", value_delimiter = ',')]
    pub peer: Option<Vec<String>>,

    /// How clients talk to a server of others: faye, nchan, socketio, sockjs, ws, or the path of a TOML file [default: pushbench, the own protocol]
    #[arg(long, value_name = "NAME|FILE")]
    pub dialect: Option<String>,

    /// How updates get into a server of others: as lines on its stdin (feed), by a request each (http), said by clients for it to relay (client), or not at all, as it pushes by itself (none)
    #[arg(long, value_name = "HOW")]
    pub publish: Option<Publish>,

    /// Which clients say updates with --publish client: the first (one), or each in its turn (all) [default: one]
    #[arg(long, value_name = "WHO")]
    pub speakers: Option<Speakers>,

    /// Put a proxy between clients and server: nginx, haproxy, caddy, or the path of a configuration for one of them, with {listen} and {upstream} in it
    #[arg(long, value_name = "NAME|FILE")]
    pub through: Option<String>,

    /// A server of others.
    #[command(flatten)]
    pub server: ServerKeys,

    /// How often each point is measured, instead of until --precision is reached
    #[arg(long, value_name = "N")]
    pub repeats: Option<u32>,

    /// Measure again until each ratio's interval reaches no further than this to either side, or --budget is spent [default: 10%]
    #[arg(long, value_name = "PERCENT")]
    pub precision: Option<Percent>,

    /// How long that may take in all [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub budget: Option<Duration>,

    /// Quiet between the last connection and the first update
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub settle: Option<Duration>,

    /// Updates before those that count, at least: it goes on until 24 have gone out (two, where they are 150 ms apart or more), or for 10 s, and then to the middle of a gap
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub warm_up: Option<Duration>,

    /// Updates that count
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub measure: Option<Duration>,

    /// Wait at most so long for what is still under way
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub drain: Option<Duration>,

    /// When clients poll again, or acknowledge what a WebSocket brought: deferred, until what has arrived is read, as machines of their own would read it; or at-once, each poll after its own answer
    #[arg(long, value_name = "WHEN")]
    pub polls: Option<Polls>,

    /// Signals that each client sends a second (POST /send beside long polling, a text on the WebSocket)
    #[arg(long = "signal-rate", value_name = "HZ", allow_negative_numbers = true)]
    pub signal_rate_hz: Option<f64>,

    /// A quarter into the measure phase: every client drops its connection (drop), or the server is killed and started again (restart)
    #[arg(long = "disturb", value_name = "KIND")]
    #[serde(deserialize_with = "disturbance_key")]
    pub disturb: Option<Disturbance>,

    /// Connections begun a second
    #[arg(long, value_name = "N")]
    pub connect_rate: Option<u32>,

    /// How much longer connecting may take; clients that are refused come again until then
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub connect_grace: Option<Duration>,

    /// Clients that may stay away without the run being given up; the point is void then [default: 0%]
    #[arg(long, value_name = "PERCENT")]
    pub absent_max: Option<Percent>,

    /// Generator threads (default: one for each processor that is the generator's)
    #[arg(long, value_name = "N")]
    pub workers: Option<u32>,

    /// Server threads
    #[arg(long, value_name = "N")]
    pub server_threads: Option<u32>,

    /// Compare a transport with itself, to see what this benchmark calls a difference where there is none
    #[arg(long)]
    #[serde(skip)]
    pub aa: bool,

    /// Let server and generator share all processors, instead of half of them each
    #[arg(long)]
    #[serde(skip)]
    pub no_pin: bool,

    /// Refused by whoever reads it, wherever it is written
    #[arg(long, hide = true, value_parser = no_fault)]
    #[serde(deserialize_with = "no_fault_key")]
    pub fault: Option<Infallible>,

    /// Seed of the order of runs, of random gaps and of poll jitter
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Which server of others is measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Args)]
#[serde(deny_unknown_fields, default)]
pub struct ServerKeys {
    /// Start this server of others for each run; {host} and {port} in it are where it is to listen
    #[arg(id = "server_command", long = "server-command", value_name = "COMMAND")]
    pub command: Option<String>,

    /// The same as --server.
    #[arg(skip)]
    pub url: Option<String>,
}

impl Settings {
    /// Whether they change the question that a scenario answers, not only how well.
    pub(super) fn ask_otherwise(&self) -> bool {
        let Self { transports, clients, rate_hz, payload_bytes, arrivals, replay, speed, aa, .. } = self;
        let Self { signal_rate_hz, disturb, tls, engine, polls, peer, dialect, server, through, .. } = self;
        let axes = [clients.is_some(), rate_hz.is_some(), payload_bytes.is_some(), speed.is_some()];
        let besides =
            [*aa, signal_rate_hz.is_some(), disturb.is_some(), tls.is_some(), engine.is_some(), polls.is_some()];
        let others = through.is_some() || peer.is_some() || dialect.is_some() || *server != ServerKeys::default();
        others
            || besides.contains(&true)
            || transports.is_some()
            || arrivals.is_some()
            || replay.is_some()
            || axes.contains(&true)
    }
}

/// A share, written `5%`: of 100, and less than all.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Percent(pub f64);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
        let within = number.filter(|percent| (0.0..100.0).contains(percent)).map(Self);
        within.ok_or_else(|| format!("`{text}` must be from 0% to less than 100%, as in 5%"))
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

const NO_FAULT: &str = "faults are for proofs: loadgen prove";

fn no_fault(_: &str) -> Result<Infallible, &'static str> {
    Err(NO_FAULT)
}

fn no_fault_key<'de, D: Deserializer<'de>>(_: D) -> Result<Option<Infallible>, D::Error> {
    Err(D::Error::custom(NO_FAULT))
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "off" => Ok(false),
        "on" => Ok(true),
        _ => Err("one of off, on".to_owned()),
    }
}

fn disturbance_key<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Disturbance>, D::Error> {
    String::deserialize(value)?.parse().map(Some).map_err(D::Error::custom)
}

fn arrivals(text: &str) -> Result<Arrivals, String> {
    match text {
        "constant" => Ok(Arrivals::Constant),
        "poisson" => Ok(Arrivals::Poisson),
        _ => Err("one of constant, poisson".to_owned()),
    }
}
