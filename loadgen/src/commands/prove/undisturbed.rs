//! Runs that met no other work, as far as that can be had.

use protocol::results::Run;

use super::cases::Case;
use crate::{
    machine::loops::Loops,
    measure::{self, Sweep},
    scenario::plan::Planned,
};

/// A run beside which other work took more than this share of all processors is set aside and made again.
const OTHER_WORK_MAX: f64 = 0.02;
/// Runs made for one of the plan at most.
pub(super) const TRIES_MAX: u32 = 5;

/// How often other work came between.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Disturbance {
    /// Runs that were set aside for it, and made again.
    pub(super) set_aside: u32,
    /// Runs that were kept in spite of it: no try was without.
    pub(super) kept: u32,
}

/// Makes a run, and makes it again while the machine has other work, if the case asks for quiet.
///
/// The machine's own counters decide that, never the result: a run is kept or set aside before it is looked at.
pub(super) async fn undisturbed(
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
                sweep.progress.line("       set aside, as the machine had other work; once more");
            }
            run => return Ok(run),
        }
    }
    let last = beside_loops(sweep, planned, case).await?;
    disturbance.kept += u32::from(last.as_ref().is_some_and(is_disturbed));
    Ok(last)
}

/// Makes a run, beside loops that starve the generator if its case asks for them.
async fn beside_loops(sweep: &Sweep<'_>, planned: &Planned, case: &Case) -> anyhow::Result<Option<Run>> {
    let _loops = case.starved.then(|| Loops::that_starve(sweep.scenario.pinned.as_ref())).transpose()?;
    Ok(measure::run(sweep, planned).await)
}
