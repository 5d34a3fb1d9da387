//! How the server is started that a dialect lies beside, and what must be there for that.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use protocol::results::Publish;
use serde::Deserialize;

/// How a server is started.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The command, run in the dialect's folder, with places for host and port.
    pub command: String,
    /// The path at which it says that it is ready; by default any answer says so.
    pub ready: Option<String>,
    /// How updates get into it; by default as the dialect allows.
    pub publish: Option<Publish>,
    /// What must be there.
    #[serde(default)]
    pub needs: Vec<Need>,
}

/// Something that must be there, and the command that installs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NeedText")]
pub struct Need {
    what: Needed,
    install: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Needed {
    /// A file or a folder, seen from the dialect's.
    File(PathBuf),
    /// A program, as a shell finds it.
    Program(PathBuf),
    /// Whatever a shell's command says of it, run in the dialect's folder.
    Check(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeedText {
    file: Option<PathBuf>,
    program: Option<PathBuf>,
    check: Option<PathBuf>,
    install: String,
}

impl TryFrom<NeedText> for Need {
    type Error = &'static str;

    fn try_from(NeedText { file, program, check, install }: NeedText) -> Result<Self, Self::Error> {
        let what = match (file, program, check) {
            (Some(file), None, None) => Needed::File(file),
            (None, Some(program), None) => Needed::Program(program),
            (None, None, Some(check)) => Needed::Check(check),
            _ => return Err("a need is one of file, program and check (a command): what must be there"),
        };
        Ok(Self { what, install })
    }
}

impl Need {
    /// What to say where it is not there; none where it is.
    pub fn missing(&self, folder: &Path) -> Option<String> {
        let (is_there, name) = match &self.what {
            Needed::File(file) => (folder.join(file).exists(), file),
            Needed::Program(program) => (which::which(program).is_ok(), program),
            Needed::Check(check) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(check).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
                (command.stderr(Stdio::null()).status().is_ok_and(|status| status.success()), check)
            }
        };
        let (name, install) = (name.display(), &self.install);
        (!is_there).then(|| format!("`{name}` is not there; install it: (cd {} && {install})", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_the_command_that_installs_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("there")).unwrap();
        let of = |need: &str| {
            let need: Need = toml::from_str(&format!("{need}\ninstall = \"get it\"")).unwrap();
            need.missing(dir.path())
        };
        for need in ["file = \"there\"", "program = \"sh\"", "check = \"test -d there\""] {
            assert_eq!(of(need), None);
        }
        let folder = dir.path().display();
        for (need, name) in [
            ("file = \"gone\"", "gone"),
            ("program = \"no-such-program\"", "no-such-program"),
            ("check = \"test -d gone\"", "test -d gone"),
        ] {
            assert_eq!(of(need), Some(format!("`{name}` is not there; install it: (cd {folder} && get it)")));
        }
    }
}
