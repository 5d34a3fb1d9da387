//! `loadgen capacity`: the largest load at which a goal holds, searched in trials against servers that stay up.

mod kept;
mod options;
mod search;
mod shown;
mod tried;

use std::process::ExitCode;

use protocol::results::{Load, Scenario};
use reports::{Seeker, Validity};
use server::Allocator;

pub use options::CapacityArgs;
pub(super) use search::{Ended, Search};

use super::{
    report::show,
    run::{Asked, allocator, examine, resolve},
    status::{FAILED, Outcome, USAGE, ended, fail, in_runtime},
};
use crate::{
    machine::interrupt,
    measure::{Sweep, others::Others, through::Through},
    output::{folder::Folder, manifest::manifest, progress::Progress, say},
    scenario::plan::loads,
};

/// Searches, and reports.
pub fn run(args: CapacityArgs) -> ExitCode {
    in_runtime(async {
        match prepare(args).await {
            Err(error) => fail(&error, USAGE),
            Ok(prepared) => ended(prepared.run().await, FAILED),
        }
    })
}

/// What was asked for, checked and ready to be searched.
#[derive(Debug)]
struct Prepared {
    scenario: Scenario,
    others: Vec<Others>,
    through: Option<Through>,
    seeker: Seeker,
    /// Where each search begins.
    loads: Vec<Load>,
    folder: Folder,
}

/// Does everything that can fail because of what was asked for, and makes the results folder.
async fn prepare(args: CapacityArgs) -> anyhow::Result<Prepared> {
    Allocator::settle(args.allocator)?;
    let search = args.search()?;
    let seeker = Seeker::new(&search).map_err(anyhow::Error::msg)?;
    let Asked { scenario: at_bounds, others, through, .. } = resolve(&args.run_args(&search)).await?;
    options::refuse_speakers(&at_bounds, &search)?;
    // At its largest load.
    examine(&at_bounds, None)?;
    let scenario = options::scenario(at_bounds, search);
    let allocator = allocator(&scenario, None, !others.is_empty());
    let loads = loads(&scenario);
    let folder = Folder::create(args.out.as_deref(), manifest(&scenario, 0, &allocator))?;
    Ok(Prepared { scenario, others, through, seeker, loads, folder })
}

impl Prepared {
    /// Searches for every contender, or for as many as the user lets it, and reports what was tried.
    async fn run(mut self) -> anyhow::Result<Outcome> {
        let interrupt = interrupt::token()?;
        let progress = Progress::new(&self.scenario);
        progress.line(&shown::introduction(&self.scenario, self.folder.path()));
        let sweep = Sweep {
            scenario: &self.scenario,
            feed: None,
            target: None,
            others: &self.others,
            through: self.through.as_ref(),
            faults: &[],
            interrupt: &interrupt,
            progress: &progress,
        };
        let search = Search { sweep: &sweep, seeker: &self.seeker };
        let kept = search.all(&self.loads, &mut self.folder).await;
        progress.end();
        let is_interrupted = matches!(kept, Ok(Ended::Interrupted));
        let kept = kept.and_then(|_| self.folder.check());
        let Some(results) = self.folder.into_results() else {
            say("No trial was finished, so there is nothing to report.");
            return kept.map(|()| Outcome::Nothing);
        };
        let shown = show(&results);
        if let (Err(error), Err(_)) = (&shown, &kept) {
            say(&format!("error: {error:#}"));
        }
        Ok(match kept.and(shown)? {
            Outcome::Judged(_, standing) if is_interrupted => Outcome::Judged(Validity::Failed, standing),
            outcome => outcome,
        })
    }
}
