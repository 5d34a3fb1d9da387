//! `loadgen gate`: base and head measured in turn, and whether head is worse.
//!
//! [`reports::Gate`] judges; here is only what it takes to have something to judge.

mod arm;
mod measuring;
mod schedule;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::{ArgGroup, Args};
use protocol::{clock, results::Publish};
use reports::{Gate, Limit, Limits, Results, Ruling, Unmeasured};

use super::{
    run::settle,
    status::{FAILED, FLAWED, USAGE, WORSE, fail, in_runtime},
};
use crate::{
    machine::interrupt,
    measure::target::ClientOptions,
    output::{self, folder::default_path},
    scenario::{self, REPEATS_MIN, Settings},
};
use arm::{Handed, arm};
use measuring::{Measuring, Prepared};
use schedule::{Extent, Schedule};

pub use arm::Arm;

/// Options of `gate`.
#[derive(Debug, Args)]
// What the options for a server ask for: here it is either of these.
#[command(after_help = EXAMPLES, group = ArgGroup::new("server").args(["base", "head"]).multiple(true))]
pub struct GateArgs {
    /// A built-in scenario (see `loadgen scenarios`) or the path of a TOML file
    #[arg(default_value = "gate")]
    scenario: PathBuf,

    /// What to compare with: a loadgen program of that build, what starts a server of others (a command with {port} in it, for every repeat afresh), or the URL of a server that runs already
    #[arg(long, value_name = "PROGRAM|COMMAND|URL", value_parser = arm())]
    base: Arm,

    /// What to compare: the same of the change
    #[arg(long, value_name = "PROGRAM|COMMAND|URL", value_parser = arm())]
    head: Arm,

    /// How clients talk to servers of others (see `loadgen run --help`), if the scenario does not say
    #[arg(long, value_name = "NAME|FILE")]
    dialect: Option<String>,

    /// How updates get into servers of others: feed, http, client or none (see `loadgen run --help`)
    #[arg(long, value_name = "HOW")]
    publish: Option<Publish>,

    /// Measure until it is decided, or for so long; at least 6 repeats, whatever they take [default: 4m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    budget: Option<Duration>,

    /// Measure each so often instead, and look once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=1000))]
    repeats: Option<u32>,

    /// How much worse a figure may become: server-cpu (default 15%), last-p90 (50%), p99 (25%; from 1,000 updates on), memory (10%; off for URLs), generator-cpu (20%); or off; repeatable
    #[arg(long = "limit", value_name = "FIGURE=PERCENT")]
    limits: Vec<Limit>,

    /// What clients show to servers given by URL.
    #[command(flatten)]
    client: ClientOptions,

