//! `loadgen report`: what a results folder says, rendered again from its files alone.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use reports::Validity;

use super::status::{Outcome, USAGE, done, ended};
use crate::output;

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The results folder, or a folder of repeats measured one by one
    dir: PathBuf,

    /// Write DIR/index.html instead: every results folder in DIR, like with like, with trends
    #[arg(long)]
    index: bool,
}

/// Renders a folder's report, or the index of a folder of folders.
pub fn run(args: &ReportArgs) -> ExitCode {
    if args.index {
        return done(index(&args.dir));
    }
    ended(report(&args.dir).map(Outcome::Judged), USAGE)
}

/// Writes the index of a folder of results folders, and says where it is.
fn index(dir: &Path) -> anyhow::Result<()> {
    let written = reports::write_index(dir).with_context(|| format!("no index of {}", dir.display()))?;
    output::print(&format!("Index: {}", written.display()))?;
    Ok(())
}

/// Renders the report of a results folder, prints the summary, and judges it.
pub(super) fn report(dir: &Path) -> anyhow::Result<Validity> {
    let results = reports::load_pooled(dir)?;
    let written =
        reports::write(&results).with_context(|| format!("cannot write the report into {}", dir.display()))?;
    let table = reports::summary_table(&results);
    output::print(&format!("\n{}\n\nReport: {}", table.trim_end(), written.report.display()))?;
    Ok(results.validity())
}
