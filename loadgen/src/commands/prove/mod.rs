//! `loadgen prove`: plants known faults in the server, measures as ever, and compares the results with what must be
//! true of them.

mod capacity;
mod cases;
mod check;
mod counts;
mod evidence;
mod path;
mod planted;
mod table;
mod timing;
mod undisturbed;

use std::{path::PathBuf, process::ExitCode};

use anyhow::ensure;
use clap::Args;
use protocol::{
    Transport,
    results::{Manifest, Run},
};
use reports::{Seeker, Standing, Validity};
use tokio_util::sync::CancellationToken;

use super::{
    capacity as search,
    status::{FAILED, Outcome, USAGE, ended, fail, in_runtime},
};
use crate::{
    link::{How, Refused, enter_namespace},
    machine::interrupt,
    measure::Sweep,
    output::{
        self,
        folder::{Folder, check_writable},
        manifest::manifest,
        progress::Progress,
        say,
    },
    scenario::plan::Planned,
};
use cases::Case;
use check::Check;
use evidence::Evidence;
use undisturbed::{Disturbance, undisturbed};

/// Options of `prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// Only this case; repeatable
    #[arg(long = "case", value_name = "NAME", value_parser = cases::named)]
    cases: Vec<&'static Case>,

    /// Of these transports, which push what they have or wait for it: websocket, long-poll, sse
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_values_t = Transport::DEFAULT, value_parser = waits)]
    transports: Vec<Transport>,

    /// Keep the results of every run, a folder for each case and arm
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// One that delivers what was published when it was: what is planted for milliseconds shows in no interval of a second.
fn waits(name: &str) -> Result<Transport, String> {
    match name.parse() {
        Ok(Transport::ShortPoll) => {
            Err("short-poll delivers when its interval is over, whatever was planted".to_owned())
        }
        named => named.map_err(|error| error.to_string()),
    }
}

/// Proves.
pub fn run(args: ProveArgs) -> ExitCode {
    let needed = args.cases.is_empty() || args.cases.iter().any(|case| !case.paths.is_empty());
    // Before there is any other thread: each would have to enter by itself.
    let behind_link = needed.then(enter_namespace);
    in_runtime(async {
        match prepare(args, behind_link) {
            Err(error) => fail(&error, USAGE),
            Ok(proof) => ended(proof.run().await, FAILED),
        }
    })
}

/// Cases that are about to be proven.
#[derive(Debug)]
struct Proof {
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
    /// And whether its results were kept, as far as that was asked.
    Checked {
        checks: Vec<Check>,
        disturbance: Disturbance,
        kept: anyhow::Result<()>,
    },
    Interrupted,
    Failed,
}

/// Does everything that can fail because of what was asked for.
///
/// `behind_link`: whether there may be a link, if it is needed.
fn prepare(args: ProveArgs, behind_link: Option<Result<How, Refused>>) -> anyhow::Result<Proof> {
    let ProveArgs { cases, transports, out } = args;
    if let Some(out) = &out {
        let empty = !out.exists() || out.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        ensure!(empty, "{} is not an empty folder; choose another with --out", out.display());
        check_writable(out)?;
    }
    let has_named = !cases.is_empty();
    let mut cases = if has_named { cases } else { cases::ALL.iter().collect() };
    match behind_link {
        Some(Err(why)) if has_named => return Err(why.into()),
        Some(Err(why)) => {
            cases.retain(|case| case.paths.is_empty());
            say(&format!("Nothing is proven of paths through the link: {why}"));
        }
        _ => {}
    }
    let mut index = 0;
    let trials = cases.into_iter().flat_map(|case| transports.iter().map(move |transport| (case, *transport)));
    let trials = trials.map(|(case, transport)| Trial { case, transport, runs: case.plan(transport, &mut index) });
    Ok(Proof { trials: trials.collect(), out })
}

impl Proof {
    /// Makes every run, compares, and prints the table.
    async fn run(self) -> anyhow::Result<Outcome> {
        let interrupt = interrupt::token()?;
        let plan: Vec<Planned> = self.trials.iter().flat_map(|trial| &trial.runs).map(|(_, run)| run.clone()).collect();
        let progress = Progress::new(&cases::ALL[0].scenario(Transport::DEFAULT[0])?);
        progress.plan(&plan);
        let mut checks = Vec::new();
        let mut disturbance = Disturbance::default();
        let mut all_kept = Ok(());
        for trial in &self.trials {
            match self.trial(trial, &progress, &interrupt).await? {
                Ended::Checked { checks: more, disturbance: Disturbance { set_aside, kept: as_it_is }, kept } => {
                    checks.push((trial.case, trial.transport, more));
                    disturbance.set_aside += set_aside;
                    disturbance.kept += as_it_is;
                    all_kept = all_kept.and(kept);
                }
                Ended::Interrupted => {
                    progress.line("Interrupted.");
                    progress.end();
                    return Ok(Outcome::Nothing);
                }
                Ended::Failed => {
                    progress.line("A run failed, so nothing is proven.");
                    progress.end();
                    return Ok(Outcome::Judged(Validity::Failed, Standing::Within));
                }
            }
        }
        progress.end();
        output::print(&table::render(&checks, disturbance))?;
        all_kept?;
        let holds = checks.iter().flat_map(|(_, _, checks)| checks).all(|check| check.holds);
        let found = if holds { Validity::Valid } else { Validity::Flawed };
        Ok(Outcome::Judged(found, Standing::Within))
    }

