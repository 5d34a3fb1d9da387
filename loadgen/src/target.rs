//! A server that somebody else started: is it there, is it ours, and may its timestamps be compared with our clock?

use std::{
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use protocol::{
    clock,
    wire::{HEALTH_PATH, Health},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};

const PATIENCE: Duration = Duration::from_secs(5);
const HEALTH_BYTES_MAX: u64 = 64 * 1024;

/// A running pushbench server.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it says of itself.
    pub health: Health,
    /// What it asks clients to show.
    pub token: Option<Arc<str>>,
}

impl Target {
    /// Asks the server at `url` (`http://HOST:PORT`) who it is.
    pub async fn examine(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let address = address(url)?;
        let answer = timeout(PATIENCE, ask(address)).await.map_err(|_| anyhow::anyhow!("no answer in {PATIENCE:?}"));
        let body = answer.and_then(|answer| answer).with_context(|| {
            format!("--server {url}: cannot ask it who it is; start one with `server --listen {address}`, or leave --server out")
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
        Ok(Self { address, health, token: token.map(Into::into) })
    }
}

fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let remedy = || format!("--server {url}: give it as http://HOST:PORT");
    let authority = url.strip_prefix("http://").with_context(remedy)?.trim_end_matches('/');
    if authority.contains('/') {
        bail!(remedy());
    }
    authority.to_socket_addrs().with_context(remedy)?.next().with_context(remedy)
}

/// One request without keep-alive, so that the answer ends with the connection.
async fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
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
        assert_eq!(address("http://127.0.0.1:80/").unwrap(), "127.0.0.1:80".parse().unwrap());
        for url in ["127.0.0.1:80", "https://127.0.0.1:80", "http://127.0.0.1", "http://127.0.0.1:80/ws", "http://:x"] {
            let error = address(url).unwrap_err().to_string();
            assert!(error.contains(url) && error.contains("http://HOST:PORT"), "{error}");
        }
    }
}
