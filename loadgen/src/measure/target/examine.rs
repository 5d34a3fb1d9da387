//! Is the server there, is it one of ours, and may its timestamps be compared with our clock?

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail, ensure};
use http::header::{AUTHORIZATION, HOST};
use protocol::{
    clock,
    wire::{HEALTH_PATH, Health},
};
use reports::url_without_secrets;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{health::ask, options::ClientOptions, url::Url};
use crate::clients::{dialects::Dialect, distrust::in_words, tls::Tls, transports::Endpoint};

const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its URL, as it may be shown.
    pub url: String,
    /// Where it listens: of the addresses of its name the first at which somebody does.
    pub address: SocketAddr,
    /// What every request to it says.
    pub endpoint: Arc<Endpoint>,
    /// What it says of itself, if it speaks the own protocol.
    pub health: Option<Health>,
    /// Whom to trust, if it speaks TLS.
    pub tls: Option<Tls>,
}

impl Target {
    /// Asks the server at `url` who it is; one of others, whether it is there.
    pub async fn examine(url: &str, options: &ClientOptions, dialect: Option<Arc<Dialect>>) -> anyhow::Result<Self> {
        let shown = url_without_secrets(url);
        let url = if dialect.is_some() { Url::read_any(url) } else { Url::read(url) }?;
        let tls = url.secure.then(|| Tls::of_host(url.known_as(), &options.tls)).transpose();
        let tls = tls.with_context(|| format!("--server {shown}"))?;
        let addresses = lookup_host((&*url.name, url.port)).await;
        let addresses = addresses.with_context(|| format!("--server {shown}: {} cannot be looked up", url.name))?;
        let connected = connect(addresses).await;
        let (stream, address) = connected.with_context(|| format!("--server {shown}: nobody is there"))?;
        let others = dialect.is_some();
        let endpoint = Arc::new(Endpoint { dialect, ..endpoint(url, options)? });
        if others {
            return Ok(Self { url: shown, address, endpoint, health: None, tls });
        }
        let asked = async {
            match &tls {
                Some(tls) => ask(tls.connect(stream).await?, &endpoint).await,
                None => ask(stream, &endpoint).await,
            }
        };
        let answer = timeout(PATIENCE, asked).await;
        let answer = answer.unwrap_or_else(|_| Err(anyhow!("no answer in {PATIENCE:?}")));
        let body = answer.map_err(explained).with_context(|| format!("--server {shown}: cannot ask it who it is"))?;
        let health = health(&body).with_context(|| format!("--server {shown}"))?;
        Ok(Self { url: shown, address, endpoint, health: Some(health), tls })
    }
}

/// What TLS has against it in words, if that is the reason.
fn explained(error: anyhow::Error) -> anyhow::Error {
    let of_tls = error.chain().find_map(|cause| in_words(cause.downcast_ref()?));
    of_tls.map_or(error, anyhow::Error::msg)
}

fn endpoint(url: Url, options: &ClientOptions) -> anyhow::Result<Endpoint> {
    let mut headers = options.headers()?;
    if let Some(basic) = url.basic {
        headers.append(AUTHORIZATION, basic);
    }
    ensure!(
        headers.get_all(AUTHORIZATION).iter().count() <= 1,
        "Authorization would be said twice: give one of --token (or $PUSHBENCH_TOKEN), a --header, and a name in the URL"
    );
    let host = match headers.remove(HOST) {
        Some(host) => host.to_str().context("--header 'Host: ..': no name of a host")?.to_owned(),
        None => url.host,
    };
    Ok(Endpoint { host, base: url.base, query: url.query, headers, dialect: None })
}

/// Tries one address after the other.
async fn connect(addresses: impl IntoIterator<Item = SocketAddr>) -> anyhow::Result<(TcpStream, SocketAddr)> {
    let mut tried = Vec::new();
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(error)) => tried.push(format!("{error}; start one with `server --listen {address}`")),
            Err(_) => tried.push(format!("{address} does not answer in {PATIENCE:?}")),
        }
    }
    bail!("{}, or leave --server out", tried.join(", or "))
}

/// Reads what it says of itself, and whether it may be measured.
fn health(body: &str) -> anyhow::Result<Health> {
    let health: Health = serde_json::from_str(body).with_context(|| {
        format!("what answers there is not a pushbench server; its {HEALTH_PATH} said: {:.80}", body.trim())
    })?;
    ensure!(health.server == Health::SERVER, "it calls itself `{}`, not `{}`", health.server, Health::SERVER);
    ensure!(
        health.clock == clock::identity(),
        "it runs on another machine or boot, whose clock is not ours, so latency from the due time cannot be told; \
         run loadgen where the server runs"
    );
    ensure!(
        health.faults.is_empty(),
        "it was told to misbehave ({}), and faults are for proofs: loadgen prove; start it without --fault",
        health.faults.join(", ")
    );
    Ok(health)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn every_address_of_a_name_is_tried_in_turn() {
        let [gone, there] =
            [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
        let addresses = [gone.local_addr().unwrap(), there.local_addr().unwrap()];
        drop(gone);
        assert_eq!(connect(addresses).await.unwrap().1, addresses[1]);
        let error = connect([addresses[0], addresses[0]]).await.unwrap_err().to_string();
        assert_eq!(error.matches("refused").count(), 2, "{error}");
    }

    #[test]
    fn who_a_client_is_may_be_said_once() {
        let url = || Url::read("http://me:pw@a:1/x?k=v").unwrap();
        let known = endpoint(url(), &ClientOptions::default()).unwrap();
        assert_eq!((&*known.host, &*known.base, &*known.query), ("a:1", "/x", "&k=v"));
        assert_eq!(known.headers[AUTHORIZATION], "Basic bWU6cHc=");
        let named = endpoint(url(), &ClientOptions::of_headers(&["Host: push.example"])).unwrap();
        assert_eq!((&*named.host, named.headers.len()), ("push.example", 1));
        let error = endpoint(url(), &ClientOptions::of_headers(&["authorization: Bearer t"])).unwrap_err().to_string();
        assert!(error.contains("would be said twice"), "{error}");
    }
}
