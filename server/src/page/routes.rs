//! What the page may be asked, and what it is answered.

use bytes::Bytes;
use hyper::{HeaderMap, Method, Response};
use protocol::wire::{Refusal, StreamQuery};

use super::{files, race::Page, state};

/// What the page knows of itself and of others, and what is counted for it.
const STATE_PATH: &str = "/page/state";
/// What a page says as it closes.
const GOODBYE_PATH: &str = "/page/goodbye";
/// The sliders.
const LIVE_PATH: &str = "/live/stream";

impl Page {
    /// The answer to a request; nothing if the path is none of the page's.
    pub(crate) fn answer(
        &self,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<Result<Response<Bytes>, Refusal>> {
        let allowed = self.methods(path)?;
        Some(if allowed.split(", ").all(|each| each != method.as_str()) {
            Err(Refusal::MethodNotAllowed { message: allowed.to_owned() })
        } else {
            self.ask(path, query, headers).map(files::guarded)
        })
    }

    /// Whether whoever does not show the server's token may have it: what is the same for everybody, and asks for the token later.
    pub(crate) fn is_open(path: &str) -> bool {
        files::of(path).is_some()
    }

    /// What a path of the page's may be asked.
    pub(crate) fn methods(&self, path: &str) -> Option<&'static str> {
        match path {
            STATE_PATH => Some("GET"),
            GOODBYE_PATH => Some("POST"),
            LIVE_PATH => self.live.as_ref().map(|_| "POST"),
            _ => files::of(path).map(|_| "GET, HEAD"),
        }
    }

    fn ask(&self, path: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Response<Bytes>, Refusal> {
        if let Some(file) = files::of(path) {
            return Ok(file);
        }
        if path == LIVE_PATH {
            self.live.iter().zip(&self.first).try_for_each(|(live, first)| live.ask(query, headers, first))?;
            return Ok(state::of(self, None));
        }
        let user = StreamQuery::parse(query)?.user;
        if path == GOODBYE_PATH {
            user.iter().for_each(|user| self.watch.goodbye(user));
        }
        Ok(state::of(self, user.as_deref().filter(|_| path == STATE_PATH)))
    }
}
