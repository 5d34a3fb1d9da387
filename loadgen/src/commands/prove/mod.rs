//! `loadgen prove`: plants known faults in the server, measures as ever, and compares the results with what must be
//! true of them.

mod cases;
mod check;
mod counts;
mod evidence;
mod loops;
mod table;
mod timing;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use protocol::{
    Transport,
    results::{Manifest, Run},
};
use reports::Validity;
use tokio_util::sync::CancellationToken;

pub use cases::Case;

use crate::{
    interrupt,
    output::{self, folder::Folder, manifest::manifest, show::Show},
    plan::Planned,
    scheduler::{self, Sweep},
    sweep::Outcome,
};
use check::Check;
use evidence::Evidence;
use loops::Loops;

/// A run beside which other work took more than this share of all processors is set aside and made again.
const OTHER_WORK_MAX: f64 = 0.02;
/// Runs made for one of the plan at most.
const TRIES_MAX: u32 = 5;

/// Options of `prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// Only this case; repeatable
    #[arg(long = "case", value_name = "NAME", value_parser = cases::named)]
    cases: Vec<&'static Case>,

    /// Keep the results of every run, a folder for each case and arm
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Cases that are about to be proven.
#[derive(Debug)]
pub struct Proof {
    trials: Vec<Trial>,
    out: Option<PathBuf>,
}

/// A case with one transport.
#[derive(Debug)]
struct Trial {
    case: &'static Case,
    transport: Transport,
    /// The runs of each arm, by arm.
    runs: Vec<(usize, Planned)>,
}

/// What a trial came to.
enum Ended {
    Checked { checks: Vec<Check>, disturbance: Disturbance },
    Interrupted,
    Failed,
}

/// How often other work came between.
#[derive(Debug, Default, Clone, Copy)]
struct Disturbance {
    /// Runs that were set aside for it, and made again.
    set_aside: u32,
    /// Runs that were kept in spite of it: no try was without.
    kept: u32,
}

/// Does everything that can fail because of what was asked for.
pub fn prepare(args: ProveArgs) -> anyhow::Result<Proof> {
    let ProveArgs { cases, out } = args;
    if let Some(out) = &out {
        let empty = !out.exists() || out.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        ensure!(empty, "{} is not an empty folder; choose another with --out", out.display());
    }
    let cases = if cases.is_empty() { cases::ALL.iter().collect() } else { cases };
    let mut index = 0;
    let trials = cases.into_iter().flat_map(|case| Transport::ALL.map(|transport| (case, transport)));
    let trials = trials.map(|(case, transport)| Trial { case, transport, runs: case.plan(transport, &mut index) });
    Ok(Proof { trials: trials.collect(), out })
}

