//! The race: a page of the server's own, in which a browser has the stream over every transport at once. There with `--page` only.

mod files;
mod live;
mod state;

use std::{num::NonZeroU32, sync::Arc};

use bytes::Bytes;
use hyper::{HeaderMap, Method, Response};
use protocol::{
    control::Change,
    results::Stream,
    wire::{Refusal, StreamQuery},
};

pub use live::{LiveOptions, RTT_MS_MAX};

pub(crate) use live::Live;

use crate::{config::Config, connection::watch::Watch, metrics::Tally, stream::hold::Hold};

/// What the page knows of itself and of others, and what is counted for it.
const STATE_PATH: &str = "/page/state";
/// What a page says as it closes.
const GOODBYE_PATH: &str = "/page/goodbye";
/// The sliders.
const LIVE_PATH: &str = "/live/stream";

/// Everything that is there besides the stream.
#[derive(Debug)]
pub(crate) struct Page {
    /// Who has it open.
    pub(crate) watch: Arc<Watch>,
    /// Present under `loadgen live`.
    pub(crate) live: Option<Live>,
    /// The stream as it was asked for at the start, in words and, unless it is a feed, as what sliders change.
    stream: String,
    settings: Option<Change>,
}

impl Page {
    /// Nobody has it open; all bytes end up in `whole`.
    pub(crate) fn new(whole: &Arc<Tally>, config: &Config, live: Option<Live>) -> Self {
        let tell = live.as_ref().map_or((|text| tracing::info!("{text}")) as fn(&str), |live| live.tell);
        let settings = match config.stream() {
            Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
                Some(Change { from_ns: 0, arrivals, rate_hz, payload_bytes, burst: NonZeroU32::MIN })
            }
            Stream::Replay { .. } | Stream::Pushed => None,
        };
        Self { watch: Watch::new(whole, tell), live, stream: config.stream().to_string(), settings }
    }

    /// What the streams are held by, if sliders may say so.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        self.live.as_ref().map(|live| &live.hold)
    }

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
            self.live.iter().zip(&self.settings).try_for_each(|(live, first)| live.ask(query, headers, first))?;
            return Ok(state::of(self, None));
        }
        let user = StreamQuery::parse(query)?.user;
        if path == GOODBYE_PATH {
            user.iter().for_each(|user| self.watch.goodbye(user));
        }
        Ok(state::of(self, user.as_deref().filter(|_| path == STATE_PATH)))
    }

    /// The stream as it is now.
    fn settings(&self) -> Option<Change> {
        self.live.as_ref().and_then(Live::settings).or(self.settings)
    }
}
