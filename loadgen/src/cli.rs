//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    capacity::CapacityArgs,
    cases::CasesArgs,
    compare::CompareArgs,
    gate::GateArgs,
    guard::GuardArgs,
    link::{BecomeArgs, LinkArgs},
    live::LiveArgs,
    prove::ProveArgs,
    report::ReportArgs,
    run::RunArgs,
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
  loadgen capacity --goal 'last.p99<=50ms'            how much can each transport carry
  loadgen report results/20261123T184012Z-quick      render a report again
  loadgen report --index results                     every results folder, with trends
  loadgen live                                       a page to race the transports in
  loadgen gate --base old/loadgen --head loadgen     has it become worse?

Exit status: 0 done and valid; 1 failed or interrupted; 2 what was asked cannot be done;
3 done, but some point is void, updates were missed, a proof does not hold, or a gate is undecided; 4 a gate found head
worse than base.";

/// What loadgen can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and write a results folder with its report
    Run(Box<RunArgs>),
    /// Search the largest load at which a goal holds, for each transport, engine and server
    Capacity(Box<CapacityArgs>),
    /// Render the report of a results folder again, from its files alone
    Report(ReportArgs),
    /// Check whether this machine can run a scenario, and say what would help
    Doctor(Box<RunArgs>),
    /// Compare two results folders of like machine and scenario, with intervals
    Compare(CompareArgs),
    /// Measure two builds in turn, and fail if the second is worse (four minutes at most)
    Gate(Box<GateArgs>),
    /// Plant known faults in the stream, and see whether the measurements find them (about six minutes)
    Prove(ProveArgs),
    /// Run any command with a network between its clients and its server: a round trip, jitter, loss, an outage
    Link(LinkArgs),
    /// Race the transports in a browser: a page with every update of each as it arrives, and sliders
    Live(LiveArgs),
    /// List the built-in scenarios and the questions they answer
    Scenarios,
    /// Run the cases of a WebSocket fuzzing server at HOST:PORT (Autobahn's protocol) with the client that measures
    #[command(hide = true)]
    Cases(CasesArgs),
    /// Start a server of others, and end it with all its processes when told to (what a run starts for itself)
    #[command(hide = true)]
    Guard(GuardArgs),
    /// Become a command (what `link` does to start it)
    #[command(hide = true)]
    Become(BecomeArgs),
    /// Say whether there may be a link (what the doctor asks)
    #[command(hide = true)]
    Rights,
    /// Be the server (what a run starts for itself)
    Serve(Box<server::Config>),
}
