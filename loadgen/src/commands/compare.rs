//! `loadgen compare`: two results of like machine and scenario, point by point, with intervals.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::status::done;
use crate::output;

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The results folder to compare with, or the report.html of one; or a folder of repeats measured one by one
    pub base: PathBuf,

    /// The results that are compared, likewise
    pub head: PathBuf,

    /// Compare results of unlike machines or scenarios all the same; the comparison is marked
    #[arg(long)]
    pub force: bool,

    /// Where to write what changed as a page
    #[arg(long, value_name = "FILE", default_value = "compare.html")]
    pub html: PathBuf,
}

/// Compares.
pub fn run(args: &CompareArgs) -> ExitCode {
    done(compare(args))
}

/// Prints how `head` differs from `base`, and writes it as a page.
///
/// Fails if either cannot be read, or if the two are unlike and that was not forced.
fn compare(args: &CompareArgs) -> anyhow::Result<()> {
    let (base, head) = (reports::load_pooled(&args.base)?, reports::load_pooled(&args.head)?);
    let between = reports::between(&base, &head, args.force)?;
    output::print(&between.to_string())?;
    let written = reports::write_changes([&base, &head], &between, &args.html)?;
    output::print(&format!("Report: {}", written.display()))
}
