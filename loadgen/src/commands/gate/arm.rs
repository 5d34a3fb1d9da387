//! What is gated: a program that brings its own server, or a server that runs already.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    str::FromStr,
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// Where base or head is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arm {
    /// A `loadgen` built from it, which measures the server in itself.
    Program(PathBuf),
    /// A server that runs already; this program measures it.
    Server(String),
}

impl FromStr for Arm {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text.contains("://") { Self::Server(text.to_owned()) } else { Self::Program(text.into()) })
    }
}

/// How one measurement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measured {
    /// All of it counts.
    Valid,
    /// A point is void, or something was missed.
    Flawed,
    /// It was interrupted, and left nothing.
    Interrupted,
}

impl Arm {
    /// Fails if there is no such program.
    pub(super) fn check(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Program(path) if !path.is_file() => anyhow::bail!(
                "--{name} {}: no such program; give the path of a loadgen, or the http:// URL of a running server",
                path.display()
            ),
            _ => Ok(()),
        }
    }

    /// Measures a scenario once, into a folder that is not there yet. `options` are for servers that run already.
    pub(super) async fn measure(
        &self,
        scenario: &Path,
        out: &Path,
        options: &[String],
        interrupt: &CancellationToken,
    ) -> anyhow::Result<Measured> {
        let program = match self {
            Self::Program(path) => path.clone(),
            Self::Server(_) => std::env::current_exe().context("cannot find this program")?,
        };
        let mut command = Command::new(&program);
        command.arg("run").arg(scenario).args(["--repeats", "1", "--out"]).arg(out);
        if let Self::Server(url) = self {
            command.args(["--server", url]).args(options);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid as i32));
        let mut ended = std::pin::pin!(child.wait_with_output());
        let ended = tokio::select! {
            ended = ended.as_mut() => ended?,
            () = interrupt.cancelled() => {
                // It ends its server in order. One that Ctrl-C has reached already ends at once.
                if let Some(pid) = pid {
                    let _ = kill_process(pid, Signal::TERM);
                }
                ended.await?;
                return Ok(Measured::Interrupted);
            }
        };
        match ended.status.code() {
            Some(0) => Ok(Measured::Valid),
            Some(3) => Ok(Measured::Flawed),
            _ => anyhow::bail!("{} could not measure it:\n{}", program.display(), said(&ended)),
        }
    }
}

/// The end of what it said, by which one can tell why.
fn said(ended: &Output) -> String {
    const LINES: usize = 12;
    let text = String::from_utf8_lossy(&ended.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    format!("  {}\n  ({})", last.join("\n  "), ended.status)
}