    /// The folder for results, gate.md and junit.xml [default: results/TIME-gate]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const BUDGET: Duration = Duration::from_mins(4);

const EXAMPLES: &str = "\
Each repeat measures base, head, and base again, in turn; the last shows the noise. It passes if the interval of every
figure ends under its limit, and head is worse if one begins over it. Until then it measures on, and looks three times at
most, at levels by which all looks together are wrong as seldom as one of 95%. What is undecided when the budget is spent
says how many repeats would decide it. Servers given by URL are not started afresh for each repeat, and the gate says so;
those given by a command are.

Examples:
  scripts/bench-gate origin/main                                        builds both and gates them
  loadgen gate --base old/loadgen --head new/loadgen                    two builds of pushbench
  loadgen gate --dialect ws --base 'old/server {port}' --head 'new/server {port}'    two builds of your own server
  loadgen gate --base http://127.0.0.1:9001 --head http://127.0.0.1:9002    two that run already, and speak pushbench's protocol
  loadgen gate my.toml --base .. --head .. --limit server-cpu=5% --limit p99=off
  loadgen gate --base .. --head .. --repeats 20     a fixed number, and one look

Exit status: 0 passed; 1 failed to measure, or interrupted; 2 what was asked cannot be done; 3 undecided, or void; 4 head
is worse.";

/// Measures both, and judges.
pub fn run(args: GateArgs) -> ExitCode {
    in_runtime(async {
        // A folder that was not asked for is not made to say that nothing came of it; one that holds a gate is left as it is.
        let page = args.out.clone().filter(|out| !holds_a_gate(out));
        let ruling = match prepare(args) {
            Err(error) => {
                page.inspect(|out| unmeasured(out, &format!("{error:#}")));
                return fail(&error, USAGE);
            }
            Ok(gate) => gate.run().await,
        };
        match ruling {
            Ok(Some(Ruling::Passed)) => ExitCode::SUCCESS,
            Ok(Some(Ruling::Undecided | Ruling::Void)) => ExitCode::from(FLAWED),
            Ok(Some(Ruling::Regressed)) => ExitCode::from(WORSE),
            Ok(None) => ExitCode::from(FAILED),
            Err(error) => fail(&error, FAILED),
        }
    })
}

/// Says on the job's page, too, that there is no ruling, and why.
fn unmeasured(out: &Path, why: &str) {
    let page = Unmeasured(why.to_owned());
    if let Err(error) = fs::create_dir_all(out).and_then(|()| write(out, &page.markdown(), &page.junit())) {
        output::say(&format!("cannot write to {}: {error}", out.display()));
    }
}

fn holds_a_gate(out: &Path) -> bool {
    out.join("head").exists()
}

fn write(out: &Path, markdown: &str, junit: &str) -> std::io::Result<()> {
    fs::write(out.join("gate.md"), markdown)?;
    fs::write(out.join("junit.xml"), junit)
}

/// Does everything that can fail because of what was asked for, and makes the folder.
fn prepare(args: GateArgs) -> anyhow::Result<Prepared> {
    ensure!(
        args.repeats.is_none() || args.budget.is_none(),
        "--repeats beside --budget: the one says how often each is measured, the other has it measured until it is decided; \
         leave one of them out"
    );
    for (name, arm) in [("base", &args.base), ("head", &args.head)] {
        understand(&args, arm).with_context(|| format!("--{name}"))?;
    }
    let handed = Handed::of(&args.client, args.dialect.as_deref(), args.publish)?;
    let (base, head) = (args.base.find("base")?, args.head.find("head")?);
    let extent = args.repeats.map_or_else(|| Extent::Budget(args.budget.unwrap_or(BUDGET)), Extent::Repeats);
    let mut limits = Limits::default();
    if base.stays_up() || head.stays_up() {
        // What earlier clients left is in its memory. Whoever gates that all the same says so.
        limits.set("memory=off".parse().expect("a figure of that name"));
    }
    args.limits.into_iter().for_each(|limit| limits.set(limit));
    let out = args.out.unwrap_or_else(|| default_path("gate"));
    ensure!(!holds_a_gate(&out), "{} holds a gate already; choose another folder with --out", out.display());
    let remedy = || format!("cannot write to {}; choose another folder with --out", out.display());
    fs::create_dir_all(&out).with_context(remedy)?;
    // An older base may not know the scenario by name.
    fs::write(out.join("gate.toml"), scenario::text_from_anywhere(&args.scenario)?).with_context(remedy)?;
    Ok(Prepared { base, head, extent, limits, handed, out })
}

/// Looks whether that scenario can be asked of that arm, before anything is measured.
fn understand(args: &GateArgs, arm: &Arm) -> anyhow::Result<()> {
    let GateArgs { dialect, publish, .. } = args;
    let mut settings = Settings { dialect: dialect.clone(), publish: *publish, ..Settings::default() };
    let mut url = None;
    match arm {
        Arm::Program(_) => {
            ensure!(
                dialect.is_none() && publish.is_none(),
                "--dialect and --publish are for servers of others, and a program brings its own; leave them out, or give a \
                 command with {{port}} in it"
            );
        }
        Arm::Server(at) => url = Some(&**at),
        Arm::Command(command) => settings.server.command = Some(command.clone()),
    }
    let mut scenario = scenario::load(&args.scenario, settings)?;
    if let Arm::Program(_) = arm {
        return Ok(());
    }
    ensure!(
        scenario.peer.is_empty(),
        "the scenario compares servers (`peer`), and a gate compares base and head; leave peer out"
    );
    let url = url.or(scenario.server.take().as_deref()).map(str::to_owned);
    settle(&mut scenario, url.as_deref(), false).map(drop)
}

impl Prepared {
    /// Measures and judges, and writes what came of it. Nothing if it was interrupted.
    async fn run(self) -> anyhow::Result<Option<Ruling>> {
        let judged = self.judge().await.inspect_err(|error| unmeasured(&self.out, &format!("{error:#}")))?;
        let Some((gate, head)) = judged else {
            output::say(&format!("Interrupted: nothing is judged. What was measured is in {}.", self.out.display()));
            unmeasured(&self.out, "It was interrupted.");
            return Ok(None);
        };
        write(&self.out, &gate.markdown(), &gate.junit())
            .with_context(|| format!("cannot write to {}", self.out.display()))?;
        output::print(&gate.to_string())?;
        let written = reports::write(&head)?;
        output::print(&format!("Head's report: {}", written.report.display()))?;
        Ok(Some(gate.ruling()))
    }

    /// Measures until it is decided, or must be done; also gives head's results.
    async fn judge(&self) -> anyhow::Result<Option<(Gate, Results)>> {
        let interrupt = interrupt::token()?;
        output::say(&format!("{}; results go to {}.", self.announced(), self.out.display()));
        let mut schedule = Schedule::of(self.extent);
        let mut measuring = Measuring::of(self, &interrupt);
        let begun_ns = clock::now_ns();
        for repeat in 1.. {
            if !measuring.repeat(repeat).await? {
                return Ok(None);
            }
            let look = schedule.look_after(repeat, Duration::from_nanos(clock::now_ns() - begun_ns));
            measuring.show(repeat, schedule.repeats_at_most());
            let Some(look) = look else { continue };
            let round = measuring.so_far()?;
            let gate = Gate::of(&round, &self.limits, look)?;
            if look.is_last() || gate.ruling() != Ruling::Undecided {
                measuring.end();
                return Ok(Some((gate, round.head)));
            }
            measuring.say(&format!("{}\n{}", gate.table(), gate.conclusion()));
        }
        unreachable!("some look is the last")
    }

    fn announced(&self) -> String {
        match self.extent {
            Extent::Repeats(repeats) => format!("{repeats} repeats of base, head and base again"),
            Extent::Budget(budget) => format!(
                "Repeats of base, head and base again until it is decided or {} are spent, at least {REPEATS_MIN}",
                humantime::format_duration(budget)
            ),
        }
    }
}
