//! What is gated: a program that brings its own server, a server that is started by a command, or one that runs already.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::Context;
use clap::builder::{OsStringValueParser, TypedValueParser};
use http::HeaderValue;
use protocol::results::Publish;
use rustix::process::{Pid, Signal, kill_process};
use server::connection::access::TOKEN_VARIABLE;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::{
    machine::program::Program,
    measure::{
        others,
        target::{ClientOptions, HEADERS_VARIABLE, SERVER_VARIABLE},
    },
};

/// Where base or head is, as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arm {
    /// A `loadgen` built from it, which measures the server in itself.
    Program(PathBuf),
    /// A server that runs already; this program measures it.
    Server(String),
    /// What starts a server of others afresh for each repeat; this program measures it.
    Command(String),
}

/// Reads an arm. A path may be of any bytes.
pub(super) fn arm() -> impl TypedValueParser<Value = Arm> {
    OsStringValueParser::new().map(|text| match text.to_str() {
        // First of all: a command may well have a URL among its words.
        Some(command) if others::Command::is_one(command) => Arm::Command(command.to_owned()),
        Some(url) if url.contains("://") => Arm::Server(url.to_owned()),
        _ => Arm::Program(text.into()),
    })
}

/// What clients show to servers that run already, as it is handed to the program that measures: nothing secret as an
/// option, which everybody on the machine could read.
#[derive(Debug)]
pub(super) struct Handed {
    options: Vec<OsString>,
    headers: String,
    /// How any server of others is talked to.
    spoken: Vec<OsString>,
}

impl Handed {
    pub(super) fn of(client: &ClientOptions, dialect: Option<&str>, publish: Option<Publish>) -> anyhow::Result<Self> {
        let headers = client.headers()?;
        let line =
            |(name, value): (_, &HeaderValue)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
        let mut spoken = Vec::new();
        dialect.into_iter().for_each(|dialect| spoken.extend(["--dialect".into(), dialect.into()]));
        publish.into_iter().for_each(|publish| spoken.extend(["--publish".into(), publish.name().into()]));
        Ok(Self { options: client.tls.again(), headers: headers.iter().map(line).collect(), spoken })
    }
}

/// The program that measures it, and the server that is measured if not its own.
#[derive(Debug)]
pub(super) struct Found {
    program: Program,
    server: Option<Server>,
}

/// A server that is not the program's own.
#[derive(Debug)]
enum Server {
    Running(String),
    Started(String),
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
    /// Looks it up, once for all repeats. Fails if there is no such program.
    pub(super) fn find(self, name: &str) -> anyhow::Result<Found> {
        match self {
            Self::Server(url) => Ok(Found { program: Program::own()?, server: Some(Server::Running(url)) }),
            Self::Command(command) => Ok(Found { program: Program::own()?, server: Some(Server::Started(command)) }),
            Self::Program(path) => match Program::find(&path) {
                Ok(program) => Ok(Found { program, server: None }),
                Err(_) => {
                    let bare = path.components().count() == 1 && path.is_file();
                    let remedy = if bare { format!("write ./{}", path.display()) } else { give() };
                    anyhow::bail!("--{name} {}: no such program that can be started; {remedy}", path.display())
                }
            },
        }
    }
}

fn give() -> String {
    "give the path of a loadgen, the http:// URL of a running server, or the command of a server with {port} in it"
        .to_owned()
}

impl Found {
    /// Whether it is a server that stays up from repeat to repeat.
    pub(super) fn stays_up(&self) -> bool {
        matches!(self.server, Some(Server::Running(_)))
    }

    /// Measures a scenario once, into a folder that is not there yet. What is handed on is for servers that run already.
    pub(super) async fn measure(
        &self,
        scenario: &Path,
        out: &Path,
        handed: &Handed,
        interrupt: &CancellationToken,
    ) -> anyhow::Result<Measured> {
        self.program.check()?;
        let name = self.program.name.display();
        let mut command = self.command(scenario, out, handed);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
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
            _ => anyhow::bail!("{name} could not measure it:\n{}", said(&ended)),
        }
    }

    fn command(&self, scenario: &Path, out: &Path, handed: &Handed) -> Command {
        let mut command = Command::new(&self.program.file);
        command.arg0(&self.program.name);
        command.arg("run").arg(scenario).args(["--repeats", "1", "--out"]).arg(out);
        for variable in [SERVER_VARIABLE, HEADERS_VARIABLE, TOKEN_VARIABLE] {
            command.env_remove(variable);
        }
        match &self.server {
            Some(Server::Running(url)) => {
                command.args(&handed.options).env(SERVER_VARIABLE, url).env(HEADERS_VARIABLE, &handed.headers);
            }
            Some(Server::Started(server)) => {
                command.arg("--server-command").arg(server);
            }
            None => return command,
        }
        command.args(&handed.spoken);
        command
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_an_option_of_the_program_that_measures() {
        let client = ClientOptions::of_headers(&["Authorization: Bearer S3CRET", "Cookie: S3CRET"]);
        let handed = Handed::of(&client, None, None).unwrap();
        let url = Arm::Server("http://me:S3CRET@a".to_owned()).find("base").unwrap();
        let of = |found: &Found| found.command(Path::new("s"), Path::new("o"), &handed);
        let command = of(&url);
        assert!(!format!("{:?}", command.as_std().get_args().collect::<Vec<_>>()).contains("S3CRET"), "{command:?}");
        let variable = |command: &Command, name: &str| {
            let mut set =
                command.as_std().get_envs().filter_map(|(key, value)| Some((key.to_str()?, value?.to_str()?)));
            set.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        assert_eq!(variable(&command, SERVER_VARIABLE).as_deref(), Some("http://me:S3CRET@a"));
        let headers = variable(&command, HEADERS_VARIABLE).unwrap();
        assert_eq!(headers, "authorization: Bearer S3CRET\ncookie: S3CRET\n");
        let brings_its_own = of(&Arm::Program(std::env::current_exe().unwrap()).find("base").unwrap());
        assert_eq!(variable(&brings_its_own, SERVER_VARIABLE).or(variable(&brings_its_own, HEADERS_VARIABLE)), None);
    }
}
