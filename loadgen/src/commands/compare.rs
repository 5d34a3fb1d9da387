//! `loadgen compare`: two results folders of like machine and scenario, point by point, with intervals.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::status::done;
use crate::output;

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The results folder to compare with, or a folder of such: repeats measured one by one
    pub base: PathBuf,

    /// The results folder that is compared, or a folder of such
    pub head: PathBuf,

    /// Compare results of unlike machines or scenarios all the same; the comparison is marked
    #[arg(long)]
    pub force: bool,

    /// Write what changed as a page, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Compares.
pub fn run(args: &CompareArgs) -> ExitCode {
    done(compare(args))
}

/// Prints how `head` differs from `base`, and what is wrong with either.
///
/// Fails if a folder cannot be read, or if the two are unlike and that was not forced.
fn compare(args: &CompareArgs) -> anyhow::Result<()> {
    let (base, head) = (reports::load_pooled(&args.base)?, reports::load_pooled(&args.head)?);
    let between = reports::between(&base, &head, args.force)?;
    output::print(&between.to_string())?;
    if let Some(file) = &args.html {
        let written = reports::write_changes(&between, file)?;
        output::print(&format!("Report: {}", written.display()))?;
    }
    Ok(())
}
