//! The results folder, written run by run: what was finished stays, whatever happens later.

use std::{
    fs::{self, File},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use protocol::results::{MANIFEST_FILE, Manifest, RUNS_FILE, Run};
use reports::{Results, parse_runs};

use crate::machine::calendar;

/// Where results go unless told otherwise.
const DEFAULT_PARENT: &str = "results";

/// A folder that is being filled.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    manifest: Manifest,
    runs: File,
    /// Whether the folder was there before.
    found: bool,
    written: u32,
    /// Those that could not be appended.
    unwritten: Vec<Run>,
}

impl Folder {
    /// Makes `out`, or `results/<UTC time>-<scenario>`, and writes the manifest into it.
    ///
    /// Refuses a folder that holds results already.
    pub fn create(out: Option<&Path>, manifest: Manifest) -> anyhow::Result<Self> {
        let path = out.map_or_else(|| default_path(&manifest.scenario.name), Path::to_path_buf);
        let found = path.exists();
        if [MANIFEST_FILE, RUNS_FILE].iter().any(|file| path.join(file).exists()) {
            bail!("{} holds results already; choose another folder with --out", path.display());
        }
        check_writable(&path)?;
        let json = serde_json::to_string_pretty(&manifest)?;
        fs::write(path.join(MANIFEST_FILE), json + "\n").with_context(|| refusal(&path))?;
        let runs = File::create_new(path.join(RUNS_FILE)).with_context(|| refusal(&path))?;
        Ok(Self { path, manifest, runs, found, written: 0, unwritten: Vec::new() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a finished run. If that fails it is kept in memory, and the file holds the whole runs before it.
    pub fn append(&mut self, run: &Run) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        let before_bytes = self.runs.stream_position()?;
        // One write, so that a kill leaves whole lines (or one cut line, which readers forgive).
        if let Err(error) = self.runs.write_all(&line).and_then(|()| self.runs.sync_data()) {
            let _ = self.runs.set_len(before_bytes);
            self.unwritten.push(run.clone());
            let (file, written) = (self.path.join(RUNS_FILE), self.written);
            return Err(error).with_context(|| {
                let plural = if written == 1 { "" } else { "s" };
                format!(
                    "cannot append to {}, which is whole with {written} run{plural} in it; make room",
                    file.display()
                )
            });
        }
        self.written += 1;
        Ok(())
    }

    /// What was measured so far.
    pub fn results(&mut self) -> anyhow::Result<Results> {
        let mut text = Vec::new();
        self.runs.rewind().and_then(|()| self.runs.read_to_end(&mut text))?;
        let (runs, truncated_line) = parse_runs(&self.path.join(RUNS_FILE), &text)?;
        Ok(Results { dir: self.path.clone(), manifest: self.manifest.clone(), runs, truncated_line })
    }

    /// Fails if what was written has been taken away since.
    pub fn check(&self) -> anyhow::Result<()> {
        for file in [MANIFEST_FILE, RUNS_FILE].map(|name| self.path.join(name)) {
            ensure!(file.exists(), "{} is gone, so what was measured is kept nowhere", file.display());
        }
        Ok(())
    }

    /// Everything that was measured, whatever has become of the folder. Nothing if no run was finished: its files are then
    /// removed.
    pub fn into_results(mut self) -> anyhow::Result<Option<Results>> {
        if self.written == 0 && self.unwritten.is_empty() {
            self.discard();
            return Ok(None);
        }
        let mut results = self.results()?;
        results.runs.append(&mut self.unwritten);
        Ok(Some(results))
    }

    /// Removes the folder's files, and the folder unless it was there before or somebody else has put something there.
    fn discard(&self) {
        for name in [RUNS_FILE, MANIFEST_FILE] {
            let _ = fs::remove_file(self.path.join(name));
        }
        if !self.found {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Makes a folder if there is none, and fails if nothing can be written into it.
pub(crate) fn check_writable(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).and_then(|()| tempfile::tempfile_in(path)).map(drop).with_context(|| refusal(path))
}

fn refusal(path: &Path) -> String {
    format!("cannot write results to {}; choose another folder with --out", path.display())
}

/// `results/<UTC time>-<scenario>`
pub(crate) fn default_path(scenario: &str) -> PathBuf {
    let now = calendar::now_utc().replace(['-', ':'], "");
    let time = now.split('.').next().unwrap_or_default();
    Path::new(DEFAULT_PARENT).join(format!("{time}Z-{scenario}"))
}
