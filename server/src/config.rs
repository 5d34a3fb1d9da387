//! The server's options: one set for the `server` binary and for `loadgen serve`.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use anyhow::Context;
use clap::{Args, builder::TypedValueParser};
use protocol::{
    results::{Arrivals, Stream},
    update::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN},
    wire,
};

use crate::{
    allocator::Allocator,
    connection::{bounds::Bounds, tls::TlsOptions},
    stream::{fault::Fault, hub::History},
};

/// The fastest stream, updates a second.
pub const RATE_HZ_MAX: f64 = 100_000.0;

/// Options of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address to listen on; port 0 takes any free one and says which
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Updates a second
    #[arg(long, value_name = "HZ", default_value = "10", allow_negative_numbers = true, value_parser = rate_hz)]
    pub rate: f64,

    /// Length of a whole encoded update
    #[arg(long, value_name = "N", default_value = "128", value_parser = payload_bytes())]
    pub payload_bytes: u32,

    /// Exponential gaps between updates (independent sources) instead of even ones
    #[arg(long)]
    pub poisson: bool,

    /// Seed of random gaps
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,

    /// Replay a feed, {"at_us":..,"data":..} a line, instead of made-up updates; `builtin:market` comes with pushbench
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "payload_bytes", "poisson"])]
    pub replay: Option<String>,

    /// Replay so many times faster than recorded
    #[arg(long, value_name = "X", default_value = "1", value_parser = speed, requires = "replay")]
    pub speed: f64,

    /// Updates kept for those who resume or are slow
    #[arg(long, value_name = "N", default_value = "4096", value_parser = clap::value_parser!(u32).range(1..))]
    pub history: u32,

    /// Bytes of updates kept at most
    #[arg(long, value_name = "BYTES", default_value = "67108864", value_parser = clap::value_parser!(u64).range(1..))]
    pub history_bytes: u64,

    /// How long a poll is held when there is nothing to say
    #[arg(long, value_name = "SECS", default_value = "25", value_parser = seconds)]
    pub poll_timeout: Duration,

    /// Threads that serve clients; the publisher has one more
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Clients must show this, as ?token= or `Authorization: Bearer`; all but /healthz is 401 otherwise
    #[arg(long, value_name = "TOKEN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub token: Option<String>,

    /// Let pages of this origin connect, and poll from elsewhere (CORS); pages of others are 403 then; `*` for any; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = origin)]
    pub allow_origins: Vec<String>,

    /// Memory allocator: glibc or jemalloc [default: $PUSHBENCH_ALLOCATOR, or glibc]
    #[arg(long, value_name = "NAME")]
    pub allocator: Option<Allocator>,

    /// Keep to these processors, e.g. 0,2-3
    #[arg(long, value_name = "LIST", value_parser = cpus)]
    pub cpus: Option<Cpus>,

    /// How long shutting down may take
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = seconds)]
    pub drain_timeout: Duration,

    /// Whether the connections are secret.
    #[command(flatten)]
    pub tls: TlsOptions,

    /// What clients may ask at most.
    #[command(flatten)]
    pub bounds: Bounds,

    /// Take clients only once everything that is due has been published: the stream began before this server did
    #[arg(long, hide = true)]
    pub resume: bool,

    /// Plant a fault in the stream, such as delay:websocket:5ms (a wrong one is answered with the list); repeatable
    #[arg(long = "fault", value_name = "SPEC", help_heading = "For proofs only: makes the server misbehave")]
    pub faults: Vec<Fault>,
}

impl Config {
    /// The stream that these options ask for.
    pub fn stream(&self) -> Stream {
        match &self.replay {
            Some(feed) => Stream::Replay { feed: feed.clone(), speed: self.speed },
            None => Stream::Synthetic {
                arrivals: if self.poisson { Arrivals::Poisson } else { Arrivals::Constant },
                rate_hz: self.rate,
                payload_bytes: self.payload_bytes,
            },
        }
    }

    /// How much the ring keeps.
    pub fn history(&self) -> History {
        let batch_bytes = self.bounds.send_batch as usize;
        History { updates: self.history as usize, bytes: self.history_bytes as usize, batch_bytes }
    }
}

