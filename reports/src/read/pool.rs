//! Several results folders as one: repeats of a scenario that were measured one by one, in turn with something else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use protocol::results::MANIFEST_FILE;

use super::{
    alike::Unlike,
    error::LoadError,
    load::{Results, load},
};

/// Every results folder directly in `dir`, in the order of their names.
fn load_all(dir: &Path) -> Result<Vec<Results>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { file: dir.to_owned(), source };
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join(MANIFEST_FILE).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    folders.iter().map(|folder| load(folder)).collect()
}

/// The results in a folder or a page; or those of the results folders in a folder as one, if it is none itself.
pub fn load_pooled(dir: &Path) -> Result<Results, PoolError> {
    if dir.join(MANIFEST_FILE).exists() || !dir.is_dir() {
        return Ok(load(dir)?);
    }
    match load_all(dir)? {
        none if none.is_empty() => Err(LoadError::NotResults { dir: dir.to_owned() }.into()),
        all => pool(dir.to_owned(), all).map_err(|unlike| {
            let first = unlike.differences.into_iter().next().expect("what is unlike differs in something");
            PoolError::Mixed { dir: dir.to_owned(), what: first.what, one: first.base, another: first.head }
        }),
    }
}

/// Why folders cannot be read as one.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// One of them cannot be read at all.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// They are not repeats of one thing.
    #[error(
        "{} holds results folders that are not repeats of one thing ({what}: {one} in one, {another} in another). Name one \
         of them, or see all of them with `loadgen report --index {}`",
        dir.display(), dir.display()
    )]
    Mixed {
        /// The folder that was named.
        dir: PathBuf,
        /// What differs,
        what: &'static str,
        /// in one
        one: String,
        /// and in another.
        another: String,
    },
}

/// Results of one scenario on one machine, the repeats of each after those of the one before, as if they were in `dir`.
///
/// There must be one at least. Refuses those that are unlike the first.
pub fn pool(dir: PathBuf, all: Vec<Results>) -> Result<Results, Unlike> {
    let mut all = all.into_iter();
    let first = all.next().expect("one at least");
    let mut pooled = Results::new(dir, first.manifest, first.runs);
    pooled.truncated_line = first.truncated_line;
    for next in all {
        if let Some(unlike) = Unlike::between(&pooled.manifest, &next.manifest) {
            return Err(unlike);
        }
        let (runs, repeats) = (pooled.manifest.planned_runs, pooled.manifest.scenario.repeats);
        pooled.runs.extend(next.runs.into_iter().map(|mut run| {
            run.index += runs;
            run.repeat += repeats;
            run
        }));
        pooled.manifest.planned_runs += next.manifest.planned_runs;
        pooled.manifest.scenario.repeats += next.manifest.scenario.repeats;
        pooled.truncated_line = pooled.truncated_line.or(next.truncated_line);
    }
    Ok(pooled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::Comparison,
        fixture::{Sweep, save},
    };

    fn saved(dir: &Path, name: &str, seed: u64) {
        let sweep = Sweep { clients: vec![100], repeats: 1, seed, ..Sweep::quick() };
        let results = sweep.results_in(&dir.join(name));
        fs::create_dir_all(&results.dir).unwrap();
        save(&results).unwrap();
    }

    #[test]
    fn folders_in_a_folder_are_repeats() {
        let dir = tempfile::tempdir().unwrap();
        for number in 1..=4 {
            saved(dir.path(), &format!("{number:03}"), number);
        }
        fs::create_dir(dir.path().join("something else")).unwrap();
        let pooled = load_pooled(dir.path()).unwrap();
        let repeats: Vec<u32> = pooled.runs.iter().map(|run| run.repeat).collect();
        assert_eq!(repeats, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!((pooled.manifest.planned_runs, pooled.manifest.scenario.repeats), (8, 4));
        assert!(Comparison::of(&pooled).cases[0].against_baseline().next().is_some());
    }

    #[test]
    fn what_is_no_repeat_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        saved(dir.path(), "1", 1);
        let mut other = Sweep { clients: vec![200], ..Sweep::quick() }.results_in(&dir.path().join("2"));
        other.manifest.machine.cores = 64;
        fs::create_dir_all(&other.dir).unwrap();
        save(&other).unwrap();
        let error = load_pooled(dir.path()).unwrap_err().to_string();
        assert!(error.contains("2 in one, 64 in another"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        assert!(load_pooled(empty.path()).unwrap_err().to_string().contains("not a results folder"));
    }
}
