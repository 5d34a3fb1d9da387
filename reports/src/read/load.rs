//! Reads results, from a folder or from a page that carries them, and says which file and line is at fault if it cannot.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use protocol::results::{MANIFEST_FILE, Manifest, RUNS_FILE, Run, SCHEMA_VERSION};

use super::{
    error::LoadError,
    text::{self, Text},
};

/// The page of a results folder, in it.
pub(crate) const PAGE: &str = "report.html";

/// What a results folder holds.
#[derive(Debug, Clone)]
pub struct Results {
    /// The folder, into which reports are written as well; or the page that they were read from.
    pub dir: PathBuf,
    /// What was asked, of which build, on which machine.
    pub manifest: Manifest,
    /// The runs, in the order in which they were made.
    pub runs: Vec<Run>,
    /// The number of a last line that was cut off, as a killed sweep leaves it; it is not among the runs.
    pub truncated_line: Option<usize>,
    /// What they were read from; nothing of results that were put together here.
    read: Option<Text>,
}

impl Results {
    /// Results that were not read from anywhere.
    pub fn new(dir: PathBuf, manifest: Manifest, runs: Vec<Run>) -> Self {
        Self { dir, manifest, runs, truncated_line: None, read: None }
    }

    /// Whether they were read from a page, so that there is no folder to write into.
    pub fn is_of_page(&self) -> bool {
        is_page(&self.dir)
    }

    /// Their files: as they were read, byte for byte, or else as a sweep writes them.
    pub fn text(&self) -> Cow<'_, Text> {
        match &self.read {
            Some(read) => Cow::Borrowed(read),
            None => Cow::Owned(Text::of(&self.manifest, &self.runs)),
        }
    }
}

/// Reads what a results folder holds, or what a page carries.
///
/// A last line that was cut off is left out and remembered. A folder without a file of runs holds none: the manifest
/// is written first.
pub fn load(place: &Path) -> Result<Results, LoadError> {
    let read = if is_page(place) { text::of_page(place) } else { text::of_folder(place) }?;
    // Of a page the files are named as if it were a folder.
    let manifest = parse_manifest(place.join(MANIFEST_FILE), &read.manifest)?;
    let (runs, truncated_line) = parse_runs(&place.join(RUNS_FILE), &read.runs)?;
    Ok(Results { dir: place.to_owned(), manifest, runs, truncated_line, read: Some(read) })
}

/// What is there and no folder; also a pipe.
fn is_page(place: &Path) -> bool {
    place.exists() && !place.is_dir()
}

fn parse_manifest(file: PathBuf, text: &[u8]) -> Result<Manifest, LoadError> {
    // The version comes first: a newer manifest may well not have the fields of ours.
    let malformed = |source| LoadError::Manifest { file: file.clone(), source };
    let any: serde_json::Value = serde_json::from_slice(text).map_err(malformed)?;
    match any["schema"].as_u64() {
        Some(found) if found != u64::from(SCHEMA_VERSION) => {
            let writer = any["version"].as_str().unwrap_or("version unknown").to_owned();
            Err(LoadError::Schema { file, found, writer })
        }
        _ => serde_json::from_slice(text).map_err(malformed),
    }
}

/// The runs in the text of a file of runs, and the number of a last line that was cut off; `file` is said in errors.
fn parse_runs(file: &Path, text: &[u8]) -> Result<(Vec<Run>, Option<usize>), LoadError> {
    let mut runs = Vec::new();
    for (index, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice(line) {
            Ok(run) => runs.push(run),
            // Every line is written with its line break, so one without was cut off while it was written.
            Err(_) if !line.ends_with(b"\n") => return Ok((runs, Some(index + 1))),
            Err(source) => return Err(LoadError::Run { file: file.to_owned(), line: index + 1, source }),
        }
    }
    Ok((runs, None))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::fixture::Sweep;

    fn saved() -> (TempDir, Results) {
        let dir = TempDir::new().unwrap();
        let results = Sweep::quick().results_in(dir.path());
        crate::fixture::save(&results).unwrap();
        (dir, results)
    }

    #[test]
    fn what_was_saved_is_read_back() {
        let (dir, written) = saved();
        let read = load(dir.path()).unwrap();
        assert_eq!(read.manifest, written.manifest);
        assert!(read.runs == written.runs);
        assert_eq!(read.truncated_line, None);
    }

    #[test]
    fn a_folder_without_a_manifest_is_none_of_ours() {
        let dir = TempDir::new().unwrap();
        let error = load(dir.path()).unwrap_err();
        assert!(matches!(error, LoadError::NotResults { .. }));
        assert!(error.to_string().contains("not a results folder"));
    }

    #[test]
    fn another_schema_is_refused_even_if_the_rest_is_unknown() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join(MANIFEST_FILE), r#"{"schema":99,"version":"7.0.0"}"#).unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("version 99") && message.contains("7.0.0"), "{message}");
    }

    #[test]
    fn a_manifest_that_is_none_names_its_line() {
        let dir = TempDir::new().unwrap();
        for text in ["{\n\"schema\": 1,\n oops", "{}"] {
            fs::write(dir.path().join(MANIFEST_FILE), text).unwrap();
            let error = load(dir.path()).unwrap_err();
            assert!(matches!(error, LoadError::Manifest { .. }), "{error}");
            assert!(error.to_string().contains("manifest.json, line "), "{error}");
        }
    }

    #[test]
    fn a_last_line_that_was_cut_off_costs_only_itself() {
        let (dir, written) = saved();
        let file = dir.path().join(RUNS_FILE);
        let text = fs::read(&file).unwrap();
        fs::write(&file, &text[..text.len() - 100]).unwrap();
        let read = load(dir.path()).unwrap();
        assert!(read.runs == written.runs[..written.runs.len() - 1]);
        assert_eq!(read.truncated_line, Some(written.runs.len()));
    }

    #[test]
    fn a_malformed_line_within_is_an_error_that_names_it() {
        let (dir, _) = saved();
        let file = dir.path().join(RUNS_FILE);
        let text = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines[2] = "{\"index\":2";
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("runs.jsonl, line 3: not a run"), "{message}");
    }

    #[test]
    fn no_file_of_runs_means_no_runs() {
        let (dir, _) = saved();
        fs::remove_file(dir.path().join(RUNS_FILE)).unwrap();
        assert!(load(dir.path()).unwrap().runs.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let (dir, _) = saved();
        let file = dir.path().join(RUNS_FILE);
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let error = load(dir.path()).unwrap_err();
        assert!(matches!(&error, LoadError::Unreadable { file: named, .. } if *named == file), "{error}");
    }
}
