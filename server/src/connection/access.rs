//! Who may connect: clients that know the token, and browsers' pages from allowed origins.

use std::{env, fs, path::Path};

use anyhow::{Context, ensure};
use hyper::{
    HeaderMap, Response,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
    },
};
use protocol::wire::{CURSOR_HEADER, Refusal, shown_token};
use subtle::ConstantTimeEq;

/// How an `Authorization` header begins that bears a token (RFC 6750, section 2.1).
const BEARER: &[u8] = b"Bearer ";
/// Any origin.
const ANY: &str = "*";
/// Where the token may stand as well: a command line can be read by everybody on the machine.
pub const TOKEN_VARIABLE: &str = "PUSHBENCH_TOKEN";

/// The token as it was given, or from a file, or from the environment; nothing if it is nowhere.
pub fn token(given: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let (token, place) = match (given, file, env::var_os(TOKEN_VARIABLE)) {
        (Some(token), ..) => (token.to_owned(), "--token".to_owned()),
        (None, Some(file), _) => {
            let place = format!("--token-file {}", file.display());
            let token = fs::read_to_string(file);
            (token.with_context(|| format!("{place}: cannot be read as text"))?, place)
        }
        (None, None, Some(token)) => (token.to_string_lossy().into_owned(), format!("${TOKEN_VARIABLE}")),
        (None, None, None) => return Ok(None),
    };
    let token = token.trim();
    // An empty one is more often a secret that was not handed over than the wish for none.
    ensure!(!token.is_empty(), "{place}: it is empty; give a token, or leave it out");
    ensure!(!token.contains(char::is_control), "{place}: a token is one line of text, as it is sent in a header");
    Ok(Some(token.to_owned()))
}

/// What was asked for by `--token` and `--allow-origin`.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// What clients must show.
    pub token: Option<String>,
    /// Pages of which origins may connect; empty: nothing is asked.
    pub origins: Vec<String>,
}

impl Access {
    /// Whether a request shows the token: in its query or, given here, its `Authorization`.
    pub(crate) fn admits(&self, query: Option<&str>, authorization: Option<&[u8]>) -> bool {
        let Some(token) = &self.token else { return true };
        // Constant in time, or the time that a refusal takes would tell how much of a guess was right.
        let is_it = |shown: &[u8]| bool::from(shown.ct_eq(token.as_bytes()));
        query.and_then(shown_token).is_some_and(|shown| is_it(shown.as_bytes()))
            || authorization.and_then(|header| header.strip_prefix(BEARER)).is_some_and(is_it)
    }

    /// The origin of the page that a request comes from, if it comes from one and that is allowed.
    ///
    /// Without a list every page may connect, as without an `Origin` every client may: it protects the users of
    /// browsers, and nobody else (RFC 6455, section 10.2). But only a listed one is told so, and may read the answer.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let Some(origin) = headers.get(ORIGIN).filter(|_| !self.origins.is_empty()) else { return Ok(None) };
        if self.origins.iter().any(|allowed| allowed == ANY || allowed.as_bytes() == origin.as_bytes()) {
            return Ok(Some(origin.clone()));
        }
        let message = format!("{}: see --allow-origin", String::from_utf8_lossy(origin.as_bytes()));
        Err(Refusal::OriginNotAllowed { message })
    }
}

/// Lets a page of this origin read the answer (Fetch Standard, section 3.3.3, CORS response headers).
pub(crate) fn allow<B>(response: &mut Response<B>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(CURSOR_HEADER));
    headers.insert(VARY, HeaderValue::from_static("origin"));
}

/// Answers a browser that asks before it sends a request on behalf of a page (CORS preflight).
pub(crate) fn preflight<B>(response: &mut Response<B>, methods: &str) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_str(methods).expect("method names"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_asked_for_where_there_is_one() {
        assert!(Access::default().admits(None, None) && Access::default().admits(Some("token=x"), Some(b"Bearer y")));
        let access = Access { token: Some("s3cret&".to_owned()), ..Access::default() };
        for (query, authorization, admitted) in [
            (None, None, false),
            (Some("after=1&token=s3cret%26"), None, true),
            (None, Some(&b"Bearer s3cret&"[..]), true),
            (Some("token=s3cret"), None, false),
            (Some("token="), Some(b"Bearer "), false),
            (None, Some(b"s3cret&"), false),
            (None, Some(b"Bearer s3cret&x"), false),
        ] {
            assert_eq!(access.admits(query, authorization), admitted, "{query:?} {authorization:?}");
        }
    }

    #[test]
    fn a_token_is_a_line_of_text_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let of_file = |content: &[u8]| {
            fs::write(&file, content).unwrap();
            token(None, Some(&file))
        };
        assert_eq!(of_file(b" s3cret\r\n").unwrap().as_deref(), Some("s3cret"), "without its line break");
        assert_eq!(token(Some("given"), Some(&file)).unwrap().as_deref(), Some("given"));
        for (content, reason) in
            [(&b"\n"[..], "is empty"), (b"s3cret\nmore", "one line"), (b"s3cret\xff", "read as text")]
        {
            let error = format!("{:#}", of_file(content).unwrap_err());
            assert!(error.contains(reason) && error.contains("--token-file") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_page_is_told_apart_by_its_origin() {
        let from = |origins: &[&str], origin: Option<&'static str>| {
            let access = Access { origins: origins.iter().map(ToString::to_string).collect(), ..Access::default() };
            let origin = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin)));
            access.origin(&origin.into_iter().collect()).map_err(|_| ())
        };
        let a = Some("https://a.example");
        assert_eq!(from(&[], a), Ok(None));
        assert_eq!(from(&["https://b.example"], None), Ok(None));
        assert_eq!(from(&["https://b.example"], a), Err(()));
        for allowed in ["https://a.example", "*"] {
            assert_eq!(from(&["https://b.example", allowed], a), Ok(a.map(HeaderValue::from_static)));
        }
    }
}
