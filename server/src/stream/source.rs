//! What is published, and when: made-up updates on a schedule, or a feed replayed.

use std::path::Path;

use protocol::{
    results::Arrivals,
    stamp,
    update::{Update, encode_padded_into},
};

use super::{
    replay::{Feed, FeedError},
    schedule::Schedule,
};

/// An endless stream of updates with their due times.
#[derive(Debug)]
pub enum Source {
    /// Filler of a given size.
    Synthetic {
        /// When each is due.
        schedule: Schedule,
        /// Length of the encoded update.
        payload_bytes: usize,
    },
    /// A recording.
    Replay {
        /// The messages.
        feed: Feed,
        /// How many times faster.
        speed: f64,
        /// The next message.
        index: u64,
    },
}

impl Source {
    /// Made-up updates; `seed` is that of random gaps.
    pub fn synthetic(arrivals: Arrivals, rate_hz: f64, payload_bytes: u32, seed: u64) -> Self {
        Self::Synthetic { schedule: Schedule::new(arrivals, rate_hz, seed), payload_bytes: payload_bytes as usize }
    }

    /// The feed of that name.
    pub fn replay(feed: &Path, speed: f64) -> Result<Self, FeedError> {
        Ok(Self::Replay { feed: Feed::open(feed)?, speed, index: 0 })
    }

    /// Moves on to the next update: when it is due, in nanoseconds after the first.
    pub fn advance(&mut self) -> u64 {
        match self {
            Self::Synthetic { schedule, .. } => schedule.next().expect("a schedule has no end"),
            Self::Replay { feed, speed, index } => {
                *index += 1;
                feed.due_ns(*index - 1, *speed)
            }
        }
    }

    /// Writes the update that [`Self::advance`] moved to.
    pub fn encode_into(&self, seq: u64, due_ns: u64, line: &mut Vec<u8>) {
        match self {
            Self::Synthetic { payload_bytes, .. } => encode_padded_into(seq, due_ns, *payload_bytes, line),
            Self::Replay { feed, index, .. } => {
                let (_, data) = feed.message(*index - 1);
                Update { seq, due_ns, data }.encode_into(line);
            }
        }
    }

    /// The same as servers of others are given it: as long, or with the same data, and with its [`stamp`].
    pub fn stamp_into(&self, seq: u64, due_ns: u64, line: &mut Vec<u8>) {
        match self {
            Self::Synthetic { payload_bytes, .. } => stamp::padded_line_into(seq, due_ns, *payload_bytes, line),
            Self::Replay { feed, index, .. } => stamp::line_into(seq, due_ns, feed.message(*index - 1).1, line),
        }
    }
}
