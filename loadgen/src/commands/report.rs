//! `loadgen report`: what a results folder, or a page that carries its results, says; rendered again from its files alone.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use reports::Results;

use super::status::{FAILED, Outcome, USAGE, done, ended, fail};
use crate::output::{self, folder};

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The results folder, a report.html that carries its results, or a folder of repeats measured one by one
    results: PathBuf,

    /// Write RESULTS/index.html instead: every results folder in it, like with like, with trends
    #[arg(long)]
    index: bool,

    /// Make DIR a results folder that holds them, and write into that; of a page nothing is written else
    #[arg(long, value_name = "DIR", conflicts_with = "index")]
    out: Option<PathBuf>,
}

/// Renders a folder's report, or the index of a folder of folders.
pub fn run(args: &ReportArgs) -> ExitCode {
    if args.index {
        return done(index(&args.results));
    }
    match read(args) {
        Err(error) => fail(&error, USAGE),
        Ok(results) => ended(show(&results), FAILED),
    }
}

/// What is to be shown; in the folder that was asked for, if one was.
fn read(args: &ReportArgs) -> anyhow::Result<Results> {
    let results = reports::load_pooled(&args.results)?;
    match &args.out {
        Some(out) => folder::put(results, out),
        None => Ok(results),
    }
}

/// Writes the index of a folder of results folders, and says where it is.
fn index(dir: &Path) -> anyhow::Result<()> {
    let written = reports::write_index(dir).with_context(|| format!("no index of {}", dir.display()))?;
    output::print(&format!("Index: {}", written.display()))?;
    Ok(())
}

/// Prints the summary, writes the report, and judges. Whatever the folder is like, the summary is shown.
pub(super) fn show(results: &Results) -> anyhow::Result<Outcome> {
    let printed = output::print(&format!("\n{}", reports::summary_table(results).trim_end()));
    if results.is_of_page() {
        printed?;
        output::print(
            "\nA page is shown as it is: `--out DIR` makes a results folder of it, with reports that are rendered anew.",
        )?;
        return Ok(judged(results));
    }
    // What nobody can read is written all the same.
    let written = reports::write(results)?;
    printed?;
    output::print(&format!("\nReport: {}", written.report.display()))?;
    Ok(judged(results))
}

fn judged(results: &Results) -> Outcome {
    Outcome::Judged(results.validity(), reports::thresholds(results).standing())
}
