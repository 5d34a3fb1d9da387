//! What is there besides the stream where the page is served.

use std::{num::NonZeroU32, sync::Arc};

use protocol::{Engine, control::Change, results::Stream};

use super::live::Live;
use crate::{connection::watch::Watch, metrics::Tally, stream::hold::Hold};

/// Everything that is there besides the stream.
#[derive(Debug)]
pub(crate) struct Page {
    /// Who has it open.
    pub(crate) watch: Arc<Watch>,
    /// Present under `loadgen live`.
    pub(crate) live: Option<Live>,
    /// The stream as it was asked for at the start, in words and, unless it is a feed, as what sliders change.
    pub(super) stream: String,
    pub(super) first: Option<Change>,
    /// How clients are served.
    pub(super) engine: Engine,
}

impl Page {
    /// Nobody has it open; all bytes end up in `whole`.
    pub(crate) fn new(whole: &Arc<Tally>, stream: &Stream, engine: Engine, live: Option<Live>) -> Self {
        let tell = live.as_ref().map_or((|text| tracing::info!("{text}")) as fn(&str), |live| live.tell);
        let first = match *stream {
            Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
                Some(Change { from_ns: 0, arrivals, rate_hz, payload_bytes, burst: NonZeroU32::MIN })
            }
            Stream::Replay { .. } | Stream::Pushed => None,
        };
        Self { watch: Watch::new(whole, tell), live, stream: stream.to_string(), first, engine }
    }

    /// What the streams are held by, if sliders may say so.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        self.live.as_ref().and_then(Live::hold)
    }

    /// The stream as it is now.
    pub(super) fn settings(&self) -> Option<Change> {
        self.live.as_ref().and_then(Live::settings).or(self.first)
    }
}
