//! Writes the files for people into the results folder, each whole or not at all.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{csv, html, markdown, tracking};
use crate::{
    judge::{Between, thresholds},
    read::{History, LoadError, Results, load::PAGE},
    validity::warnings,
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
    /// `junit.xml`, if there are thresholds
    pub junit: Option<PathBuf>,
}

/// Which files could not be written, and which are whole all the same.
#[derive(Debug, thiserror::Error)]
pub struct WriteError {
    dir: PathBuf,
    /// By name.
    failed: Vec<(String, io::Error)>,
    whole: Vec<String>,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write into {}:", self.dir.display())?;
        // Most often there is one reason for all.
        for alike in self.failed.chunk_by(|(_, one), (_, another)| one.to_string() == another.to_string()) {
            let names: Vec<&str> = alike.iter().map(|(name, _)| name.as_str()).collect();
            write!(f, " {}: {};", names.join(", "), alike[0].1)?;
        }
        if !self.whole.is_empty() {
            write!(f, " written whole: {};", self.whole.join(", "))?;
        }
        write!(f, " check that the folder exists, has room, and that you may write to it")
    }
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

/// Writes what changed from one to the other as a page that stands alone.
pub fn write_changes(both: [&Results; 2], between: &Between, file: &Path) -> Result<PathBuf, WriteError> {
    write_file(file.to_owned(), &html::changes(both, between))
}

/// Writes `report.html` alone into the results folder, over the one that is there.
pub fn write_page(results: &Results) -> Result<PathBuf, WriteError> {
    write_file(results.dir.join(PAGE), &html::report(results))
}

/// Writes every file for people and for trackers into the results folder, over those that are there: as many as can be.
pub fn write(results: &Results) -> Result<Written, WriteError> {
    let (dir, thresholds) = (&results.dir, thresholds(results));
    let mut error = WriteError { dir: dir.clone(), failed: Vec::new(), whole: Vec::new() };
    let mut write = |name: &str, text: &str| {
        let file = dir.join(name);
        match write_whole(&file, text.as_bytes()) {
            Ok(()) => error.whole.push(name.to_owned()),
            Err(source) => error.failed.push((name.to_owned(), source)),
        }
        file
    };
    let written = Written {
        report: write(PAGE, &html::report(results)),
        summary: write("summary.md", &markdown::summary(results)),
        csv: write("runs.csv", &csv::runs(results)),
        benchmark: write("benchmark.json", &tracking::smaller_is_better(results)),
        bencher: write("bencher.json", &tracking::bencher(results)),
        junit: (!thresholds.judged.is_empty()).then(|| write("junit.xml", &thresholds.junit(&warnings(results)))),
    };
    if error.failed.is_empty() { Ok(written) } else { Err(error) }
}

/// Writes one file that stands alone.
fn write_file(file: PathBuf, text: &str) -> Result<PathBuf, WriteError> {
    match write_whole(&file, text.as_bytes()) {
        Ok(()) => Ok(file),
        Err(source) => Err(WriteError {
            dir: folder_of(&file).to_owned(),
            failed: vec![(file.file_name().unwrap_or_default().to_string_lossy().into_owned(), source)],
            whole: Vec::new(),
        }),
    }
}

/// The folder that a file is in, also if only the file is named.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes beside the file, then renames: whoever has the old one open never sees half of the new one.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = folder_of(file);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is its owner's alone; a report is for everyone, as far as the umask lets it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // The temporary file's own name, which its errors have, would tell nobody anything.
    std::fs::metadata(dir)?;
    let temporary: NamedTempFile = builder.tempfile_in(dir).map_err(|error| error.kind())?;
    io::Write::write_all(&mut temporary.as_file(), bytes)?;
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
    fn thresholds_have_a_file_of_their_own() {
        let dir = TempDir::new().unwrap();
        let mut results = Sweep::quick().results_in(dir.path());
        results.manifest.scenario.fail_if = vec!["missed > 0".to_owned()];
        let junit = std::fs::read_to_string(write(&results).unwrap().junit.unwrap()).unwrap();
        assert!(junit.contains("fail if missed &gt; 0") && junit.contains("failures=\"0\""), "{junit}");
    }

    #[test]
    fn what_cannot_be_written_is_named_beside_what_is_whole() {
        let dir = TempDir::new().unwrap();
        let results = Sweep::quick().results_in(dir.path());
        // A file cannot take a folder's place, whoever asks.
        for name in ["report.html", "runs.csv"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let message = write(&results).unwrap_err().to_string();
        for part in [
            dir.path().to_str().unwrap(),
            "report.html, runs.csv: ",
            "whole: summary.md, benchmark.json, bencher.json;",
        ] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
        assert!(dir.path().join("summary.md").is_file() && dir.path().join("bencher.json").is_file());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 5, "no half of a file is left");
    }

    #[test]
    fn a_folder_that_is_gone_is_named_once() {
        let message = write(&Sweep::quick().results()).unwrap_err().to_string();
        let expected = "no-such-folder: report.html, summary.md, runs.csv, benchmark.json, bencher.json: No such file";
        assert!(message.contains(expected) && !message.contains("whole"), "{message}");
    }
}
