//! Why results could not be read, and what to do about it.

use std::{io, path::PathBuf};

use protocol::results::{MANIFEST_FILE, SCHEMA_VERSION};

/// Why results could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no manifest.
    #[error(
        "{} is not a results folder: it has no {MANIFEST_FILE}. Name the folder that a sweep made, for instance \
         results/<time>-<scenario>, or its report.html",
        dir.display()
    )]
    NotResults {
        /// The folder that was named.
        dir: PathBuf,
    },
    /// A file, but no page with results in it.
    #[error(
        "{} carries no results: it is no page of `loadgen report`, or one from before its pages carried them, or cut \
         off. Name the results folder; `loadgen report` writes its page anew",
        file.display()
    )]
    NotCarried {
        /// The file that was named.
        file: PathBuf,
    },
    /// A page whose results are not as they were written.
    #[error(
        "{}: the {part} that it carries is damaged: {why}. Take the page again, whole, from where it came; or name the \
         results folder",
        file.display()
    )]
    Damaged {
        /// The page.
        file: PathBuf,
        /// Which of the files in it.
        part: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Another version of the files' form.
    #[error(
        "{}: these results have schema version {found}, this build reads version {SCHEMA_VERSION} only. Read them with \
         the pushbench that wrote them ({writer}), or measure again",
        file.display()
    )]
    Schema {
        /// The manifest.
        file: PathBuf,
        /// Its version.
        found: u64,
        /// The program that wrote it, as far as it says so.
        writer: String,
    },
    /// The manifest is not one.
    #[error("{}, line {}: {source}. Restore the file from a backup, or measure again", file.display(), source.line())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line that is no run, and is not merely cut off at the end of the file.
    #[error("{}, line {line}: not a run: {source}. Delete that line to read the others, or measure again", file.display())]
    Run {
        /// The file of runs.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The operating system would not let us.
    #[error("cannot read {}: {source}. Check that it is a file and that you may read it", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}
