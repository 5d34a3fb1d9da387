//! Reads the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use loadgen::{
    cli::{Cli, Command},
    commands::{capacity, cases, compare, doctor, gate, guard, link, live, prove, report, run, scenarios, serve},
};

#[global_allocator]
static ALLOCATOR: server::allocator::Chosen = server::allocator::Chosen;

fn main() -> ExitCode {
    // Started again as /proc/self/exe, it would be called `exe` by top and pgrep.
    let _ = rustix::thread::set_name(c"loadgen");
    server::stderr::log("warn");
    match Cli::parse().command.unwrap_or_else(|| Command::Run(Box::new(run::RunArgs::quick()))) {
        Command::Run(args) => run::run(*args),
        Command::Capacity(args) => capacity::run(*args),
        Command::Report(args) => report::run(&args),
        Command::Doctor(args) => doctor::run(*args),
        Command::Compare(args) => compare::run(&args),
        Command::Gate(args) => gate::run(*args),
        Command::Guard(args) => guard::run(&args),
        Command::Prove(args) => prove::run(args),
        Command::Link(args) => link::run(&args),
        Command::Live(args) => live::run(&args),
        Command::Become(args) => link::become_it(&args),
        Command::Rights => link::rights(),
        Command::Scenarios => scenarios::run(),
        Command::Cases(args) => cases::run(&args),
        Command::Serve(config) => serve::run(*config),
    }
}
