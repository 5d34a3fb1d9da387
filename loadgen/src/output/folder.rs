//! The results folder, written run by run: what was finished stays, whatever happens later.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use jiff::Timestamp;
use protocol::results::{MANIFEST_FILE, Manifest, RUNS_FILE, Run};

/// Where results go unless told otherwise.
const DEFAULT_PARENT: &str = "results";

/// A folder that is being filled.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    runs: File,
    /// Whether the folder was there before.
    found: bool,
    written: u32,
}

impl Folder {
    /// Makes `out`, or `results/<UTC time>-<scenario>`, and writes the manifest into it.
    ///
    /// Refuses a folder that holds results already.
    pub fn create(out: Option<&Path>, manifest: &Manifest) -> anyhow::Result<Self> {
        let path = out.map_or_else(|| default_path(&manifest.scenario.name), Path::to_path_buf);
        let remedy = || format!("cannot write results to {}; choose another folder with --out", path.display());
        let found = path.exists();
        fs::create_dir_all(&path).with_context(remedy)?;
        if [MANIFEST_FILE, RUNS_FILE].iter().any(|file| path.join(file).exists()) {
            bail!("{} holds results already; choose another folder with --out", path.display());
        }
        let json = serde_json::to_string_pretty(manifest)?;
        fs::write(path.join(MANIFEST_FILE), json + "\n").with_context(remedy)?;
        let runs = File::create(path.join(RUNS_FILE)).with_context(remedy)?;
        Ok(Self { path, runs, found, written: 0 })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a finished run.
    pub fn append(&mut self, run: &Run) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        // One write, so that a kill leaves whole lines (or one cut line, which readers forgive).
        self.runs
            .write_all(&line)
            .and_then(|()| self.runs.sync_data())
            .with_context(|| format!("cannot append to {}", self.path.join(RUNS_FILE).display()))?;
        self.written += 1;
        Ok(())
    }

    /// Removes the folder's files if no run was finished; true if so.
    pub fn discard_if_empty(self) -> anyhow::Result<bool> {
        if self.written > 0 {
            return Ok(false);
        }
        fs::remove_file(self.path.join(RUNS_FILE))?;
        fs::remove_file(self.path.join(MANIFEST_FILE))?;
        if !self.found {
            // Kept if somebody else has put something there.
            let _ = fs::remove_dir(&self.path);
        }
        Ok(true)
    }
}

/// `results/<UTC time>-<scenario>`
pub(crate) fn default_path(scenario: &str) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    Path::new(DEFAULT_PARENT).join(format!("{time}-{scenario}"))
}
