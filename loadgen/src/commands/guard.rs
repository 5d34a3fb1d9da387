//! `loadgen guard`: starts a server of others, and ends it and all that it started, whatever becomes of the generator.

use std::{
    fs::File,
    io::Read,
    os::{fd::AsFd, unix::process::CommandExt},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use protocol::{
    clock::{self, NS_PER_SEC},
    control::Guarded,
};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, set_child_subreaper, wait};
use server::{
    stop::StopSignals,
    values::{Cpus, cpus},
};
use tokio::sync::oneshot;

use super::status::{FAILED, fail, in_runtime};
use crate::{machine::usage::descendants, output::print};

/// How long the server's processes may take to end by themselves.
const PATIENCE_NS: u64 = 5 * NS_PER_SEC;
/// Between two looks at whether they have.
const LOOK: Duration = Duration::from_millis(10);

/// Options of `guard`.
#[derive(Debug, Args)]
pub struct GuardArgs {
    /// A pipe: when its other end is closed, everything is ended
    #[arg(long)]
    control: PathBuf,

    /// The processors that the server keeps to
    #[arg(long, value_parser = cpus)]
    cpus: Option<Cpus>,

    /// The folder that this is started in goes with the server
    #[arg(long)]
    scratch: bool,

    /// The server's command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Starts the server, says so, says how it ended; ends what is left of it when told to.
pub fn run(args: &GuardArgs) -> ExitCode {
    in_runtime(async { guard(args).await.map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS) })
}

async fn guard(args: &GuardArgs) -> anyhow::Result<()> {
    // Whoever ends it by its name or number (`pkill loadgen`) would leave the server behind.
    let mut signals = StopSignals::listen().context("cannot listen for signals")?;
    // Who lost its parent becomes a child of this process, and is found.
    set_child_subreaper(Some(rustix::process::getpid())).context("cannot become a subreaper")?;
    let mut control = File::open(&args.control).context("no control pipe")?;
    args.cpus.as_ref().map_or(Ok(()), Cpus::pin)?;
    let [program, words @ ..] = &args.command[..] else { bail!("no command") };
    let stderr = std::io::stderr().as_fd().try_clone_to_owned()?;
    let started = Command::new(program).args(words).process_group(0).stdin(Stdio::inherit()).stdout(stderr).spawn();
    // Reaped below, by its number.
    match started.map(|child| child.id()) {
        Ok(pid) => {
            say(&Guarded::Started { pid })?;
            std::thread::spawn(move || reap(pid as i32));
        }
        Err(error) => say(&Guarded::Ended { status: format!("`{program}` cannot be started: {error}") })?,
    }
    let (sender, closed) = oneshot::channel::<()>();
    // Nothing is ever written there.
    std::thread::spawn(move || drop((control.read(&mut [0]), sender)));
    tokio::select! {
        _ = closed => {}
        _ = signals.next() => {}
    }
    end()?;
    if args.scratch {
        std::fs::remove_dir_all(std::env::current_dir()?).context("cannot remove the folder that it ran in")?;
    }
    Ok(())
}

fn say(event: &Guarded) -> anyhow::Result<()> {
    print(&serde_json::to_string(event)?)
}

/// Takes note of every process that ends, and tells of that one.
fn reap(server: i32) {
    // Without children there will be none: those that it has not got yet are children of children.
    while let Ok(Some((pid, status))) = wait(WaitOptions::empty()) {
        if pid.as_raw_pid() == server {
            // Nobody may be there any more to be told.
            let _ = say(&Guarded::Ended { status: in_words(status) });
        }
    }
}

fn in_words(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(status), _) => format!("exit status {status}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    }
}

/// Asks every process of the server to end, and kills those that do not.
fn end() -> anyhow::Result<()> {
    let own = std::process::id() as i32;
    let signal_all = |signal| -> anyhow::Result<bool> {
        let left = descendants(own)?;
        for process in &left {
            // It may be gone by now.
            let _ = Pid::from_raw(process.pid).map(|pid| kill_process(pid, signal));
        }
        Ok(left.is_empty())
    };
    let begun_ns = clock::now_ns();
    let mut ended = signal_all(Signal::TERM)?;
    while !ended {
        std::thread::sleep(LOOK);
        ended = match clock::now_ns() - begun_ns {
            waited_ns if waited_ns > PATIENCE_NS => signal_all(Signal::KILL)?,
            _ => descendants(own)?.is_empty(),
        };
    }
    Ok(())
}
