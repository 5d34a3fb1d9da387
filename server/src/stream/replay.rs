//! A recorded feed: newline-delimited `{"at_us":<since the first>,"data":<JSON>}`, replayed with its gaps.

use std::{
    io::{self, BufRead, BufReader},
    path::PathBuf,
};

use protocol::update::PAYLOAD_BYTES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The name of the feed that comes with pushbench: synthetic, with the bursts and sizes of a market feed.
pub const BUILTIN_MARKET: &str = "builtin:market";
const MARKET: &str = include_str!("../../feeds/market.ndjson");

/// The longest feed: a year, in microseconds. An absurd one would run over when it is looped.
const SPAN_US_MAX: u64 = 366 * 24 * 3_600 * 1_000_000;

/// Messages in order, and when each follows the first.
#[derive(Debug)]
pub struct Feed {
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    at_us: u64,
    data: Box<[u8]>,
}

/// A feed that cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The file cannot be read.
    #[error("{feed}: {source}; name a readable file of {{\"at_us\":..,\"data\":..}} lines, or {BUILTIN_MARKET}")]
    Unreadable {
        /// The file.
        feed: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not of the form.
    #[error("{feed}, line {line}: {reason}; each line must be {{\"at_us\":<integer>,\"data\":<JSON>}}")]
    Malformed {
        /// The file.
        feed: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to replay.
    #[error("{feed}: {reason}")]
    Empty {
        /// The file.
        feed: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    at_us: u64,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Feed {
    /// Reads a whole feed: the file named so, or [`BUILTIN_MARKET`].
    pub fn open(feed: &str) -> Result<Self, FeedError> {
        if feed == BUILTIN_MARKET {
            return Self::read(feed, MARKET.as_bytes());
        }
        let file = std::fs::File::open(feed).map_err(|source| FeedError::Unreadable { feed: feed.into(), source })?;
        Self::read(feed, BufReader::new(file))
    }

    /// Reads a feed; `feed` names it in errors.
    pub fn read(feed: &str, reader: impl BufRead) -> Result<Self, FeedError> {
        let mut messages: Vec<Message> = Vec::new();
        for (index, text) in reader.lines().enumerate() {
            let malformed = |reason: String| FeedError::Malformed { feed: feed.into(), line: index + 1, reason };
            let text = text.map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => malformed(error.to_string()),
                _ => FeedError::Unreadable { feed: feed.into(), source: error },
            })?;
            if text.is_empty() {
                continue;
            }
            let message = parse(&text).map_err(malformed)?;
            if messages.last().is_some_and(|last| last.at_us > message.at_us) {
                return Err(malformed(format!("at_us {} is earlier than the line before", message.at_us)));
            }
            if messages.first().is_some_and(|first| message.at_us - first.at_us > SPAN_US_MAX) {
                return Err(malformed(format!("at_us {} is more than a year after the first", message.at_us)));
            }
            messages.push(message);
        }
        match messages.as_slice() {
            [] => Err(FeedError::Empty { feed: feed.into(), reason: "no messages" }),
            [first, .., last] if first.at_us < last.at_us => Ok(Self { messages }),
            _ => {
                Err(FeedError::Empty { feed: feed.into(), reason: "every message has the same at_us: nothing to loop" })
            }
        }
    }

    /// Message `index` of an endless loop over the feed: microseconds since the first, and its JSON.
    ///
    /// The loop's seam is one mean gap wide, since a recording does not say what followed it.
    pub fn message(&self, index: u64) -> (u64, &[u8]) {
        let count = self.messages.len() as u64;
        let message = &self.messages[(index % count) as usize];
        let first_us = self.messages[0].at_us;
        let span_us = self.messages[self.messages.len() - 1].at_us - first_us;
        let lap_us = span_us + span_us / (count - 1);
        (index / count * lap_us + message.at_us - first_us, &message.data)
    }
}

fn parse(text: &str) -> Result<Message, String> {
    if text.len() > PAYLOAD_BYTES_MAX as usize {
        return Err(format!("{} bytes, more than {PAYLOAD_BYTES_MAX}", text.len()));
    }
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| {
        // Its own "line 1" would only confuse: the line is the file's.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        format!("{reason} (column {})", error.column())
    })?;
    let data = line.data.get();
    if data.contains(['\n', '\r']) {
        return Err("data holds a line break".to_owned());
    }
    Ok(Message { at_us: line.at_us, data: data.as_bytes().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Feed, FeedError> {
        Feed::read("feed.ndjson", text.as_bytes())
    }

    #[test]
    fn gaps_are_kept_and_the_feed_loops() {
        let feed = read("{\"at_us\":5,\"data\":{\"a\":1}}\n\n{\"at_us\":7,\"data\":[2]}\n{\"at_us\":15,\"data\":3}\n")
            .unwrap();
        let (times, data): (Vec<_>, Vec<_>) = (0..6).map(|index| feed.message(index)).unzip();
        assert_eq!(times, [0, 2, 10, 15, 17, 25]);
        assert_eq!(data[..3], [&b"{\"a\":1}"[..], b"[2]", b"3"]);
        assert_eq!(data[..3], data[3..]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let good = "{\"at_us\":0,\"data\":1}\n";
        for (bad, reason) in [
            ("{\"at_us\":1}", "missing field `data`"),
            ("{\"at_us\":-1,\"data\":1}", "invalid value"),
            ("{\"at_us\":1,\"data\":}", "expected value"),
            ("{\"at_us\":18446744073709551615,\"data\":1}", "more than a year after the first"),
            ("{\"at_us\":1,\"data\":1,\"more\":2}", "unknown field"),
            ("nonsense", "expected ident (column 2)"),
        ] {
            let error = read(&format!("{good}{bad}\n")).unwrap_err().to_string();
            assert!(error.starts_with("feed.ndjson, line 2: ") && error.contains(reason), "{error}");
        }
        let error = read("{\"at_us\":9,\"data\":1}\n{\"at_us\":8,\"data\":1}\n").unwrap_err().to_string();
        assert!(error.contains("line 2: at_us 8 is earlier"), "{error}");
    }

    #[test]
    fn a_feed_without_extent_is_refused() {
        for text in ["", "\n\n", "{\"at_us\":0,\"data\":1}\n", "{\"at_us\":3,\"data\":1}\n{\"at_us\":3,\"data\":1}\n"] {
            assert!(matches!(read(text), Err(FeedError::Empty { .. })), "{text}");
        }
        assert!(matches!(Feed::open("/no/such/file"), Err(FeedError::Unreadable { .. })));
    }

    #[test]
    fn the_builtin_feed_is_bursty() {
        let feed = Feed::open(BUILTIN_MARKET).unwrap();
        let gaps: Vec<u64> = feed.messages.windows(2).map(|pair| pair[1].at_us - pair[0].at_us).collect();
        let short = gaps.iter().filter(|gap| **gap < 200).count();
        assert!(short * 3 > gaps.len(), "a third of the gaps are bursts");
        assert!(gaps.iter().any(|gap| *gap > 30_000), "and some are lulls");
    }
}
