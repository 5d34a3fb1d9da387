//! Every results folder in a folder, like with like, in the order in which they were measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use protocol::results::MANIFEST_FILE;

use super::{
    alike::Unlike,
    error::LoadError,
    load::{PAGE, Results},
    pool::{PoolError, load_pooled},
};

/// What was measured in a folder over time.
#[derive(Debug)]
pub(crate) struct History {
    /// Measured alike, the latest group first.
    pub(crate) groups: Vec<Group>,
    /// Folders that cannot be read, and why.
    pub(crate) unread: Vec<(String, String)>,
}

/// Results of one scenario on one machine, built alike.
#[derive(Debug)]
pub(crate) struct Group {
    /// Oldest first; one at least.
    pub(crate) entries: Vec<Entry>,
}

/// A results folder, or a page.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The page's path within the folder, as a page there links to it.
    pub(crate) page: String,
    /// What it holds.
    pub(crate) results: Results,
}

impl History {
    /// Reads everything in `dir` that holds results: sweeps, pages that carry some, and what gates measured of head.
    pub(crate) fn read(dir: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Unreadable { file: dir.to_owned(), source };
        let mut places = Vec::new();
        for entry in fs::read_dir(dir).map_err(unreadable)? {
            places.extend(measured(entry.map_err(unreadable)?.path()));
        }
        let mut history = Self { groups: Vec::new(), unread: Vec::new() };
        let mut entries = Vec::new();
        for place in places {
            let path = place.strip_prefix(dir).unwrap_or(&place);
            let page = if place.is_dir() { path.join(PAGE) } else { path.to_owned() };
            match load_pooled(&place) {
                Ok(results) => entries.push(Entry { page: linked(&page), results }),
                Err(PoolError::Load(LoadError::NotCarried { .. })) => {}
                Err(error) => history.unread.push((path.display().to_string(), error.to_string())),
            }
        }
        history.unread.sort();
        entries.sort_by(|a, b| (a.started_utc(), &a.page).cmp(&(b.started_utc(), &b.page)));
        // A folder beside a copy of its page.
        entries.dedup_by(|a, b| a.results.text() == b.results.text());
        for entry in entries {
            history.add(entry);
        }
        history.groups.reverse();
        Ok(history)
    }

    /// Adds an entry that is later than all before; its group becomes the last.
    fn add(&mut self, entry: Entry) {
        let alike = |group: &Group| {
            let known = &group.latest().results.manifest;
            let manifest = &entry.results.manifest;
            known.scenario.name == manifest.scenario.name && Unlike::between(known, manifest).is_none()
        };
        let mut group = match self.groups.iter().position(alike) {
            Some(index) => self.groups.remove(index),
            None => Group { entries: Vec::new() },
        };
        group.entries.push(entry);
        self.groups.push(group);
    }
}

impl Group {
    /// The one that was measured last.
    pub(crate) fn latest(&self) -> &Entry {
        self.entries.last().expect("a group begins with an entry")
    }
}

impl Entry {
    /// When it began, RFC 3339.
    pub(crate) fn started_utc(&self) -> &str {
        &self.results.manifest.started_utc
    }

    /// The commit it was built from, short; or else the day.
    pub(crate) fn name(&self) -> String {
        let day = || self.started_utc().get(5..10).unwrap_or("?").to_owned();
        let revision = self.results.manifest.git_revision.as_ref();
        revision.map_or_else(day, |revision| revision.chars().take(7).collect())
    }
}

/// A path as a link has it, whatever bytes it is of.
fn linked(path: &Path) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encode(path.as_os_str().as_encoded_bytes(), PLAIN).to_string()
}

/// The results folder that a folder is, or a page that is not the whole folder's own; or, of a gate, what it measured of head, in its last round if it had rounds.
fn measured(folder: PathBuf) -> Option<PathBuf> {
    if folder.join(MANIFEST_FILE).is_file() {
        return Some(folder);
    }
    if folder.is_file() {
        let is_page = folder.extension() == Some("html".as_ref()) && !folder.ends_with(PAGE);
        return is_page.then_some(folder);
    }
    ["head", "round-2/head", "round-1/head"].map(|head| folder.join(head)).into_iter().find(|head| head.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Sweep, save},
        pages::write_page,
    };

    fn saved(dir: &Path, name: &str, started_utc: &str, change: impl Fn(&mut Results)) {
        let sweep = Sweep { clients: vec![100], repeats: 1, ..Sweep::quick() };
        let mut results = sweep.results_in(&dir.join(name));
        results.manifest.started_utc = started_utc.to_owned();
        change(&mut results);
        fs::create_dir_all(&results.dir).unwrap();
        save(&results).unwrap();
    }

    #[test]
    fn like_stands_with_like_in_order_and_the_latest_first() {
        let dir = tempfile::tempdir().unwrap();
        saved(dir.path(), "b", "2026-11-02T00:00:00Z", |_| ());
        saved(dir.path(), "a", "2026-11-03T00:00:00Z", |_| ());
        saved(dir.path(), "c", "2026-11-04T00:00:00Z", |results| results.manifest.machine.cores = 64);
        for round in ["round-1", "round-2"] {
            for repeat in ["001", "002"] {
                let name = format!("gate/{round}/head/{repeat}");
                saved(dir.path(), &name, "2026-11-01T00:00:00Z", |_| ());
            }
        }
        saved(dir.path(), "old", "2026-11-01T00:00:00Z", |results| results.manifest.schema = 0);
        fs::create_dir(dir.path().join("not ours")).unwrap();
        // One whose folder is gone, one that is there twice, and one that carries nothing.
        for (name, page) in [("a", "sent.html"), ("b", "copy.html")] {
            let results = load_pooled(&dir.path().join(name)).unwrap();
            fs::rename(write_page(&results).unwrap(), dir.path().join(page)).unwrap();
        }
        fs::remove_dir_all(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("index.html"), "<html></html>").unwrap();

        let history = History::read(dir.path()).unwrap();
        let paths = |group: &Group| group.entries.iter().map(|entry| entry.page.clone()).collect::<Vec<_>>();
        let groups: Vec<_> = history.groups.iter().map(paths).collect();
        assert_eq!(
            groups,
            [vec!["c/report.html"], vec!["gate/round-2/head/report.html", "b/report.html", "sent.html"]]
        );
        let [(path, reason)] = &history.unread[..] else { panic!("{:?}", history.unread) };
        assert!(path == "old" && reason.contains("schema version 0"), "{path}: {reason}");
    }
}
