//! A feed as every server of a sweep is given it: read once, so that it may be a pipe, and may change meanwhile.

use std::{
    fs::File,
    io::BufWriter,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use anyhow::Context;
use server::stream::replay::Feed;

/// A copy of a feed in a file that has no name, and so is gone with this process however that ends.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    _file: File,
}

impl Spool {
    /// Copies it.
    pub fn of(feed: &Feed) -> anyhow::Result<Self> {
        let copy = || -> std::io::Result<File> {
            let file = tempfile::tempfile()?;
            feed.write_to(&mut BufWriter::new(&file))?;
            Ok(file)
        };
        let file = copy().with_context(|| {
            let folder = std::env::temp_dir();
            format!("cannot keep the feed in {}; name a folder with room by TMPDIR", folder.display())
        })?;
        let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
        Ok(Self { path, _file: file })
    }

    /// Where other processes find it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
