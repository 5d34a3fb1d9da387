//! Writes the files for people into the results folder, each whole or not at all.

use std::{
    io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{csv, html, markdown, tracking};
use crate::{
    Results,
    judge::Between,
    read::{History, LoadError},
};

/// The files that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `report.html`
    pub report: PathBuf,
    /// `summary.md`
    pub summary: PathBuf,
    /// `runs.csv`
    pub csv: PathBuf,
    /// `benchmark.json`, for github-action-benchmark
    pub benchmark: PathBuf,
    /// `bencher.json`, for Bencher
    pub bencher: PathBuf,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}. Check that the folder exists and that you may write to it", file.display())]
pub struct WriteError {
    file: PathBuf,
    source: io::Error,
}

/// Why an index could not be written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Nothing can be written there.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Writes `index.html` into a folder of results folders, over the one that is there.
pub fn write_index(dir: &Path) -> Result<PathBuf, IndexError> {
    Ok(write_file(dir.join("index.html"), &html::index(&History::read(dir)?))?)
}

/// Writes what changed as a page that stands alone.
pub fn write_changes(between: &Between, file: &Path) -> Result<PathBuf, WriteError> {
    write_file(file.to_owned(), &html::changes(between))
}

/// Writes every file for people and for trackers into the results folder, over those that are there.
pub fn write(results: &Results) -> Result<Written, WriteError> {
    Ok(Written {
        report: write_file(results.dir.join("report.html"), &html::report(results))?,
        summary: write_file(results.dir.join("summary.md"), &markdown::summary(results))?,
        csv: write_file(results.dir.join("runs.csv"), &csv::runs(results))?,
        benchmark: write_file(results.dir.join("benchmark.json"), &tracking::smaller_is_better(results))?,
        bencher: write_file(results.dir.join("bencher.json"), &tracking::bencher(results))?,
    })
}

/// Writes beside the file, then renames: whoever has the old report open never sees half of the new one.
fn write_file(file: PathBuf, text: &str) -> Result<PathBuf, WriteError> {
    match replace(&file, text) {
        Ok(()) => Ok(file),
        Err(source) => Err(WriteError { file, source }),
    }
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is its owner's alone; a report is for everyone, as far as the umask lets it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut temporary: NamedTempFile = builder.tempfile_in(dir)?;
    io::Write::write_all(&mut temporary, text.as_bytes())?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn its_files_and_nothing_else() {
        let dir = TempDir::new().unwrap();
        let results = Sweep::quick().results_in(dir.path());
        for _ in 0..2 {
            let written = write(&results).unwrap();
            assert!(std::fs::read_to_string(&written.report).unwrap().ends_with("</html>"));
        }
        let mut names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["bencher.json", "benchmark.json", "report.html", "runs.csv", "summary.md"]);
    }

    #[test]
    fn a_folder_that_is_gone_is_named() {
        let message = write(&Sweep::quick().results()).unwrap_err().to_string();
        assert!(message.contains("no-such-folder/report.html"), "{message}");
    }
}
