//! Reads the command line, runs the command, and turns how it ended into an exit status.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use loadgen::{
    cli::{Cli, Command, RunArgs, ServeArgs},
    compare::compare,
    doctor::{self, Level},
    gate::{self, GateArgs},
    output,
    prove::{self, ProveArgs},
    scenario, sweep,
    sweep::Outcome,
    transports::echo,
};
use reports::{Ruling, Validity};

#[global_allocator]
static ALLOCATOR: server::allocator::Chosen = server::allocator::Chosen;

/// Failed, or interrupted.
const FAILED: u8 = 1;
/// What was asked for cannot be done.
const USAGE: u8 = 2;
/// Done, but some point is void, or updates were missed.
const FLAWED: u8 = 3;
/// A gate found head worse than base.
const WORSE: u8 = 4;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(server::log_in_colour())
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .init();
    let default_run = || Command::Run(Box::new(RunArgs { scenario: scenario::DEFAULT.into(), ..RunArgs::default() }));
    match Cli::parse().command.unwrap_or_else(default_run) {
        Command::Run(args) => run(*args),
        Command::Report { dir, index: true } => done(sweep::index(&dir)),
        Command::Report { dir, index: false } => ended(sweep::report(&dir).map(Outcome::Judged), USAGE),
        Command::Doctor(args) => check(*args).unwrap_or_else(|error| fail(&error, USAGE)),
        Command::Compare(args) => done(compare(&args)),
        Command::Gate(args) => gate(args),
        Command::Prove(args) => prove(args),
        Command::Scenarios => list_scenarios().map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS),
        Command::Cases { server } => cases(server),
        Command::Serve(args) => serve(*args),
    }
}

fn run(args: RunArgs) -> ExitCode {
    in_runtime(async {
        match sweep::prepare(args).await {
            Err(error) => fail(&error, USAGE),
            Ok(prepared) => ended(prepared.run().await, FAILED),
        }
    })
}

fn prove(args: ProveArgs) -> ExitCode {
    in_runtime(async {
        match prove::prepare(args) {
            Err(error) => fail(&error, USAGE),
            Ok(proof) => ended(proof.run().await, FAILED),
        }
    })
}

fn gate(args: GateArgs) -> ExitCode {
    in_runtime(async {
        match gate::prepare(args) {
            Err(error) => fail(&error, USAGE),
            Ok(gate) => match gate.run().await {
                Ok(Some(Ruling::Passed)) => ExitCode::SUCCESS,
                Ok(Some(Ruling::Void)) => ExitCode::from(FLAWED),
                Ok(Some(Ruling::Failed | Ruling::Suspected)) => ExitCode::from(WORSE),
                Ok(None) => ExitCode::from(FAILED),
                Err(error) => fail(&error, FAILED),
            },
        }
    })
}

fn in_runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => fail(&anyhow::Error::new(error).context("cannot start a runtime"), FAILED),
    }
}

fn ended(outcome: anyhow::Result<Outcome>, status_of_error: u8) -> ExitCode {
    match outcome {
        Ok(Outcome::Judged(Validity::Valid)) => ExitCode::SUCCESS,
        Ok(Outcome::Judged(Validity::Flawed)) => ExitCode::from(FLAWED),
        Ok(Outcome::Judged(Validity::Failed) | Outcome::Nothing) => ExitCode::from(FAILED),
        Err(error) => fail(&error, status_of_error),
    }
}

fn done(done: anyhow::Result<()>) -> ExitCode {
    done.map_or_else(|error| fail(&error, USAGE), |()| ExitCode::SUCCESS)
}

fn check(args: RunArgs) -> anyhow::Result<ExitCode> {
    let scenario = scenario::load(&args.scenario, args.settings)?;
    let findings = doctor::examine(&sweep::need(&scenario, args.target.server.is_some()));
    for finding in &findings {
        output::print(&finding.to_string())?;
    }
    Ok(if doctor::worst(&findings) < Level::Fail { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn cases(server: SocketAddr) -> ExitCode {
    in_runtime(async {
        match echo::run_cases(server).await {
            Ok(count) => {
                eprintln!("{count} cases were run; the fuzzing server judges them");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&anyhow::Error::new(error).context(format!("no cases at {server}")), FAILED),
        }
    })
}

fn list_scenarios() -> anyhow::Result<()> {
    for (name, text) in scenario::BUILT_IN {
        let why = scenario::parse(name, text)?.why.unwrap_or_default();
        output::print(&format!("{name}\n  {}\n", why.trim().replace('\n', "\n  ")))?;
    }
    output::print("Run one: loadgen run NAME. Change any of it by options, or write your own TOML file.")?;
    Ok(())
}

fn serve(args: ServeArgs) -> ExitCode {
    match server::prepare(args.config) {
        Err(error) => fail(&error, USAGE),
        Ok(server) => server.run(args.control).map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS),
    }
}

fn fail(error: &anyhow::Error, status: u8) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(status)
}