    async fn trial(&self, trial: &Trial, progress: &Progress, interrupt: &CancellationToken) -> anyhow::Result<Ended> {
        let Trial { case, transport, runs } = trial;
        progress.line(&format!(
            "{} over {}: {}{}",
            case.name,
            transport.title(),
            case.proves,
            planted(case, *transport)
        ));
        let scenario = case.scenario(*transport)?;
        let manifest = manifest(&scenario, runs.len() as u32, server::Allocator::of_this_process().name());
        let (mut folders, mut kept) = match self.folders(case, *transport, &manifest) {
            Ok(folders) => (folders, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let well = Sweep {
            scenario: &scenario,
            feed: None,
            target: None,
            others: &[],
            through: None,
            faults: &[],
            interrupt,
            progress,
        };
        if case.search.is_some() {
            let faults = case.faults(0, *transport);
            let sweep = Sweep { faults: &faults, ..well };
            return Self::searched(case, manifest, &sweep, folders, kept).await;
        }
        let mut arms: Vec<Vec<Run>> = vec![Vec::new(); case.arms.len()];
        let mut disturbance = Disturbance::default();
        for (arm, planned) in runs {
            let faults = case.faults(*arm, *transport);
            let sweep = Sweep { faults: &faults, ..well };
            let Some(run) = undisturbed(&sweep, planned, case, &mut disturbance).await? else {
                return Ok(Ended::Interrupted);
            };
            progress.finished(&run);
            if let Some(folder) = folders.get_mut(*arm)
                && let Err(error) = folder.append(&run)
            {
                // What is proven is shown all the same.
                kept = Err(error);
                folders.clear();
            }
            if run.failure.is_some() {
                return Ok(Ended::Failed);
            }
            arms[*arm].push(run);
        }
        let evidence = Evidence { manifest, arms };
        Ok(Ended::Checked { checks: (case.check)(&evidence), disturbance, kept })
    }

    /// The same of a case that is searched.
    async fn searched(
        case: &Case,
        manifest: Manifest,
        sweep: &Sweep<'_>,
        folders: Vec<Folder>,
        kept: anyhow::Result<()>,
    ) -> anyhow::Result<Ended> {
        let seeker = Seeker::new(&case.search.expect("it is searched")()).map_err(anyhow::Error::msg)?;
        let searching = search::Search { sweep, seeker: &seeker };
        let loads = [case.load(0)];
        let (ended, runs) = match folders.into_iter().next() {
            Some(mut folder) => (searching.all(&loads, &mut folder).await?, folder.results().runs.clone()),
            None => {
                let mut runs = Vec::new();
                (searching.all(&loads, &mut runs).await?, runs)
            }
        };
        if ended == search::Ended::Interrupted {
            return Ok(Ended::Interrupted);
        }
        let evidence = Evidence { manifest, arms: vec![runs] };
        Ok(Ended::Checked { checks: (case.check)(&evidence), disturbance: Disturbance::default(), kept })
    }

    /// Where the runs of each arm are kept, if they are.
    fn folders(&self, case: &Case, transport: Transport, manifest: &Manifest) -> anyhow::Result<Vec<Folder>> {
        let Some(out) = &self.out else { return Ok(Vec::new()) };
        let name = |arm| format!("{}-{transport}-{arm}", case.name);
        (0..case.arms.len()).map(|arm| Folder::create(Some(&out.join(name(arm))), manifest.clone())).collect()
    }
}

/// What is planted, in the words of the server's option, lest what is found pass for news.
fn planted(case: &Case, transport: Transport) -> String {
    let faults = (0..case.arms.len()).flat_map(|arm| case.faults(arm, transport));
    let specs: Vec<String> = faults.map(|fault| fault.to_string()).collect();
    let which = if case.arms.len() > 1 { ", in one arm of two" } else { "" };
    if specs.is_empty() { String::new() } else { format!(" (planted: {}{which})", specs.join(", ")) }
}
