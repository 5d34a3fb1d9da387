//! Everything that a scenario may say, in a file or by options.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::Args;
use protocol::{
    Engine, Transport,
    results::{Arrivals, Audience, Disturbance, Polls, Publish, Speakers},
};
use reports::Threshold;
use serde::{Deserialize, Deserializer, de::Error as _};
use server::stream::replay::BUILTIN_MARKET;

use super::path::{Coalesce, Jitter, Loss, Rtt};
use crate::clients::dialects;

/// Everything a scenario file may say; options on the command line replace its keys.
#[derive(Debug, Clone, Default, Deserialize, Args)]
#[serde(deny_unknown_fields, default)]
// Switches of a command line, each for itself.
#[allow(clippy::struct_excessive_bools)]
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

    /// Axis: who has updates in common, each topic with updates at --rate: all (broadcast), rooms-of-20, one client each (one), or those who chose one of 1000-topics, by Zipf's law
    #[arg(long, value_name = "WHO,..", value_delimiter = ',')]
    pub audience: Option<Vec<Audience>>,

    /// Updates are said by clients, each at --rate, and handed on to all who have its topic
    #[arg(long)]
    pub speak: bool,

    /// Axis: once an update is due the server waits so long for others, and all leave together: an experiment with batching, the same for all transports [default: 0]
    #[arg(long, value_name = "TIME,..", value_delimiter = ',', allow_hyphen_values = true)]
    pub coalesce: Option<Vec<Coalesce>>,

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

    /// Axis: servers to compare, each started for each run: own, faye, nchan, pushpin, socketio, sockjs, ws, or the path of a folder like those of peers/
    #[arg(long, value_name = "NAME|DIR,..", value_delimiter = ',')]
    pub peer: Option<Vec<String>>,

    /// Axis: round trips between clients and server through a link that the kernel's TCP feels: 40ms, 20ms..200ms (drawn for each client), 0 (through the link all the same), loopback [default: loopback]
    #[arg(long, value_name = "TIME,..", value_delimiter = ',', allow_hyphen_values = true)]
    pub rtt: Option<Vec<Rtt>>,

    /// Each packet takes up to so much longer
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub jitter: Option<Jitter>,

    /// Axis: packets that the link loses, each for itself
    #[arg(long, value_name = "PERCENT,..", value_delimiter = ',', allow_hyphen_values = true)]
    pub loss: Option<Vec<Loss>>,

    /// A quarter into the measure phase the link takes every packet away, for so long
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub outage: Option<Duration>,

    /// Through the link also without a round trip
    #[arg(long)]
    pub link: bool,

    /// Loads that are measured beside these: each has axes in place of the scenario's own. Options that change an axis leave them out
    #[arg(skip)]
    pub also: Vec<Also>,

    /// How clients talk to a server of others: faye, nchan, pushpin, socketio, sockjs, ws, or the path of a TOML file [default: pushbench, the own protocol]
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

    /// What is to fail, with exit status 4: 'long-poll.p99[clients=1000] > 50ms', 'missed > 0'; repeatable. Without brackets every point counts, and the worst decides; an unknown figure is answered with the list of them
    #[arg(long, value_name = "THRESHOLD")]
    pub fail_if: Option<Vec<Threshold>>,

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

    /// How often each client of short polling asks, from 10ms to 30s; clients are spread over that time [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub poll_interval: Option<Duration>,

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

    /// How much longer connecting may take, and how long a server of others to listen; clients that are refused come again until then
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

/// Axes in place of a scenario's own, for loads beside its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Also {
    /// In place of `clients`.
    pub clients: Option<Vec<u32>>,
    /// In place of `rate_hz`.
    pub rate_hz: Option<Vec<f64>>,
    /// In place of `payload_bytes`.
    pub payload_bytes: Option<Vec<u32>>,
    /// In place of `engine`.
    pub engine: Option<Vec<Engine>>,
    /// In place of `rtt`.
    pub rtt: Option<Vec<Rtt>>,
    /// In place of `loss`.
    pub loss: Option<Vec<Loss>>,
}

/// Which server of others is measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Args)]
#[serde(deny_unknown_fields, default)]
pub struct ServerKeys {
    /// Start this server of others for each run; {host} and {port} in it are where it is to listen
    #[arg(id = "server_command", long = "server-command", value_name = "COMMAND")]
    pub command: Option<String>,

    /// It is ready once this path is answered by a status from 200 to 299, as in /healthz [default: once it answers at all]
    #[arg(id = "server_ready", long = "server-ready", value_name = "PATH")]
    pub ready: Option<String>,