/// Reads a positive number no larger than `max`, for an option whose unit is `unit`.
fn positive(text: &str, max: f64, unit: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= max => Ok(number),
        Ok(_) => Err(format!("must be more than 0 and at most {max} {unit}")),
        Err(_) => Err(format!("not a number of {unit}")),
    }
}

/// Reads a rate, in updates a second.
pub fn rate_hz(text: &str) -> Result<f64, String> {
    positive(text, RATE_HZ_MAX, "updates a second")
}

/// Reads a replay speed, a multiple of the recorded one.
pub fn speed(text: &str) -> Result<f64, String> {
    positive(text, 10_000.0, "times the recorded speed")
}

/// Reads a payload length, in bytes.
pub fn payload_bytes() -> impl TypedValueParser<Value = u32> {
    const RANGE: RangeInclusive<i64> = PAYLOAD_BYTES_MIN as i64..=PAYLOAD_BYTES_MAX as i64;
    clap::value_parser!(u32).range(RANGE)
}

/// Reads a duration in seconds, at most [`wire::WAIT_MS_MAX`].
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    positive(text, wire::WAIT_MS_MAX as f64 / 1e3, "seconds").map(Duration::from_secs_f64)
}

/// Reads an origin as browsers write it (RFC 6454, section 6.2), or `*`.
fn origin(text: &str) -> Result<String, String> {
    let host = text.split_once("://").filter(|(scheme, _)| !scheme.is_empty()).map(|(_, host)| host);
    let is_origin = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#']));
    if text == "*" || is_origin {
        Ok(text.to_owned())
    } else {
        Err("must be `*` or such as https://example.org:8443".to_owned())
    }
}

/// A set of processors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpus(pub Vec<u32>);

impl Cpus {
    /// Keeps the calling thread, and those it will start, to these processors.
    pub fn pin(&self) -> anyhow::Result<()> {
        let mut set = rustix::thread::CpuSet::new();
        self.0.iter().for_each(|cpu| set.set(*cpu as usize));
        rustix::thread::sched_setaffinity(None, &set).with_context(|| {
            format!("cannot keep to processors {:?}: see which there are with `nproc` or `lscpu`", self.0)
        })
    }
}

fn cpus(text: &str) -> Result<Cpus, String> {
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number =
            |text: &str| text.trim().parse::<u32>().map_err(|_| format!("`{part}` is not a processor or range"));
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last as usize >= rustix::thread::CpuSet::MAX_CPU {
            return Err(format!("`{part}` is not a processor or range"));
        }
        cpus.extend(first..=last);
    }
    Ok(Cpus(cpus))
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn parse(options: &str) -> Result<Config, clap::Error> {
        Cli::try_parse_from(["server"].into_iter().chain(options.split_whitespace())).map(|cli| cli.config)
    }

    #[test]
    fn the_defaults_stand() {
        let config = parse("").unwrap();
        assert_eq!(config.poll_timeout.as_millis(), u128::from(wire::POLL_TIMEOUT_MS_DEFAULT));
        assert_eq!(config.stream().to_string(), "10 updates/s of 128 B");
    }

    #[test]
    fn absurd_values_are_refused() {
        for options in [
            "--rate 0",
            "--rate -1",
            "--rate NaN",
            "--rate inf",
            "--rate 1e9",
            "--payload-bytes 63",
            "--payload-bytes 1048577",
            "--threads 0",
            "--history 0",
            "--poll-timeout 0",
            "--poll-timeout 601",
            "--cpus 3-1",
            "--cpus x",
            "--cpus 99999",
            "--speed 2",
            "--replay f --rate 3",
            "--backlog 0",
            "--allow-origin example.org",
            "--allow-origin https://example.org/",
            "--token=",
            "--max-message 124",
            "--max-body 0",
            "--max-head 100",
            "--tls-cert only.pem",
            "--tls-key only.pem",
            "--tls-self-signed --tls-cert c.pem --tls-key k.pem",
            "--max-target 0",
            "--max-requests 0",
            "--send-batch 0",
            "--ping-interval 0",
            "--idle-timeout 601",
        ] {
            let error = parse(options).expect_err(options);
            assert!(!matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::UnknownArgument), "{options}: {error}");
        }
    }

    #[test]
    fn processors_are_read_as_lists_and_ranges() {
        assert_eq!(cpus("0,2-4"), Ok(Cpus(vec![0, 2, 3, 4])));
    }
}
