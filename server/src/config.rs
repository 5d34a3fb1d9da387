//! The server's options: one set for the `server` binary and for `loadgen serve`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use protocol::{
    Engine,
    results::{Arrivals, Stream},
};

use crate::{
    allocator::Allocator,
    connection::{bounds::Bounds, tls::TlsOptions},
    page::LiveOptions,
    stream::{fault::Fault, hub::Room, log::History, replay::FeedError, source::Source},
    values::{Cpus, cpus, origin, payload_bytes, rate_hz, seconds, speed},
};

/// Options of the server.
#[derive(Debug, Clone, Args)]
// Switches of a command line, each for itself.
#[allow(clippy::struct_excessive_bools)]
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

    /// Publish to so many topics, called 0, 1, 2 and so on, each at --rate, instead of to those who name no topic
    #[arg(long, value_name = "N", conflicts_with = "replay", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub topics: Option<u32>,

    /// Once an update is due, wait so long for others: all leave together
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration, conflicts_with = "speak")]
    pub coalesce: Duration,

    /// Let clients say updates, as signals with due_ns in them, to all who have the topic
    #[arg(long)]
    pub speak: bool,

    /// Exponential gaps between updates (independent sources) instead of even ones
    #[arg(long)]
    pub poisson: bool,

    /// Seed of random gaps
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,

    /// Replay a feed, {"at_us":..,"data":..} a line, plain, gzip or zstd, instead of made-up updates; `builtin:market` comes with pushbench
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "payload_bytes", "poisson"])]
    pub replay: Option<PathBuf>,

    /// Replay so many times faster than recorded
    #[arg(long, value_name = "X", default_value = "1", value_parser = speed, requires = "replay")]
    pub speed: f64,

    /// How clients are served: lean goes past the libraries, as cheap as the protocol allows; stock is hyper and tungstenite, a task a client, as servers are commonly built
    #[arg(long, value_name = "NAME", default_value = "lean")]
    pub engine: Engine,

    /// Updates kept for those who resume or are slow
    #[arg(long, value_name = "N", default_value = "4096", value_parser = clap::value_parser!(u32).range(1..))]
    pub history: u32,

    /// Bytes of updates kept at most
    #[arg(long, value_name = "BYTES", default_value = "67108864", value_parser = clap::value_parser!(u64).range(1..))]
    pub history_bytes: u64,

    /// Bytes of updates kept at most over all topics, but one update of each
    #[arg(long, value_name = "BYTES", default_value = "268435456", value_parser = clap::value_parser!(u64).range(1..))]
    pub all_history_bytes: u64,

    /// How long a poll is held when there is nothing to say
    #[arg(long, value_name = "SECS", default_value = "25", value_parser = seconds)]
    pub poll_timeout: Duration,

    /// Threads that serve clients; the publisher has one more
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Clients must show this, as `Authorization: Bearer` or ?token=; all but /healthz is 401 otherwise. Everybody on this machine can read it here: better $PUSHBENCH_TOKEN, or --token-file
    #[arg(long, value_name = "TOKEN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub token: Option<String>,

    /// Read the token from this file
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub token_file: Option<PathBuf>,

    /// Let pages of this origin connect, and poll from elsewhere (CORS); pages of others are 403 then; `*` for any; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = origin)]
    pub allow_origins: Vec<String>,

    /// Serve a page, at /, that shows the stream over every transport at once in a browser
    #[arg(long)]
    pub page: bool,

    /// The page's sliders, which are no option: `loadgen live` has them.
    #[arg(skip)]
    pub live: Option<LiveOptions>,

    /// Memory allocator: glibc, or jemalloc if built in [default: $PUSHBENCH_ALLOCATOR, or glibc]
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

    /// Take commands on stdin (lines of JSON; see Two processes in ARCHITECTURE.md), hold the stream back until told, and end with stdin
    #[arg(long)]
    pub control: bool,

    /// Take clients only once everything that is due has been published: the stream began before this server did
    #[arg(long, hide = true)]
    pub resume: bool,

    /// Plant a fault in the stream, such as delay:websocket:5ms (a wrong one is answered with the list); repeatable
    #[arg(long = "fault", value_name = "SPEC", help_heading = "For proofs only: makes the server misbehave")]
    pub faults: Vec<Fault>,
}

impl Config {
    /// The stream that these options ask for, as it is described.
    pub fn stream(&self) -> Stream {
        match &self.replay {
            Some(feed) => Stream::Replay { feed: feed.to_string_lossy().into_owned(), speed: self.speed },
            None => {
                Stream::Synthetic { arrivals: self.arrivals(), rate_hz: self.rate, payload_bytes: self.payload_bytes }
            }
        }
    }

    /// The stream itself.
    pub(crate) fn source(&self) -> Result<Source, FeedError> {
        match &self.replay {
            Some(feed) => Source::replay(feed, self.speed),
            None => Ok(match self.topics {
                None => Source::synthetic(self.arrivals(), self.rate, self.payload_bytes, self.seed),
                Some(topics) => Source::of_topics(topics, self.arrivals(), self.rate, self.payload_bytes, self.seed),
            }),
        }
    }

    fn arrivals(&self) -> Arrivals {
        if self.poisson { Arrivals::Poisson } else { Arrivals::Constant }
    }

    /// How much the hub may hold.
    pub fn room(&self) -> Room {
        let history = History {
            updates: self.history as usize,
            bytes: self.history_bytes as usize,
            all_bytes: self.all_history_bytes as usize,
            batch_bytes: self.bounds.send_batch as usize,
        };
        Room { history, topics: self.bounds.max_topics as usize }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};
    use protocol::wire;

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
            "--token a --token-file b",
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
}
