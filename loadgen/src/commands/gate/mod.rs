//! `loadgen gate`: base and head measured in turn, and whether head is worse.
//!
//! [`reports::Gate`] judges; here is only what it takes to have something to judge.

mod arm;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, ensure};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use reports::{Gate, Limit, Limits, Results, Round, Ruling, Unmeasured, pool};
use tokio_util::sync::CancellationToken;

use super::status::{FAILED, FLAWED, USAGE, WORSE, fail, in_runtime};
use crate::{
    machine::interrupt,
    measure::target::ClientOptions,
    output::{self, folder::default_path},
    scenario::{self, Settings},
};
use arm::{Found, Handed, Measured, arm};

pub use arm::Arm;

/// Options of `gate`.
#[derive(Debug, Args)]
// What the options for a server ask for: here it is either of these.
#[command(after_help = EXAMPLES, group = ArgGroup::new("server").args(["base", "head"]).multiple(true))]
pub struct GateArgs {
    /// A built-in scenario (see `loadgen scenarios`) or the path of a TOML file
    #[arg(default_value = "gate")]
    scenario: PathBuf,

    /// What to compare with: a loadgen program of that build, or the URL of a server that runs already
    #[arg(long, value_name = "PROGRAM|URL", value_parser = arm())]
    base: Arm,

    /// What to compare: the same of the change
    #[arg(long, value_name = "PROGRAM|URL", value_parser = arm())]
    head: Arm,

    /// How often each is measured in a round [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=1000))]
    repeats: Option<u32>,

    /// How much worse a figure may become: server-cpu (default 10%), p99 (25%), memory (10%; off for URLs), generator-cpu (10%); or off; repeatable
    #[arg(long = "limit", value_name = "FIGURE=PERCENT")]
    limits: Vec<Limit>,

    /// What clients show to servers given by URL.
    #[command(flatten)]
    client: ClientOptions,

