//! What starts a server of others, and what is filled in where it is to listen.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, ensure};
use http::uri::PathAndQuery;

const HOST: &str = "{host}";
const PORT: &str = "{port}";

/// What starts a server.
#[derive(Debug, Clone)]
pub struct Command {
    /// Word by word, with places for host and port.
    pub words: Vec<String>,
    /// Where it is run.
    pub folder: PathBuf,
    /// The path at which it says that it is ready; none where any answer says so.
    pub ready: Option<String>,
}

impl Command {
    /// Whether that is one, and not a program or a URL.
    pub fn is_one(text: &str) -> bool {
        text.contains(PORT)
    }

    /// Splits it into words as a shell would. `key`: what is said of it in errors.
    pub fn read(key: &str, text: &str, folder: PathBuf) -> anyhow::Result<Self> {
        let words = shlex::split(text).filter(|words| !words.is_empty()).with_context(|| {
            format!("{key} `{text}`: cannot be split into words as a shell would; close its quotes")
        })?;
        let has_port = words.iter().any(|word| Self::is_one(word));
        ensure!(has_port, "{key} `{text}`: it does not say where to listen; write {PORT} (and {HOST}) where they go");
        Ok(Self { words, folder, ready: None })
    }

    /// Sets the path at which it says that it is ready.
    pub fn set_ready(&mut self, key: &str, text: &str) -> anyhow::Result<()> {
        let path = text.strip_prefix(&format!("http://{HOST}:{PORT}")).unwrap_or(text);
        let is_path = path.starts_with('/') && !path.contains('{') && path.parse::<PathAndQuery>().is_ok();
        ensure!(is_path, "{key} `{text}`: must be a path, as in /healthz or http://{HOST}:{PORT}/healthz");
        self.ready = Some(path.to_owned());
        Ok(())
    }

    /// The words by which it listens there.
    pub(super) fn at(&self, address: SocketAddr) -> impl Iterator<Item = String> {
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        self.words.iter().map(move |word| word.replace(HOST, &host).replace(PORT, &port))
    }
}