impl Proof {
    /// Makes every run, compares, and prints the table.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        let interrupt = interrupt::token()?;
        let plan: Vec<Planned> = self.trials.iter().flat_map(|trial| &trial.runs).map(|(_, run)| run.clone()).collect();
        let show = Show::new(&plan, &cases::ALL[0].scenario(Transport::ALL[0])?);
        let mut checks = Vec::new();
        let mut disturbance = Disturbance::default();
        for trial in &self.trials {
            match self.trial(trial, &show, &interrupt).await? {
                Ended::Checked { checks: more, disturbance: Disturbance { set_aside, kept } } => {
                    checks.push((trial.case, trial.transport, more));
                    disturbance.set_aside += set_aside;
                    disturbance.kept += kept;
                }
                Ended::Interrupted => {
                    show.line("Interrupted.");
                    show.end();
                    return Ok(Outcome::Nothing);
                }
                Ended::Failed => {
                    show.line("A run failed, so nothing is proven.");
                    show.end();
                    return Ok(Outcome::Judged(Validity::Failed));
                }
            }
        }
        show.end();
        output::print(&table::render(&checks, disturbance))?;
        let holds = checks.iter().flat_map(|(_, _, checks)| checks).all(|check| check.holds);
        Ok(Outcome::Judged(if holds { Validity::Valid } else { Validity::Flawed }))
    }

    async fn trial(&self, trial: &Trial, show: &Show, interrupt: &CancellationToken) -> anyhow::Result<Ended> {
        let Trial { case, transport, runs } = trial;
        show.line(&format!("{} over {}: {}{}", case.name, transport.title(), case.proves, planted(case, *transport)));
        let scenario = case.scenario(*transport)?;
        let manifest = manifest(&scenario, runs.len() as u32, server::Allocator::of_this_process().name());
        let mut kept = self.folders(case, *transport, &manifest)?;
        let mut arms: Vec<Vec<Run>> = vec![Vec::new(); case.arms.len()];
        let mut disturbance = Disturbance::default();
        for (arm, planned) in runs {
            let faults = case.faults(*arm, *transport);
            let sweep = Sweep { scenario: &scenario, target: None, faults: &faults, interrupt, show };
            let Some(run) = undisturbed(&sweep, planned, case, &mut disturbance).await? else {
                return Ok(Ended::Interrupted);
            };
            show.finished(&run);
            if let Some(folder) = kept.get_mut(*arm) {
                folder.append(&run)?;
            }
            if run.failure.is_some() {
                return Ok(Ended::Failed);
            }
            arms[*arm].push(run);
        }
        let evidence = Evidence { manifest, arms };
        Ok(Ended::Checked { checks: (case.check)(&evidence), disturbance })
    }

    /// Where the runs of each arm are kept, if they are.
    fn folders(&self, case: &Case, transport: Transport, manifest: &Manifest) -> anyhow::Result<Vec<Folder>> {
        let Some(out) = &self.out else { return Ok(Vec::new()) };
        let name = |arm| format!("{}-{transport}-{arm}", case.name);
        (0..case.arms.len()).map(|arm| Folder::create(Some(&out.join(name(arm))), manifest)).collect()
    }
}

/// What is planted, in the words of the server's option, lest what is found pass for news.
fn planted(case: &Case, transport: Transport) -> String {
    let faults = (0..case.arms.len()).flat_map(|arm| case.faults(arm, transport));
    let specs: Vec<String> = faults.map(|fault| fault.to_string()).collect();
    let which = if case.arms.len() > 1 { ", in one arm of two" } else { "" };
    if specs.is_empty() { String::new() } else { format!(" (planted: {}{which})", specs.join(", ")) }
}

/// Makes a run, and makes it again while the machine has other work, if the case asks for quiet.
///
/// The machine's own counters decide that, never the result: a run is kept or set aside before it is looked at.
async fn undisturbed(
    sweep: &Sweep<'_>,
    planned: &Planned,
    case: &Case,
    disturbance: &mut Disturbance,
) -> anyhow::Result<Option<Run>> {
    let is_disturbed = |run: &Run| reports::other_work(run).is_some_and(|share| share > OTHER_WORK_MAX);
    for _ in 1..TRIES_MAX {
        match beside_loops(sweep, planned, case).await? {
            Some(run) if case.quiet && run.failure.is_none() && is_disturbed(&run) => {
                disturbance.set_aside += 1;
                sweep.show.line("       set aside, as the machine had other work; once more");
            }
            run => return Ok(run),
        }
    }
    let last = beside_loops(sweep, planned, case).await?;
    disturbance.kept += u32::from(last.as_ref().is_some_and(is_disturbed));
    Ok(last)
}

/// Makes a run beside the busy loops that its case asks for.
async fn beside_loops(sweep: &Sweep<'_>, planned: &Planned, case: &Case) -> anyhow::Result<Option<Run>> {
    let pinned = sweep.scenario.pinned.as_ref();
    let _loops = match case {
        Case { starved: true, .. } => Some(Loops::that_starve(pinned)?),
        Case { quiet: true, .. } => Some(Loops::that_keep_awake(pinned)?),
        _ => None,
    };
    Ok(scheduler::run(sweep, planned).await)
}
