//! Scenarios: what a sweep varies, how often it repeats, and why. TOML files, some built in, every key also an option.

use std::{convert::Infallible, path::Path, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use protocol::{
    Transport,
    results::{Arrivals, Disturbance, Scenario},
    update::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use server::{config::RATE_HZ_MAX, replay::Feed};

use crate::pinning;

/// The scenario that is run unless another is named.
pub const DEFAULT: &str = "quick";

/// Scenarios that come with pushbench: name and TOML.
pub const BUILT_IN: [(&str, &str); 9] = [
    ("quick", include_str!("../scenarios/quick.toml")),
    ("clients", include_str!("../scenarios/clients.toml")),
    ("rate", include_str!("../scenarios/rate.toml")),
    ("payload", include_str!("../scenarios/payload.toml")),
    ("idle", include_str!("../scenarios/idle.toml")),
    ("feed", include_str!("../scenarios/feed.toml")),
    ("uplink", include_str!("../scenarios/uplink.toml")),
    ("reconnect", include_str!("../scenarios/reconnect.toml")),
    ("restart", include_str!("../scenarios/restart.toml")),
];

const CLIENTS_MAX: u32 = 1_000_000;
const RUNS_MAX: usize = 10_000;

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

    /// Replay a recorded feed, {"at_us":..,"data":..} a line, instead of rate and payload
    #[arg(long, value_name = "FILE")]
    pub replay: Option<String>,

    /// Axis: replay so many times faster than recorded
    #[arg(long, value_name = "X,..", value_delimiter = ',', allow_negative_numbers = true)]
    pub speed: Option<Vec<f64>>,

    /// Axis: connections under TLS or not, off, on or both
    #[arg(long, value_name = "OFF,ON", value_delimiter = ',', value_parser = on_or_off)]
    pub tls: Option<Vec<bool>>,

    /// How often each point is measured
    #[arg(long, value_name = "N")]
    pub repeats: Option<u32>,

    /// Quiet between the last connection and the first update
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    pub settle: Option<Duration>,

    /// Updates before those that count
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

impl Settings {
    /// Whether they change the question that a scenario answers, not only how well.
    fn ask_otherwise(&self) -> bool {
        let Self { transports, clients, rate_hz, payload_bytes, arrivals, replay, speed, aa, .. } = self;
        let Self { signal_rate_hz, disturb, tls, .. } = self;
        let axes = [clients.is_some(), rate_hz.is_some(), payload_bytes.is_some(), speed.is_some()];
        let besides = [*aa, signal_rate_hz.is_some(), disturb.is_some(), tls.is_some()];
        besides.contains(&true)
            || transports.is_some()
            || arrivals.is_some()
            || replay.is_some()
            || axes.contains(&true)
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

/// The scenario called `name` (built in, or a TOML file's path), with `options` over it, checked.
pub fn load(name: &str, options: Settings) -> anyhow::Result<Scenario> {
    let (short, text) = read(name)?;
    let file = parse(name, &text)?;
    // Named or not: whoever names none leaves the choice to us.
    let named = options.transports.is_some();
    let mut scenario = resolve(short, file, options);
    if scenario.aa && !named {
        scenario.transports.truncate(1);
    }
    validate(&scenario)?;
    Ok(scenario)
}

fn read(name: &str) -> anyhow::Result<(String, String)> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        return Ok(((*name).to_owned(), (*text).to_owned()));
    }
    let names = BUILT_IN.map(|(name, _)| name).join(", ");
    let text = std::fs::read_to_string(name)
        .with_context(|| format!("no scenario `{name}`: built in are {names}; or give the path of a TOML file"))?;
    let stem = Path::new(name).file_stem().unwrap_or(name.as_ref());
    Ok((stem.to_string_lossy().into_owned(), text))
}

/// The scenario in a TOML file's text, checked; `name` is said in errors.
pub fn check(name: &str, text: &str) -> anyhow::Result<Scenario> {
    let scenario = resolve(name.to_owned(), parse(name, text)?, Settings::default());
    validate(&scenario)?;
    Ok(scenario)
}

/// Reads a scenario file; `name` is said in errors.
pub fn parse(name: &str, text: &str) -> anyhow::Result<Settings> {
    toml::from_str(text).with_context(|| format!("scenario {name} cannot be read"))
}

fn resolve(name: String, file: Settings, options: Settings) -> Scenario {
    let pinned = if options.no_pin { None } else { pinning::split() };
    let generator_cores = pinned.as_ref().map_or(1, |pinned| pinned.generator.len() as u32);
    let seconds = |option: Option<Duration>, file: Option<Duration>, default_s: f64| {
        option.or(file).map_or(default_s, |time| time.as_secs_f64())
    };
    let why = if options.ask_otherwise() {
        format!("What the options ask, for the rest as the scenario {name}.")
    } else {
        file.why.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    Scenario {
        name,
        why,
        transports: options.transports.or(file.transports).unwrap_or_else(|| Transport::ALL.to_vec()),
        clients: options.clients.or(file.clients).unwrap_or_else(|| vec![1000]),
        rate_hz: options.rate_hz.or(file.rate_hz).unwrap_or_else(|| vec![10.0]),
        payload_bytes: options.payload_bytes.or(file.payload_bytes).unwrap_or_else(|| vec![128]),
        arrivals: options.arrivals.or(file.arrivals).unwrap_or_default(),
        replay: options.replay.or(file.replay),
        speed: options.speed.or(file.speed).unwrap_or_else(|| vec![1.0]),
        tls: options.tls.or(file.tls).unwrap_or_else(|| vec![false]),
        repeats: options.repeats.or(file.repeats).unwrap_or(3),
        settle_s: seconds(options.settle, file.settle, 0.5),
        warm_up_s: seconds(options.warm_up, file.warm_up, 1.0),
        measure_s: seconds(options.measure, file.measure, 3.0),
        drain_s: seconds(options.drain, file.drain, 10.0),
        connect_rate: options.connect_rate.or(file.connect_rate).unwrap_or(5_000),
        workers: options.workers.or(file.workers).unwrap_or(generator_cores),
        server_threads: options.server_threads.or(file.server_threads).unwrap_or(1),
        pinned,
        seed: options.seed.or(file.seed).unwrap_or(1),
        aa: options.aa,
        signal_rate_hz: options.signal_rate_hz.or(file.signal_rate_hz).unwrap_or(0.0),
        disturbance: options.disturb.or(file.disturb),
        server: None,
    }
}

/// Refuses what cannot be run, naming the value, the reason and the remedy.
fn validate(scenario: &Scenario) -> anyhow::Result<()> {
    let Scenario { transports, clients, rate_hz, payload_bytes, speed, .. } = scenario;
    axis("transports", transports, |_| true, "name each transport once")?;
    ensure!(
        !scenario.aa || transports.len() == 1,
        "aa: a transport is compared with itself; name one, as in --transports {}",
        transports[0]
    );
    let range = format!("between 1 and {CLIENTS_MAX}");
    axis("clients", clients, |clients| (1..=CLIENTS_MAX).contains(clients), &range)?;
    let range = format!("more than 0 and at most {RATE_HZ_MAX} updates a second");
    axis("rate", rate_hz, |rate| *rate > 0.0 && *rate <= RATE_HZ_MAX, &range)?;
    let range = format!("between {PAYLOAD_BYTES_MIN} (the envelope alone needs that) and {PAYLOAD_BYTES_MAX} bytes");
    axis("payload-bytes", payload_bytes, |bytes| (PAYLOAD_BYTES_MIN..=PAYLOAD_BYTES_MAX).contains(bytes), &range)?;
    axis("tls", &scenario.tls, |_| true, "off or on")?;
    axis("speed", speed, |speed| *speed > 0.0 && *speed <= 10_000.0, "more than 0 and at most 10000")?;
    ensure!(
        (0.0..=1_000.0).contains(&scenario.signal_rate_hz),
        "signal-rate {}: must be between 0 (none) and 1000 signals a second",
        scenario.signal_rate_hz
    );
    bounded("repeats", scenario.repeats, 1..=1_000)?;
    bounded("connect-rate", scenario.connect_rate, 1..=1_000_000)?;
    bounded("workers", scenario.workers, 1..=256)?;
    bounded("server-threads", scenario.server_threads, 1..=256)?;
    for (name, seconds, least) in [
        ("settle", scenario.settle_s, 0.0),
        ("warm-up", scenario.warm_up_s, 0.1),
        ("measure", scenario.measure_s, 0.1),
        ("drain", scenario.drain_s, 0.1),
    ] {
        ensure!((least..=86_400.0).contains(&seconds), "{name} {seconds} s: must be between {least} s and a day");
    }
    // Counted, not listed: an absurd product would take all memory before it is refused.
    let axes = [transports.len(), clients.len(), rate_hz.len(), payload_bytes.len(), speed.len(), scenario.tls.len()];
    let runs = axes.into_iter().fold(scenario.repeats as usize, usize::saturating_mul);
    ensure!(runs <= RUNS_MAX, "{runs} runs: at most {RUNS_MAX}; shorten an axis or --repeats");
    validate_stream(scenario)
}

fn validate_stream(scenario: &Scenario) -> anyhow::Result<()> {
    let measure_s = scenario.measure_s;
    if let Some(feed) = &scenario.replay {
        Feed::open(feed).with_context(|| format!("replay {feed}"))?;
        return Ok(());
    }
    ensure!(scenario.speed == [1.0], "speed: there is no feed to speed up; add --replay FILE, or use --rate");
    match scenario.rate_hz.iter().find(|rate| *rate * measure_s < 2.0) {
        Some(rate) => bail!(
            "rate {rate}: fewer than two updates are due in a measure phase of {measure_s} s; measure at least {} s",
            (2.0 / rate).ceil()
        ),
        None => Ok(()),
    }
}

fn axis<T: PartialEq + std::fmt::Display>(
    name: &str,
    values: &[T],
    allowed: impl Fn(&T) -> bool,
    remedy: &str,
) -> anyhow::Result<()> {
    ensure!(!values.is_empty(), "{name}: the list is empty; give at least one value");
    for (place, value) in values.iter().enumerate() {
        ensure!(allowed(value), "{name} {value}: must be {remedy}");
        ensure!(!values[..place].contains(value), "{name} {value}: listed twice; once is enough, --repeats repeats it");
    }
    Ok(())
}

fn bounded(name: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> anyhow::Result<()> {
    ensure!(range.contains(&value), "{name} {value}: must be between {} and {}", range.start(), range.end());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(toml: &str) -> String {
        let file = parse("test", toml).unwrap();
        format!("{:#}", validate(&resolve("test".into(), file, Settings::default())).expect_err(toml))
    }

    #[test]
    fn every_built_in_scenario_is_valid_and_says_why() {
        for (name, _) in BUILT_IN {
            let scenario = load(name, Settings::default()).unwrap();
            assert!(scenario.why.contains('?'), "{name} asks a question");
        }
    }

    #[test]
    fn options_replace_the_keys_of_the_file() {
        let options = Settings { clients: Some(vec![7]), repeats: Some(2), ..Settings::default() };
        let scenario = load(DEFAULT, options).unwrap();
        assert_eq!((scenario.clients, scenario.repeats, scenario.rate_hz), (vec![7], 2, vec![10.0]));
        // What it was made for is no longer what is asked; how well it is answered is another thing.
        assert!(scenario.why.contains("as the scenario quick"), "{}", scenario.why);
        let longer = load(DEFAULT, Settings { repeats: Some(9), ..Settings::default() }).unwrap();
        assert!(longer.why.contains('?'), "{}", longer.why);
    }

    #[test]
    fn a_transport_is_compared_with_itself() {
        let aa = |transports| load(DEFAULT, Settings { aa: true, transports, ..Settings::default() });
        assert_eq!(aa(None).unwrap().transports, [Transport::WebSocket]);
        assert_eq!(aa(Some(vec![Transport::LongPoll])).unwrap().transports, [Transport::LongPoll]);
        assert!(aa(Some(Transport::ALL.to_vec())).unwrap_err().to_string().contains("--transports websocket"));
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        for (toml, reason) in [
            ("clients = [0]", "clients 0: must be between 1"),
            ("clients = [1000000001]", "clients 1000000001: must be"),
            ("clients = []", "clients: the list is empty"),
            ("clients = [5, 5]", "clients 5: listed twice"),
            ("rate_hz = [-1]", "rate -1: must be more than 0"),
            ("rate_hz = [nan]", "rate NaN: must be"),
            ("payload_bytes = [10]", "payload-bytes 10: must be between 64"),
            ("rate_hz = [0.1]", "measure at least 20 s"),
            ("repeats = 0", "repeats 0: must be between 1"),
            ("measure = \"0s\"", "measure 0 s: must be"),
            ("speed = [2]", "there is no feed"),
            ("rate_hz = [1, 2, 3, 4, 5]\nclients = [1, 2, 3, 4, 5]\nrepeats = 1000", "50000 runs: at most 10000"),
            ("tls = [true, true]", "tls true: listed twice"),
            ("signal_rate_hz = -1", "signal-rate -1: must be between 0"),
            ("replay = \"/no/such/feed\"", "/no/such/feed"),
        ] {
            assert!(refused(toml).contains(reason), "{toml}: {}", refused(toml));
        }
    }

    #[test]
    fn unknown_scenarios_and_keys_are_named() {
        let error = format!("{:#}", load("nope", Settings::default()).unwrap_err());
        assert!(error.contains("no scenario `nope`: built in are quick, clients"), "{error}");
        let error = format!("{:#}", parse("test", "cleints = [3]").unwrap_err());
        assert!(error.contains("cleints") && error.contains("line 1"), "{error}");
    }
}