    /// The folder for results, gate.md and junit.xml [default: results/TIME-gate]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Each repeat measures base, head, and base again, in turn; the last shows the noise. A figure fails if head is worse by
more than its limit, the 95% interval leaves out equality, and a second round says so too.

Examples:
  scripts/bench-gate origin/main                                        builds both and gates them
  loadgen gate --base old/loadgen --head new/loadgen                    two builds of pushbench
  loadgen gate --base http://127.0.0.1:9001 --head http://127.0.0.1:9002    two builds of your own server
  loadgen gate my.toml --base .. --head .. --limit server-cpu=5% --limit p99=off

Exit status: 0 passed; 1 failed to measure, or interrupted; 2 what was asked cannot be done; 3 void; 4 head is worse.";

/// Measures both, and judges.
pub fn run(args: GateArgs) -> ExitCode {
    in_runtime(async {
        // A folder that was not asked for is not made to say that nothing came of it; one that holds a gate is left as it is.
        let page = args.out.clone().filter(|out| !out.join("round-1").exists());
        let ruling = match prepare(args) {
            Err(error) => {
                page.inspect(|out| unmeasured(out, &format!("{error:#}")));
                return fail(&error, USAGE);
            }
            Ok(gate) => gate.run().await,
        };
        match ruling {
            Ok(Some(Ruling::Passed)) => ExitCode::SUCCESS,
            Ok(Some(Ruling::Void)) => ExitCode::from(FLAWED),
            Ok(Some(Ruling::Failed | Ruling::Suspected)) => ExitCode::from(WORSE),
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

fn write(out: &Path, markdown: &str, junit: &str) -> std::io::Result<()> {
    fs::write(out.join("gate.md"), markdown)?;
    fs::write(out.join("junit.xml"), junit)
}

/// A gate that is ready to be measured.
#[derive(Debug)]
struct Prepared {
    base: Found,
    head: Found,
    repeats: u32,
    limits: Limits,
    handed: Handed,
    out: PathBuf,
}

/// Does everything that can fail because of what was asked for, and makes the folder.
fn prepare(args: GateArgs) -> anyhow::Result<Prepared> {
    let scenario = scenario::load(&args.scenario, Settings::default())?;
    let (base, head) = (args.base.find("base")?, args.head.find("head")?);
    let handed = Handed::of(&args.client)?;
    let repeats = args.repeats.unwrap_or(scenario.repeats);
    ensure!(repeats >= 3, "{repeats} repeats leave no interval worth the name: give --repeats 3 or more");
    let mut limits = Limits::default();
    if base.stays_up() || head.stays_up() {
        // What earlier clients left is in its memory. Whoever gates that all the same says so.
        limits.set("memory=off".parse().expect("a figure of that name"));
    }
    args.limits.into_iter().for_each(|limit| limits.set(limit));
    let out = args.out.unwrap_or_else(|| default_path("gate"));
    ensure!(!out.join("round-1").exists(), "{} holds a gate already; choose another folder with --out", out.display());
    let remedy = || format!("cannot write to {}; choose another folder with --out", out.display());
    fs::create_dir_all(&out).with_context(remedy)?;
    // An older base may not know the scenario by name.
    fs::write(out.join("gate.toml"), scenario::text_from_anywhere(&args.scenario)?).with_context(remedy)?;
    Ok(Prepared { base, head, repeats, limits, handed, out })
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

    /// Measures a round, and another if the first suspects something; also gives head's last results.
    async fn judge(&self) -> anyhow::Result<Option<(Gate, Results)>> {
        let interrupt = interrupt::token()?;
        let (repeats, out) = (self.repeats, self.out.display());
        output::say(&format!("{repeats} repeats of base, head and base again; results go to {out}."));
        let mut rounds = Vec::new();
        loop {
            let Some(round) = self.round(rounds.len() + 1, &interrupt).await? else { return Ok(None) };
            rounds.push(round);
            let gate = Gate::of(&rounds, &self.limits)?;
            if gate.ruling() != Ruling::Suspected {
                return Ok(rounds.pop().map(|round| (gate, round.head)));
            }
            output::print(&format!("{}\n{}", gate.table(0), gate.conclusion()))?;
        }
    }

    async fn round(&self, number: usize, interrupt: &CancellationToken) -> anyhow::Result<Option<Round>> {
        let mut measuring = Measuring {
            gate: self,
            dir: self.out.join(format!("round-{number}")),
            // One that is void for what the machine did meanwhile is set aside and measured again; not for ever.
            spare: self.repeats.div_ceil(2),
            bar: bar(number, self.repeats),
            interrupt,
        };
        let arms = [("base", &self.base), ("head", &self.head), ("again", &self.base)];
        let mut measured = [const { Vec::new() }; 3];
        for repeat in 1..=self.repeats {
            for place in 0..arms.len() {
                // Another begins each time: who comes first after a pause may have it easier.
                let which = (place + repeat as usize) % arms.len();
                let Some(results) = measuring.measure(arms[which], repeat).await? else { return Ok(None) };
                measured[which].push(results);
            }
            measuring.show(repeat);
        }
        measuring.bar.finish_and_clear();
        let [base, head, again] = measured;
        let pooled = |name: &str, all| pool(measuring.dir.join(name), all);
        Ok(Some(Round { base: pooled("base", base)?, head: pooled("head", head)?, again: pooled("again", again)? }))
    }
}

/// A round that is being measured.
struct Measuring<'a> {
    gate: &'a Prepared,
    dir: PathBuf,
    spare: u32,
    bar: ProgressBar,
    interrupt: &'a CancellationToken,
}

impl Measuring<'_> {
    async fn measure(&mut self, (name, arm): (&str, &Found), repeat: u32) -> anyhow::Result<Option<Results>> {
        let Prepared { out, handed, .. } = self.gate;
        let dir = self.dir.join(name).join(format!("{repeat:03}"));
        let scenario = out.join("gate.toml");
        loop {
            self.bar.set_message(format!("repeat {repeat}: {name}"));
            let measured = arm.measure(&scenario, &dir, handed, self.interrupt);
            let measured = measured.await.with_context(|| format!("{name}, repeat {repeat}"))?;
            if measured == Measured::Interrupted {
                return Ok(None);
            }
            let results = reports::load(&dir).with_context(|| {
                format!("{name}'s results cannot be read here; gate builds whose results are of one version")
            })?;
            // What loses updates is not measured again until it does not.
            let lost = results.runs.iter().any(|run| run.counts.missed > 0);
            if measured == Measured::Valid || lost || self.spare == 0 {
                return Ok(Some(results));
            }
            self.spare -= 1;
            self.set_aside(&dir, name, repeat)?;
        }
    }

    fn set_aside(&self, dir: &Path, name: &str, repeat: u32) -> anyhow::Result<()> {
        let aside = self.dir.join("set-aside");
        fs::create_dir_all(&aside)?;
        let aside = aside.join(format!("{name}-{repeat:03}-{}", self.spare));
        fs::rename(dir, &aside)?;
        let line = format!("repeat {repeat} of {name} is void, and is measured again (kept in {})", aside.display());
        self.line(&line);
        Ok(())
    }

    fn show(&self, repeat: u32) {
        self.bar.inc(1);
        if self.bar.is_hidden() && (repeat.is_multiple_of(5) || repeat == self.gate.repeats) {
            self.line(&format!("{repeat} of {} repeats measured", self.gate.repeats));
        }
    }

    fn line(&self, text: &str) {
        if self.bar.is_hidden() { output::say(text) } else { self.bar.println(text) }
    }
}

fn bar(round: usize, repeats: u32) -> ProgressBar {
    // Hidden by itself where stderr is no terminal.
    ProgressBar::new(repeats.into()).with_style(
        ProgressStyle::with_template(&format!("round {round} {{bar:28.cyan}} {{pos}}/{{len}}, {{eta}} left  {{msg}}"))
            .expect("a valid template")
            .progress_chars("━━─"),
    )
}
