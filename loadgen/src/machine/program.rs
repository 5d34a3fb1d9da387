//! Programs that are started more than once: looked up once, and the same from then on.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

/// This program: also where its file was replaced since, as by a build.
pub const OWN: &str = "/proc/self/exe";

/// A program that was found when it was named.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its file, whatever becomes of the links and folders by which it was named.
    pub file: PathBuf,
    /// What it is called.
    pub name: PathBuf,
    state: (u64, u64, u64, i64, i64),
}

impl Program {
    /// Finds a program as a shell does: a bare name in PATH, any other from here.
    pub fn find(name: &Path) -> Result<Self, which::Error> {
        let found = which::which(name)?;
        let file = found.canonicalize().map_err(|_| which::Error::CannotCanonicalize)?;
        let state = state(&file).map_err(|_| which::Error::CannotFindBinaryPath)?;
        Ok(Self { file, name: name.to_owned(), state })
    }

    /// This program.
    pub fn own() -> anyhow::Result<Self> {
        let name = std::env::current_exe().context("cannot find this program's own file")?;
        Ok(Self { file: OWN.into(), name, state: state(Path::new(OWN))? })
    }

    /// Fails if there is another file in its place than was found.
    pub fn check(&self) -> anyhow::Result<()> {
        let same = state(&self.file).is_ok_and(|state| state == self.state);
        ensure!(
            same,
            "{} is not the program any more that it was at the beginning: something has replaced its file; name a copy of \
             it that nothing builds into",
            self.name.display()
        );
        Ok(())
    }
}

/// What tells a file from another in its place: where it lies, how long it is, when it was written.
fn state(file: &Path) -> io::Result<(u64, u64, u64, i64, i64)> {
    let meta = fs::metadata(file)?;
    Ok((meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
}
