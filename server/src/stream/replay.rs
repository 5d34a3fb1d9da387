//! A recorded feed: newline-delimited `{"at_us":<since the first>,"data":<JSON>}`, replayed with its gaps.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use protocol::update::PAYLOAD_BYTES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::plain::plain;

/// The name of the feed that comes with pushbench: synthetic, with the bursts and sizes of a market feed.
pub const BUILTIN_MARKET: &str = "builtin:market";
const MARKET: &str = include_str!("../../feeds/market.ndjson");

/// The longest feed: a year, in microseconds. An absurd one would run over when it is looped.
const SPAN_US_MAX: u64 = 366 * 24 * 3_600 * 1_000_000;

/// The longest line: the largest update, and room for its time.
const LINE_BYTES_MAX: u64 = PAYLOAD_BYTES_MAX as u64 + 64;
/// The most that a feed may hold, without compression: it is kept in memory, and a small file may hold any amount.
const FEED_BYTES_MAX: u64 = 1 << 30;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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
    #[error("{feed}: {source}{}; name a readable file of {{\"at_us\":..,\"data\":..}} lines, or {BUILTIN_MARKET}", LookedFor { feed, source })]
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
    /// There is no end to it.
    #[error("{feed}: more than {bytes_max} bytes of lines, which are kept in memory; replay a part of it")]
    TooLarge {
        /// The file.
        feed: PathBuf,
        /// The most that there may be.
        bytes_max: u64,
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

/// Where a file was looked for that is not there.
struct LookedFor<'a> {
    feed: &'a Path,
    source: &'a io::Error,
}

impl fmt::Display for LookedFor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::path::absolute(self.feed) {
            Ok(path) if self.source.kind() == io::ErrorKind::NotFound => {
                write!(f, ", looked for in {}", path.parent().unwrap_or(&path).display())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    at_us: u64,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Feed {
    /// Reads a whole feed: the file named so (or pipe; it is read once), or [`BUILTIN_MARKET`].
    pub fn open(feed: &Path) -> Result<Self, FeedError> {
        if feed == Path::new(BUILTIN_MARKET) {
            return Self::read(feed, MARKET.as_bytes());
        }
        let file = File::open(feed).map_err(|source| FeedError::Unreadable { feed: feed.into(), source })?;
        Self::read(feed, BufReader::new(file))
    }

    /// Reads a feed, plain or compressed by gzip or zstd; `feed` names it in errors.
    pub fn read(feed: &Path, reader: impl BufRead) -> Result<Self, FeedError> {
        Self::read_at_most(FEED_BYTES_MAX, feed, reader)
    }

    fn read_at_most(bytes_max: u64, feed: &Path, reader: impl BufRead) -> Result<Self, FeedError> {
        let unreadable = |source| FeedError::Unreadable { feed: feed.into(), source };
        let mut reader = plain(reader).map_err(unreadable)?;
        let mut feed_bytes = 0;
        let mut messages: Vec<Message> = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            let malformed = |reason: String| FeedError::Malformed { feed: feed.into(), line, reason };
            bytes.clear();
            // Not without end: a line that is too long is refused by its length, below.
            reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes).map_err(unreadable)?;
            if bytes.is_empty() {
                break;
            }
            feed_bytes += bytes.len() as u64;
            if feed_bytes > bytes_max {
                return Err(FeedError::TooLarge { feed: feed.into(), bytes_max });
            }
            let text = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| line == 1).unwrap_or(&bytes).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let message = parse(text).map_err(malformed)?;
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

    /// Writes it as [`Self::read`] reads it, whatever it was read from.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        for Message { at_us, data } in &self.messages {
            write!(writer, "{{\"at_us\":{at_us},\"data\":")?;
            writer.write_all(data)?;
            writer.write_all(b"}\n")?;
        }
        writer.flush()
    }

    /// When message `index` is due at a speed, nanoseconds after the first.
    pub fn due_ns(&self, index: u64, speed: f64) -> u64 {
        (self.message(index).0 as f64 * 1_000.0 / speed) as u64
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

fn parse(text: &[u8]) -> Result<Message, String> {
    if text.len() > PAYLOAD_BYTES_MAX as usize {
        return Err(format!("{} bytes, more than {PAYLOAD_BYTES_MAX}", text.len()));
    }
    let text = str::from_utf8(text).map_err(|_| "not UTF-8, nor compressed by gzip or zstd".to_owned())?;
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
        Feed::read(Path::new("feed.ndjson"), text.as_bytes())
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
    fn marks_blank_lines_and_line_ends_of_any_editor_are_no_messages() {
        let feed = read(
            "\u{feff}{\"at_us\":5,\"data\":1}\r\n\r\n \t\n  {\"at_us\":7,\"data\":[2] } \n\n{\"at_us\":9,\"data\":3}",
        );
        let feed = feed.unwrap();
        let mut lines = Vec::new();
        feed.write_to(&mut lines).unwrap();
        let plain = "{\"at_us\":5,\"data\":1}\n{\"at_us\":7,\"data\":[2]}\n{\"at_us\":9,\"data\":3}\n";
        assert_eq!(str::from_utf8(&lines), Ok(plain));
    }

    #[test]
    fn a_small_file_that_holds_too_much_is_refused() {
        let read = |text: &[u8]| {
            let mut packed = Vec::new();
            flate2::read::GzEncoder::new(text, flate2::Compression::best()).read_to_end(&mut packed).unwrap();
            Feed::read_at_most(1_000, Path::new("feed.gz"), packed.as_slice())
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let feed = b"{\"at_us\":0,\"data\":1}\n{\"at_us\":1,\"data\":1}\n";
        assert_eq!(read(feed), Ok(()));
        for more in [&b"\n"[..], b" ", b"{\"at_us\":1,\"data\":1}\n"] {
            let error = read(&[feed, &more.repeat(1_000)[..]].concat()).unwrap_err();
            assert!(error.starts_with("feed.gz: more than 1000 bytes of lines"), "{error}");
        }
        let error = super::tests::read(&"x".repeat(3 << 20)).unwrap_err().to_string();
        assert!(error.starts_with("feed.ndjson, line 1: 1048640 bytes, more than 1048576"), "{error}");
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
        assert!(matches!(Feed::open(Path::new("/no/such/file")), Err(FeedError::Unreadable { .. })));
    }

    #[test]
    fn the_builtin_feed_is_bursty() {
        let feed = Feed::open(Path::new(BUILTIN_MARKET)).unwrap();
        let gaps: Vec<u64> = feed.messages.windows(2).map(|pair| pair[1].at_us - pair[0].at_us).collect();
        let short = gaps.iter().filter(|gap| **gap < 200).count();
        assert!(short * 3 > gaps.len(), "a third of the gaps are bursts");
        assert!(gaps.iter().any(|gap| *gap > 30_000), "and some are lulls");
    }
}
