//! A server's URL, taken apart.

use anyhow::{Context, bail, ensure};
use data_encoding::BASE64;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use protocol::wire::{HEALTH_PATH, POLL_PATH, SEND_PATH, WS_PATH};
use reports::url_without_secrets;

/// A server's URL, taken apart.
#[derive(Debug)]
pub(super) struct Url {
    pub(super) secure: bool,
    /// The host as it is looked up: an IPv6 address without brackets, with its zone.
    pub(super) name: String,
    pub(super) port: u16,
    /// What `Host` says: no zone, and no port that goes without saying.
    pub(super) host: String,
    /// The path before those of the protocol.
    pub(super) base: String,
    /// The keys of its query, each with `&` before it.
    pub(super) query: String,
    /// Its name and password, as `Authorization` says them (RFC 7617).
    pub(super) basic: Option<HeaderValue>,
}

impl Url {
    /// That of a server that speaks the own protocol, whose paths are put behind it.
    pub(super) fn read(url: &str) -> anyhow::Result<Self> {
        let shown = url_without_secrets(url);
        let read = Self::read_any(url)?;
        for endpoint in [WS_PATH, POLL_PATH, SEND_PATH, HEALTH_PATH] {
            ensure!(
                !read.base.ends_with(endpoint),
                "--server {shown}: leave {endpoint} out, as it is put behind the path"
            );
        }
        Ok(read)
    }

    pub(super) fn read_any(url: &str) -> anyhow::Result<Self> {
        let shown = url_without_secrets(url);
        let remedy = || format!("--server {shown}: give it as http://HOST[:PORT][/PATH], or https://, ws://, wss://");
        let uri: Uri = url.parse().with_context(remedy)?;
        let secure = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => bail!(remedy()),
        };
        let authority = uri.authority().with_context(remedy)?;
        let (user, typed) = match authority.as_str().rsplit_once('@') {
            Some((user, typed)) => (Some(user), typed),
            None => (None, authority.as_str()),
        };
        let unwrapped = authority.host().trim_start_matches('[').trim_end_matches(']');
        let (address, zone) =
            unwrapped.split_once('%').map_or((unwrapped, None), |(before, zone)| (before, Some(zone)));
        ensure!(!address.is_empty(), remedy());
        let usual = if secure { 443 } else { 80 };
        let port = match typed.strip_prefix(authority.host()) {
            Some("" | ":") => usual,
            _ => authority.port_u16().with_context(remedy)?,
        };
        let bracketed = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let base = uri.path().trim_end_matches('/');
        Ok(Self {
            secure,
            // As a URL has the % before a zone (RFC 6874), and as people type it.
            name: zone
                .map_or(address.to_owned(), |zone| format!("{address}%{}", zone.strip_prefix("25").unwrap_or(zone))),
            port,
            host: if port == usual { bracketed } else { format!("{bracketed}:{port}") },
            base: base.to_owned(),
            query: uri.query().map_or_else(String::new, |query| format!("&{query}")),
            basic: user.map(basic).transpose().with_context(remedy)?,
        })
    }

    /// The server's name without its zone.
    pub(super) fn known_as(&self) -> &str {
        self.name.split('%').next().unwrap_or_default()
    }
}

fn basic(user: &str) -> anyhow::Result<HeaderValue> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let plain: Vec<u8> = percent_decode_str(name).chain([b':']).chain(percent_decode_str(password)).collect();
    let mut value = HeaderValue::try_from(format!("Basic {}", BASE64.encode(&plain)))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_they_are_typed() {
        for (typed, secure, name, port, host, base, query) in [
            ("http://127.0.0.1:8080/", false, "127.0.0.1", 8080, "127.0.0.1:8080", "", ""),
            ("http://localhost", false, "localhost", 80, "localhost", "", ""),
            ("HTTPS://Push.Example:443/app/", true, "Push.Example", 443, "Push.Example", "/app", ""),
            ("ws://a:80/x/y?key=1&k2", false, "a", 80, "a", "/x/y", "&key=1&k2"),
            ("wss://a", true, "a", 443, "a", "", ""),
            ("https://[::1]:9443", true, "::1", 9443, "[::1]:9443", "", ""),
            ("http://[fe80::1%25eth0]:1/", false, "fe80::1%eth0", 1, "[fe80::1]:1", "", ""),
            ("http://[fe80::1%eth0]", false, "fe80::1%eth0", 80, "[fe80::1]", "", ""),
            ("http://me:pw@a:7", false, "a", 7, "a:7", "", ""),
        ] {
            let url = Url::read(typed).unwrap();
            assert_eq!((url.secure, &*url.name, url.port), (secure, name, port), "{typed}");
            assert_eq!((&*url.host, &*url.base, &*url.query), (host, base, query), "{typed}");
        }
        assert_eq!(Url::read("http://[fe80::1%25eth0]").unwrap().known_as(), "fe80::1");
    }

    #[test]
    fn a_name_and_password_are_sent_as_basic_authentication() {
        // The example of RFC 7617, section 2.
        let url = Url::read("http://Aladdin:open%20sesame@a").unwrap();
        assert_eq!(url.basic.unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_form_and_without_its_secrets() {
        for (typed, reason) in [
            ("127.0.0.1:80", "give it as http://HOST"),
            ("ftp://127.0.0.1:80", "give it as http://HOST"),
            ("http://", "give it as http://HOST"),
            ("http://:x", "give it as http://HOST"),
            ("http://a:99999", "give it as http://HOST"),
            ("http://me:S3CRET@", "give it as http://HOST"),
            ("http://me:S3 CRET@a", "give it as http://HOST"),
            ("ws://a/app/ws?k=S3CRET", "leave /ws out"),
            ("http://a/healthz", "leave /healthz out"),
        ] {
            let error = format!("{:#}", Url::read(typed).unwrap_err());
            assert!(error.contains(reason) && error.starts_with("--server ") && !error.contains("CRET"), "{error}");
        }
    }
}
