//! `loadgen report`: what a results folder says, rendered again from its files alone.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use reports::{Results, Validity};

use super::status::{FAILED, Outcome, USAGE, done, ended, fail};
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
    match reports::load_pooled(&args.dir) {
        Err(error) => fail(&error.into(), USAGE),
        Ok(results) => ended(show(&results).map(Outcome::Judged), FAILED),
    }
}

/// Writes the index of a folder of results folders, and says where it is.
fn index(dir: &Path) -> anyhow::Result<()> {
    let written = reports::write_index(dir).with_context(|| format!("no index of {}", dir.display()))?;
    output::print(&format!("Index: {}", written.display()))?;
    Ok(())
}

/// Prints the summary, writes the report, and judges. Whatever the folder is like, the summary is shown.
pub(super) fn show(results: &Results) -> anyhow::Result<Validity> {
    let printed = output::print(&format!("\n{}", reports::summary_table(results).trim_end()));
    // What nobody can read is written all the same.
    let written = reports::write(results)?;
    printed?;
    output::print(&format!("\nReport: {}", written.report.display()))?;
    Ok(results.validity())
}
