//! The results folder, written run by run: what was finished stays, whatever happens later.

use std::{
    fs::{self, File},
    io::{Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use protocol::results::{MANIFEST_FILE, Manifest, RUNS_FILE, Run};
use reports::{Results, manifest_text, run_line, write_whole};

use crate::machine::calendar;

/// Where results go unless told otherwise.
const DEFAULT_PARENT: &str = "results";

/// A folder that is being filled.
#[derive(Debug)]
pub struct Folder {
    /// What was measured so far, also what could not be appended.
    results: Results,
    runs: File,
    /// Whether the folder was there before.
    found: bool,
}

impl Folder {
    /// Makes `out`, or `results/<UTC time>-<scenario>`, and writes the manifest into it.
    ///
    /// Refuses a folder that holds results already.
    pub fn create(out: Option<&Path>, manifest: Manifest) -> anyhow::Result<Self> {
        let path = out.map_or_else(|| default_path(&manifest.scenario.name), Path::to_path_buf);
        let found = path.exists();
        prepare(&path)?;
        fs::write(path.join(MANIFEST_FILE), manifest_text(&manifest)?).with_context(|| refusal(&path))?;
        let runs = File::create_new(path.join(RUNS_FILE)).with_context(|| refusal(&path))?;
        Ok(Self { results: Results::new(path, manifest, Vec::new()), runs, found })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.results.dir
    }

    /// Appends a finished run. If that fails it is kept in memory, and the file holds the whole runs before it.
    pub fn append(&mut self, run: &Run) -> anyhow::Result<()> {
        let (file, written) = (self.path().join(RUNS_FILE), self.results.runs.len());
        self.results.runs.push(run.clone());
        let line = run_line(run)?;
        let before_bytes = self.runs.stream_position()?;
        // One write, so that a kill leaves whole lines (or one cut line, which readers forgive).
        if let Err(error) = self.runs.write_all(&line).and_then(|()| self.runs.sync_data()) {
            let _ = self.runs.set_len(before_bytes);
            return Err(error).with_context(|| {
                let plural = if written == 1 { "" } else { "s" };
                format!(
                    "cannot append to {}, which is whole with {written} run{plural} in it; make room",
                    file.display()
                )
            });
        }
        Ok(())
    }

    /// So many runs more than were planned before.
    pub fn plan_more(&mut self, runs: usize) -> anyhow::Result<()> {
        let Results { dir, manifest, .. } = &mut self.results;
        manifest.planned_runs += runs as u32;
        write_whole(&dir.join(MANIFEST_FILE), &manifest_text(manifest)?).with_context(|| refusal(dir))
    }

    /// What was measured so far.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Fails if what was written has been taken away since.
    pub fn check(&self) -> anyhow::Result<()> {
        for file in [MANIFEST_FILE, RUNS_FILE].map(|name| self.path().join(name)) {
            ensure!(file.exists(), "{} is gone, so what was measured is kept nowhere", file.display());
        }
        Ok(())
    }

    /// Everything that was measured, whatever has become of the folder. Nothing if no run was finished: its files are then
    /// removed.
    pub fn into_results(self) -> Option<Results> {
        if self.results.runs.is_empty() {
            self.discard();
            return None;
        }
        Some(self.results)
    }

    /// Removes the folder's files, and the folder unless it was there before or somebody else has put something there.
    fn discard(&self) {
        for name in [RUNS_FILE, MANIFEST_FILE] {
            let _ = fs::remove_file(self.path().join(name));
        }
        if !self.found {
            let _ = fs::remove_dir(self.path());
        }
    }
}

/// Puts results that were read elsewhere into `out`, as a sweep would have left them there.
pub(crate) fn put(mut results: Results, out: &Path) -> anyhow::Result<Results> {
    prepare(out)?;
    results.text().save(out).with_context(|| refusal(out))?;
    out.clone_into(&mut results.dir);
    Ok(results)
}

/// A folder that results may be written into. Refuses one that holds results already.
fn prepare(path: &Path) -> anyhow::Result<()> {
    let holds = |file| path.join(file).exists();
    ensure!(
        ![MANIFEST_FILE, RUNS_FILE].into_iter().any(holds),
        "{} holds results already; choose another folder with --out",
        path.display()
    );
    check_writable(path)
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
