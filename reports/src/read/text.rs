//! The two files that results are: as a sweep writes them, as they lie in a folder, and as a page carries them.

use std::{fs, io, path::Path};

use protocol::results::{MANIFEST_FILE, Manifest, RUNS_FILE, Run};

use super::{carried, error::LoadError};

/// Both files, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// `manifest.json`
    pub manifest: Vec<u8>,
    /// `runs.jsonl`
    pub runs: Vec<u8>,
}

impl Text {
    /// As a sweep writes them.
    pub(crate) fn of(manifest: &Manifest, runs: &[Run]) -> Self {
        let lines: serde_json::Result<Vec<_>> = runs.iter().map(run_line).collect();
        let (manifest, lines) = (manifest_text(manifest), lines.map(|lines| lines.concat()));
        let written = "numbers, words and histograms can be written";
        Self { manifest: manifest.expect(written), runs: lines.expect(written) }
    }

    /// Writes both into a folder.
    pub fn save(&self, dir: &Path) -> io::Result<()> {
        fs::write(dir.join(MANIFEST_FILE), &self.manifest)?;
        fs::write(dir.join(RUNS_FILE), &self.runs)
    }
}

/// `manifest.json`
pub fn manifest_text(manifest: &Manifest) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec_pretty(manifest).map(ended)
}

/// A line of `runs.jsonl`, with its line break.
pub fn run_line(run: &Run) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(run).map(ended)
}

fn ended(mut text: Vec<u8>) -> Vec<u8> {
    text.push(b'\n');
    text
}

pub(super) fn of_folder(dir: &Path) -> Result<Text, LoadError> {
    let read = |name: &str| match fs::read(dir.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LoadError::Unreadable { file: dir.join(name), source }),
    };
    let manifest = read(MANIFEST_FILE)?.ok_or_else(|| LoadError::NotResults { dir: dir.to_owned() })?;
    Ok(Text { manifest, runs: read(RUNS_FILE)?.unwrap_or_default() })
}

pub(super) fn of_page(file: &Path) -> Result<Text, LoadError> {
    let page = fs::read(file).map_err(|source| LoadError::Unreadable { file: file.to_owned(), source })?;
    let damaged = |part, why| LoadError::Damaged { file: file.to_owned(), part, why };
    let part = |name| carried::file(&page, name).transpose().map_err(|why| damaged(name, why));
    let manifest = part(MANIFEST_FILE)?.ok_or_else(|| LoadError::NotCarried { file: file.to_owned() })?;
    // A page is written at once, so that one without runs is not one of a sweep that has just begun.
    let runs = part(RUNS_FILE)?.ok_or_else(|| damaged(RUNS_FILE, "it is not there".to_owned()))?;
    Ok(Text { manifest, runs })
}
