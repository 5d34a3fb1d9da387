//! A server that somebody else started: is it there, is it ours, and may its timestamps be compared with our clock?

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, ensure};
use clap::Args;
use protocol::{
    clock,
    wire::{HEALTH_PATH, Health},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};

use crate::clients::tls::Tls;

const PATIENCE: Duration = Duration::from_secs(5);
const HEALTH_BYTES_MAX: u64 = 64 * 1024;

/// A server that runs already.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Measure this running pushbench server (http://HOST:PORT or https://.., same machine) instead of starting one for each run
    #[arg(long, value_name = "URL", conflicts_with_all = ["rate_hz", "payload_bytes", "arrivals", "replay", "speed", "server_threads", "tls"])]
    pub server: Option<String>,

    /// The token that the server of --server asks for
    #[arg(long, value_name = "TOKEN", requires = "server")]
    pub token: Option<String>,

    /// Trust the certificates in this file (PEM) for an https:// --server, instead of those that the system trusts
    #[arg(long, value_name = "FILE", requires = "server")]
    pub tls_ca: Option<PathBuf>,
}

/// A running pushbench server.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it says of itself.
    pub health: Health,
    /// Whom to trust, if it speaks TLS.
    pub tls: Option<Tls>,
    /// What it asks clients to show.
    pub token: Option<Arc<str>>,
}

impl Target {
    /// Asks the server at `url` (`http://HOST:PORT`, or `https`) who it is.
    pub async fn examine(url: &str, args: &TargetArgs) -> anyhow::Result<Self> {
        let Url { secure, host, address } = Url::read(url)?;
        let tls = if secure {
            Some(Tls::of_host(&host, args.tls_ca.as_deref()).with_context(|| format!("--server {url}"))?)
        } else {
            None
        };
        let answer = timeout(PATIENCE, ask(address, tls.as_ref())).await;
        let answer = answer.map_err(|_| anyhow::anyhow!("no answer in {PATIENCE:?}"));
        let body = answer.and_then(|answer| answer).with_context(|| {
            let trust = if secure { "; whom to trust is said by --tls-ca" } else { "" };
            format!("--server {url}: cannot ask it who it is; start one with `server --listen {address}`, or leave --server out{trust}")
        })?;
        let health: Health = serde_json::from_str(&body).with_context(|| {
            format!(
                "--server {url}: what answers there is not a pushbench server; its {HEALTH_PATH} said: {:.80}",
                body.trim()
            )
        })?;
        ensure!(
            health.server == Health::SERVER,
            "--server {url}: it calls itself `{}`, not `{}`",
            health.server,
            Health::SERVER
        );
        ensure!(
            health.clock == clock::identity(),
            "--server {url}: it runs on another machine or boot, whose clock is not ours, so latency from the due time \
             cannot be told; run loadgen where the server runs"
        );
        ensure!(
            health.faults.is_empty(),
            "--server {url}: it was told to misbehave ({}), and faults are for proofs: loadgen prove; start it without \
             --fault",
            health.faults.join(", ")
        );
        Ok(Self { address, health, tls, token: args.token.as_deref().map(Into::into) })
    }
}

/// A server's URL, taken apart.
struct Url {
    secure: bool,
    host: String,
    address: SocketAddr,
}

impl Url {
    fn read(url: &str) -> anyhow::Result<Self> {
        let remedy = || format!("--server {url}: give it as http://HOST:PORT or https://HOST:PORT");
        let (scheme, authority) = url.split_once("://").with_context(remedy)?;
        ensure!(["http", "https"].contains(&scheme), remedy());
        let authority = authority.trim_end_matches('/');
        let (host, _) = authority.rsplit_once(':').filter(|_| !authority.contains('/')).with_context(remedy)?;
        let address = authority.to_socket_addrs().with_context(remedy)?.next().with_context(remedy)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { secure: scheme == "https", host, address })
    }
}

/// One request without keep-alive, so that the answer ends with the connection.
async fn ask(address: SocketAddr, tls: Option<&Tls>) -> anyhow::Result<String> {
    let stream = TcpStream::connect(address).await?;
    match tls {
        Some(tls) => ask_over(tls.connect(stream).await?, address).await,
        None => ask_over(stream, address).await,
    }
}

async fn ask_over(mut stream: impl AsyncRead + AsyncWrite + Unpin, address: SocketAddr) -> anyhow::Result<String> {
    stream
        .write_all(format!("GET {HEALTH_PATH} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut answer = Vec::new();
    stream.take(HEALTH_BYTES_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("not an HTTP answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "it answered {:.60}", head.lines().next().unwrap_or_default());
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_checked() {
        let read = Url::read("http://127.0.0.1:80/").unwrap();
        assert_eq!((read.secure, read.address), (false, "127.0.0.1:80".parse().unwrap()));
        let read = Url::read("https://[::1]:443").unwrap();
        assert_eq!((read.secure, read.host.as_str(), read.address), (true, "::1", "[::1]:443".parse().unwrap()));
        for url in ["127.0.0.1:80", "ftp://127.0.0.1:80", "http://127.0.0.1", "http://127.0.0.1:80/ws", "http://:x"] {
            let error = Url::read(url).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(url) && error.contains("http://HOST:PORT"), "{error}");
        }
    }
}
