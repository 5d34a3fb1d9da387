//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    compare::CompareArgs,
    gate::GateArgs,
    prove::ProveArgs,
    scenario::{self, Settings},
};

/// Compares WebSocket with HTTP long polling: one stream, thousands of clients, latency from the due time.
///
/// Without a command it runs the quick comparison: about two minutes, then a report to open.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  loadgen                                            the quick comparison
  loadgen run clients                                a built-in scenario
  loadgen run --clients 100,1000 --rate 10,50        the product of two axes
  loadgen run --replay feed.ndjson --measure 25s     a recorded feed
  loadgen report results/20261123T184012Z-quick      render a report again
  loadgen report --index results                     every results folder, with trends
  loadgen gate --base old/loadgen --head loadgen     has it become worse?

Exit status: 0 done and valid; 1 failed or interrupted; 2 what was asked cannot be done;
3 done, but some point is void, updates were missed, or a proof does not hold; 4 a gate found head worse than base.";

/// What loadgen can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and write a results folder with its report
    Run(Box<RunArgs>),
    /// Render the report of a results folder again, from its files alone
    Report {
        /// The results folder, or a folder of repeats measured one by one
        dir: PathBuf,

        /// Write DIR/index.html instead: every results folder in DIR, like with like, with trends
        #[arg(long)]
        index: bool,
    },
    /// Check whether this machine can run a scenario, and say what would help
    Doctor(Box<RunArgs>),
    /// Compare two results folders of like machine and scenario, with intervals
    Compare(CompareArgs),
    /// Measure two builds in turn, and fail if the second is worse (about two minutes, four if it seems so)
    Gate(GateArgs),
    /// Plant known faults in the stream, and see whether the measurements find them (about three minutes)
    Prove(ProveArgs),
    /// List the built-in scenarios and the questions they answer
    Scenarios,
    /// Run the cases of a WebSocket fuzzing server at HOST:PORT (Autobahn's protocol) with the client that measures
    #[command(hide = true)]
    Cases {
        /// Where it listens
        server: std::net::SocketAddr,
    },
    /// Be the server (what a run starts for itself)
    Serve(Box<ServeArgs>),
}

/// Options of a run.
#[derive(Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// A built-in scenario (see `loadgen scenarios`) or the path of a TOML file
    #[arg(default_value = scenario::DEFAULT)]
    pub scenario: String,

    /// What replaces the scenario's keys.
    #[command(flatten)]
    pub settings: Settings,

    /// What is measured, if it is there already.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Memory allocator of server and generator: glibc or jemalloc [default: $PUSHBENCH_ALLOCATOR, or glibc]
    #[arg(long, value_name = "NAME", conflicts_with = "server")]
    pub allocator: Option<server::Allocator>,

    /// The results folder [default: results/TIME-SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// A server that runs already.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Measure this running pushbench server (http://HOST:PORT or https://.., same machine) instead of starting one for each run
    #[arg(long, value_name = "URL", conflicts_with_all = ["rate_hz", "payload_bytes", "arrivals", "replay", "speed", "server_threads", "tls"])]
    pub server: Option<String>,

    /// The token that the server of --server asks for
    #[arg(long, value_name = "TOKEN", requires = "server")]
    pub token: Option<String>,

    /// Trust the certificates in this file (PEM) for an https:// --server, instead of those that the system trusts
    #[arg(long, value_name = "FILE", requires = "server")]
    pub tls_ca: Option<PathBuf>,
}

const RUN_EXAMPLES: &str = "\
An option that is an axis takes a list; a sweep is the product of its axes.
Times are written 500ms, 3s, 2m.

Examples:
  loadgen run                                        the quick comparison
  loadgen run reconnect --clients 5000               a storm of clients that lost their connections
  loadgen run --tls off,on                           what TLS costs
  loadgen run rate --transports long-poll            one transport, several rates
  loadgen run --clients 10000 --rate 2 --repeats 5   a large audience
  loadgen run my.toml --out results/mine             your own scenario";

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The server's own.
    #[command(flatten)]
    pub config: server::Config,

    /// Take commands on stdin, hold the stream back until told, and end with stdin
    #[arg(long)]
    pub control: bool,
}
