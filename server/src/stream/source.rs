//! What is published, and when: made-up updates on a schedule, or a feed replayed.

use std::{num::NonZeroU32, path::Path};

use protocol::{
    control::Change,
    results::Arrivals,
    stamp,
    update::{Update, encode_padded_into},
};

use super::{
    deal::Deal,
    replay::{Feed, FeedError},
    segments::Segments,
};
use crate::values;

/// An endless stream of updates with their due times.
#[derive(Debug)]
pub enum Source {
    /// Filler of a given size, by one schedule after the other.
    Synthetic {
        /// The schedules.
        segments: Segments,
        /// To whom; absent where it is to all who name no topic.
        deal: Option<Deal>,
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
        let first = Change { from_ns: 0, arrivals, rate_hz, payload_bytes, burst: NonZeroU32::MIN };
        Self::Synthetic { segments: Segments::new(first, seed), deal: None }
    }

    /// The same, at that rate, for each of so many topics.
    pub fn of_topics(topics: u32, arrivals: Arrivals, rate_hz: f64, payload_bytes: u32, seed: u64) -> Self {
        let rate_hz = rate_hz * f64::from(topics);
        let first = Change { from_ns: 0, arrivals, rate_hz, payload_bytes, burst: NonZeroU32::MIN };
        Self::Synthetic { segments: Segments::new(first, seed), deal: Some(Deal::new(topics, arrivals, seed)) }
    }

    /// The feed of that name.
    pub fn replay(feed: &Path, speed: f64) -> Result<Self, FeedError> {
        Ok(Self::Replay { feed: Feed::open(feed)?, speed, index: 0 })
    }

    /// When the next update is due, in nanoseconds after the first.
    pub fn due_ns(&self) -> u64 {
        match self {
            Self::Synthetic { segments, .. } => segments.due_ns(),
            Self::Replay { feed, speed, index } => feed.due_ns(*index, *speed),
        }
    }

    /// Moves on to the next update.
    pub fn advance(&mut self) {
        match self {
            Self::Synthetic { segments, deal } => {
                segments.advance();
                deal.iter_mut().for_each(Deal::advance);
            }
            Self::Replay { index, .. } => *index += 1,
        }
    }

    /// The topic of the update that [`Self::advance`] moved to, and its `seq` there; absent where updates go to all.
    pub fn topic(&self) -> Option<(u32, u64)> {
        match self {
            Self::Synthetic { deal, .. } => deal.as_ref().map(Deal::last),
            Self::Replay { .. } => None,
        }
    }

    /// Makes a change, whose time and `now_ns` are nanoseconds after the first due time, as [`Segments::reschedule`] does; or says why not.
    pub fn reschedule(&mut self, change: Change, now_ns: u64) -> Result<Change, String> {
        match self {
            Self::Synthetic { segments, deal } => {
                values::check(&change)?;
                let topics = deal.as_ref().map_or(1, Deal::topics) as f64;
                let of_all = Change { rate_hz: change.rate_hz * topics, ..change };
                Ok(Change { from_ns: segments.reschedule(of_all, now_ns).from_ns, ..change })
            }
            Self::Replay { .. } => {
                Err("a feed is replayed as it was recorded, and has no schedule to change; start the server \
                                        without --replay"
                    .to_owned())
            }
        }
    }

    /// How long the update is that [`Self::advance`] moved to, if it is made up.
    pub fn payload_bytes(&self) -> Option<usize> {
        match self {
            Self::Synthetic { segments, .. } => Some(segments.payload_bytes()),
            Self::Replay { .. } => None,
        }
    }

    /// Writes the update that [`Self::advance`] moved to.
    pub fn encode_into(&self, seq: u64, due_ns: u64, line: &mut Vec<u8>) {
        match self {
            Self::Synthetic { segments, .. } => encode_padded_into(seq, due_ns, segments.payload_bytes(), line),
            Self::Replay { feed, index, .. } => {
                let (_, data) = feed.message(*index - 1);
                Update { seq, due_ns, data }.encode_into(line);
            }
        }
    }

    /// The same as servers of others are given it: as long, or with the same data, and with its [`stamp`].
    pub fn stamp_into(&self, seq: u64, due_ns: u64, line: &mut Vec<u8>) {
        match self {
            Self::Synthetic { segments, .. } => stamp::padded_line_into(seq, due_ns, segments.payload_bytes(), line),
            Self::Replay { feed, index, .. } => stamp::line_into(seq, due_ns, feed.message(*index - 1).1, line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::replay::BUILTIN_MARKET;

    const CHANGE: Change =
        Change { from_ns: 7, arrivals: Arrivals::Constant, rate_hz: 10.0, payload_bytes: 64, burst: NonZeroU32::MIN };

    #[test]
    fn an_update_is_due_when_it_was_said_to_be_and_as_long_as_its_schedule_says() {
        let mut source = Source::synthetic(Arrivals::Constant, 1e9, 100, 0);
        assert_eq!(source.reschedule(CHANGE, 3), Ok(CHANGE));
        let mut line = Vec::new();
        for (due_ns, length) in (0..7).map(|due_ns| (due_ns, 100)).chain([(7, 64), (100_000_007, 64)]) {
            assert_eq!(source.due_ns(), due_ns);
            source.advance();
            for write in [Source::encode_into, Source::stamp_into] {
                line.clear();
                write(&source, 1, due_ns, &mut line);
                assert_eq!(line.len(), length, "{due_ns}");
            }
        }
    }

    #[test]
    fn a_change_that_cannot_be_made_is_refused_with_the_reason_and_the_remedy() {
        let synthetic = || Source::synthetic(Arrivals::Constant, 10.0, 100, 0);
        let replay = Source::replay(Path::new(BUILTIN_MARKET), 1.0).unwrap();
        for (mut source, change, reason) in [
            (replay, CHANGE, "start the server without --replay"),
            (synthetic(), Change { rate_hz: 0.0, ..CHANGE }, "rate_hz 0: must be more than 0 and at most 100000"),
            (synthetic(), Change { rate_hz: f64::NAN, ..CHANGE }, "rate_hz NaN: must be more than 0"),
            (synthetic(), Change { payload_bytes: 63, ..CHANGE }, "payload_bytes 63: must be from 64 to 1048576"),
            (synthetic(), Change { payload_bytes: 1 << 21, ..CHANGE }, "payload_bytes 2097152: must be"),
            (synthetic(), Change { burst: NonZeroU32::MAX, ..CHANGE }, "burst 4294967295: must be from 1 to 100000"),
        ] {
            source.advance();
            let due_ns = source.due_ns();
            let error = source.reschedule(change, 0).expect_err(reason);
            assert!(error.contains(reason), "{error}");
            assert_eq!(source.due_ns(), due_ns, "nothing was changed");
        }
    }
}