    /// The same as --server.
    #[arg(skip)]
    pub url: Option<String>,
}

impl Settings {
    /// Puts another path in place of each that a key names.
    pub(super) fn lead_paths(
        &mut self,
        to: impl Fn(&'static str, &Path) -> anyhow::Result<PathBuf>,
    ) -> anyhow::Result<()> {
        let Self { replay, dialect, through, peer, .. } = self;
        for feed in replay.iter_mut().filter(|feed| *feed != Path::new(BUILTIN_MARKET)) {
            *feed = to("replay", feed)?;
        }
        let dialect = dialect.iter_mut().filter(|dialect| !dialects::is_built_in(dialect));
        let (through, peer) = (through.iter_mut(), peer.iter_mut().flatten());
        let named = through.map(|proxy| ("through", proxy)).chain(peer.map(|peer| ("peer", peer)));
        let named = named.filter(|(_, name)| name.contains('/')).chain(dialect.map(|dialect| ("dialect", dialect)));
        for (key, file) in named {
            *file = to(key, Path::new(file))?.to_string_lossy().into_owned();
        }
        Ok(())
    }

    /// A key by which they say what is published, if there is one.
    pub(super) fn of_the_stream(&self) -> Option<&'static str> {
        let Self { rate_hz, payload_bytes, arrivals, speed, .. } = self;
        let keys = [
            ("rate", rate_hz.is_some()),
            ("payload-bytes", payload_bytes.is_some()),
            ("arrivals", arrivals.is_some()),
            ("speed", speed.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_given)| is_given.then_some(key))
    }

    /// Whether they change the question that a scenario answers, not only how well.
    pub(super) fn ask_otherwise(&self) -> bool {
        let Self { transports, clients, rate_hz, payload_bytes, arrivals, replay, speed, aa, .. } = self;
        let Self { audience, speak, coalesce, .. } = self;
        let Self { signal_rate_hz, poll_interval, disturb, tls, engine, polls, peer, dialect, server, through, .. } =
            self;
        let axes = [clients.is_some(), rate_hz.is_some(), payload_bytes.is_some(), speed.is_some()];
        let besides = [
            *aa,
            audience.is_some(),
            *speak,
            coalesce.is_some(),
            signal_rate_hz.is_some(),
            poll_interval.is_some(),
            disturb.is_some(),
            tls.is_some(),
            engine.is_some(),
            polls.is_some(),
        ];
        let others = through.is_some() || peer.is_some() || dialect.is_some() || *server != ServerKeys::default();
        others
            || besides.contains(&true)
            || transports.is_some()
            || arrivals.is_some()
            || replay.is_some()
            || axes.contains(&true)
            || self.ask_for_link()
    }

    /// Whether they ask for something that only a link does.
    pub fn ask_for_link(&self) -> bool {
        let Self { rtt, jitter, loss, outage, link, .. } = self;
        [*link, rtt.is_some(), jitter.is_some(), loss.is_some(), outage.is_some()].contains(&true)
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

pub(crate) fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "off" => Ok(false),
        "on" => Ok(true),
        _ => Err("one of off, on".to_owned()),
    }
}

fn disturbance_key<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Disturbance>, D::Error> {
    String::deserialize(value)?.parse().map(Some).map_err(D::Error::custom)
}

pub(crate) fn arrivals(text: &str) -> Result<Arrivals, String> {
    match text {
        "constant" => Ok(Arrivals::Constant),
        "poisson" => Ok(Arrivals::Poisson),
        _ => Err("one of constant, poisson".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{load, parse, text_from_anywhere};

    #[test]
    fn thresholds_are_kept_as_they_were_written_and_are_not_a_gates() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        std::fs::write(&file, "clients = [7]\nfail_if = [\"p99[clients=7] > 50ms\", \"missed > 0\"]\n").unwrap();
        let of = |fail_if| load(&file, Settings { fail_if, ..Settings::default() }).unwrap().fail_if;
        assert_eq!(of(None), ["p99[clients=7] > 50ms", "missed > 0"]);
        assert_eq!(of(Some(vec!["errors > 2".parse().unwrap()])), ["errors > 2"]);
        let copy = parse("copy", &text_from_anywhere(&file).unwrap()).unwrap();
        assert_eq!((copy.clients, copy.fail_if), (Some(vec![7]), None));
        let error = format!("{:#}", parse("mine", "fail_if = [\"p98 > 50ms\"]").unwrap_err());
        assert!(error.contains("threshold `p98 > 50ms`: `p98` names no figure"), "{error}");
    }
}
