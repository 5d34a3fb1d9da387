//! The options that name a server which runs already, and what its clients show it.

use std::{env, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, ORIGIN, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
    },
};
use server::connection::access;

use crate::clients::tls::TlsOptions;

/// Where the URL of the server may stand as well: a command line can be read by everybody on the machine.
pub const SERVER_VARIABLE: &str = "PUSHBENCH_SERVER";
/// The same for headers, one a line.
pub const HEADERS_VARIABLE: &str = "PUSHBENCH_HEADERS";

/// Headers by which a message is framed or a connection upgraded.
const OURS: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// A server that runs already.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Measure this running server (http://HOST:PORT/PATH, https://, ws:// or wss://; port and path as the server has them; same machine) instead of starting one for each run
    #[arg(long, value_name = "URL", env = SERVER_VARIABLE, hide_env_values = true)]
    pub server: Option<String>,

    /// What its clients show.
    #[command(flatten)]
    pub client: ClientOptions,
}

/// What clients show a server that runs already, and whom they trust.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Clients of a server given by URL")]
pub struct ClientOptions {
    /// Show this token (`Authorization: Bearer`). Everybody on this machine can read it here: better $PUSHBENCH_TOKEN, or --token-file
    #[arg(long, value_name = "TOKEN", requires = "server", conflicts_with = "token_file")]
    token: Option<String>,

    /// Read the token from this file
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,

    /// Send this with every request; repeatable. Where it is a secret: one a line in $PUSHBENCH_HEADERS
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "server")]
    headers: Vec<String>,

    /// Send this cookie with every request
    #[arg(long, value_name = "NAME=VALUE", requires = "server")]
    cookie: Option<String>,

    /// Say that requests come from a page of this origin
    #[arg(long, value_name = "ORIGIN", requires = "server")]
    origin: Option<String>,

    /// Offer these WebSocket subprotocols
    #[arg(long, value_name = "NAME,..", requires = "server")]
    subprotocol: Option<String>,

    /// Whom they trust.
    #[command(flatten)]
    pub tls: TlsOptions,
}

impl ClientOptions {
    /// The headers that these options and the environment ask for.
    pub fn headers(&self) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let by_variable = env::var(HEADERS_VARIABLE).unwrap_or_default();
        let lines = by_variable.lines().filter(|line| !line.trim().is_empty());
        for line in self.headers.iter().map(String::as_str).chain(lines) {
            // What has no colon may be the secret itself.
            let (name, text) =
                line.split_once(':').context("--header: one has no colon; give each as 'NAME: VALUE'")?;
            let place = format!("--header '{name}: ..'");
            let name: HeaderName = name.trim().parse().with_context(|| format!("{place}: no name of a header"))?;
            ensure!(!OURS.contains(&name), "{place}: that is for the transports to say; leave it out");
            headers.append(name, value(text, &place)?);
        }
        let token = access::token(self.token.as_deref(), self.token_file.as_deref())?;
        let token = token.map(|token| format!("Bearer {token}"));
        for (name, text, option) in [
            (AUTHORIZATION, &token, "--token"),
            (COOKIE, &self.cookie, "--cookie"),
            (ORIGIN, &self.origin, "--origin"),
            (SEC_WEBSOCKET_PROTOCOL, &self.subprotocol, "--subprotocol"),
        ] {
            if let Some(text) = text {
                headers.append(name, value(text, option)?);
            }
        }
        Ok(headers)
    }
}

#[cfg(test)]
impl ClientOptions {
    /// Headers alone.
    pub(crate) fn of_headers(headers: &[&str]) -> Self {
        Self { headers: headers.iter().map(ToString::to_string).collect(), ..Self::default() }
    }
}

fn value(text: &str, place: &str) -> anyhow::Result<HeaderValue> {
    let value = HeaderValue::from_bytes(text.trim().as_bytes());
    let mut value = value.with_context(|| format!("{place}: its value is not a line of plain text"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_a_header() {
        let options = ClientOptions {
            token: Some("t&=".to_owned()),
            cookie: Some("sid=1".to_owned()),
            origin: Some("https://a.example".to_owned()),
            subprotocol: Some("a, b".to_owned()),
            ..ClientOptions::of_headers(&["X-One: 1", "X-One:2 ", "x-url: http://h:1"])
        };
        let headers = options.headers().unwrap();
        assert_eq!(headers.get_all("x-one").iter().collect::<Vec<_>>(), ["1", "2"]);
        for (name, text) in [
            ("x-url", "http://h:1"),
            ("authorization", "Bearer t&="),
            ("cookie", "sid=1"),
            ("origin", "https://a.example"),
            ("sec-websocket-protocol", "a, b"),
        ] {
            assert_eq!(headers[name], text);
        }
        assert!(!format!("{headers:?}").contains("t&="), "{headers:?}");
    }

    #[test]
    fn what_is_no_header_is_refused_by_its_name_alone() {
        for (header, reason) in [
            ("S3CRET", "one has no colon"),
            ("X Y: S3CRET", "'X Y: ..': no name"),
            (": S3CRET", "': ..': no name"),
            ("X: S3CRET\nY: 1", "'X: ..': its value is not a line"),
            ("Connection: S3CRET", "'Connection: ..': that is for the transports"),
            ("sec-websocket-extensions: S3CRET", "for the transports"),
        ] {
            let error = format!("{:#}", ClientOptions::of_headers(&[header]).headers().unwrap_err());
            assert!(error.contains("--header") && error.contains(reason) && !error.contains("S3CRET"), "{error}");
        }
    }
}
