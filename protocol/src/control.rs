//! What the load generator and the server it started, or the guard of that, say to each other: lines of JSON on stdin and stdout.

use std::{net::SocketAddr, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use crate::results::Arrivals;

/// A line from the generator to its server. The end of input means: drain and exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Start the stream, which a server under control holds back until then.
    Publish {
        /// When the first update is due.
        first_due_ns: u64,
        /// The measure phase. The stream ends with it, and is accounted for within it; without one it has no end and no account.
        #[serde(default)]
        window: Option<Window>,
        /// What becomes of its schedule, as it was said in [`Event::Rescheduled`] or as it is planned: `seq`, due times and lengths are
        /// those of a server that was told each change when it came. There are no events of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Change>,
    },
    /// Publish by another schedule from a due time on. Answered by [`Event::Rescheduled`] or [`Event::Refused`].
    Reschedule {
        /// Whatever the generator knows it by; the answer bears it. Answers come when changes begin, not in the order of commands.
        id: u64,
        /// The schedule.
        change: Change,
    },
    /// Account for a window of a stream that goes on, before its first update is due. Answered by [`Event::Account`] once it has passed,
    /// or by [`Event::Refused`].
    Account {
        /// Whatever the generator knows it by; the answer bears it.
        id: u64,
        /// What to account for.
        window: Window,
    },
    /// Say how much memory is in use.
    Memory,
}

/// A line from the server to its generator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The server accepts connections.
    Ready {
        /// Where: the port is a real one even if 0 was asked for.
        listen: SocketAddr,
        /// The certificate that it made for itself, as PEM; absent without TLS, or with a certificate of files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<String>,
    },
    /// The stream has ended.
    Published(Published),
    /// The schedule has changed: said before any update by the new one is published, and never taken back.
    Rescheduled {
        /// Which command asked for it.
        id: u64,
        /// What was made of it.
        made: Rescheduled,
    },
    /// A window of a stream that goes on has passed.
    Account {
        /// Which command asked for it.
        id: u64,
        /// What was due within it.
        published: Published,
    },
    /// A change of the schedule that will not be made, or an account that will not be given.
    Refused {
        /// Which command asked for it.
        id: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// How much memory is in use, by the allocator's own account.
    Memory {
        /// Asked for and not given back.
        in_use_bytes: u64,
    },
}

/// A line from the guard of a server of others to the generator that has it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded {
    /// The server's first process is there.
    Started {
        /// Its id.
        pid: u32,
    },
    /// It is not, or no longer.
    Ended {
        /// How it ended, in words.
        status: String,
    },
}

/// Another schedule of made-up updates, and from when on. An update follows the last change at or before its due time; of two changes
/// at one time, that which was told later.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When its first update is due, in nanoseconds of [`crate::clock`]. What was due before stays as it was. What is past, or not after
    /// the last update that was published, is moved to the earliest time that is neither; 0 is therefore at once.
    pub from_ns: u64,
    /// How the due times of bursts are spaced. Random gaps follow from the server's seed and how many changes there were before.
    pub arrivals: Arrivals,
    /// Mean updates a second.
    pub rate_hz: f64,
    /// Length of a whole encoded update.
    pub payload_bytes: u32,
    /// So many updates are due at once, and then none until the next so many are.
    #[serde(default = "one")]
    pub burst: NonZeroU32,
}

// Rates come from JSON, which knows only finite numbers, or are checked to be, so equality is total.
impl Eq for Change {}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// A change of the schedule that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescheduled {
    /// As it was asked for, but for `from_ns`, which is when its first update is due.
    pub change: Change,
    /// The `seq` of that update; of that which follows, if another change was made at the same time.
    pub first_seq: u64,
}

/// A span of due times, `from_ns` inclusive, `to_ns` exclusive, in nanoseconds of [`crate::clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first due time that counts.
    pub from_ns: u64,
    /// The first that no longer does.
    pub to_ns: u64,
}

impl Window {
    /// Whether an update due then counts.
    pub fn contains(self, due_ns: u64) -> bool {
        (self.from_ns..self.to_ns).contains(&due_ns)
    }
}

/// The updates that were due within a window, as their publisher accounts for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The first of them; meaningless if there are none, or if there are topics.
    pub first_seq: u64,
    /// How many there are: `first_seq .. first_seq + updates`, or those of all topics.
    pub updates: u64,
    /// Which there are of each topic that has any, by number; none where updates are for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<OfTopic>,
    /// Actual minus due time of the publication of each, in order, nanoseconds: of one topic after the other, if there are topics.
    pub lateness_ns: Vec<u64>,
    /// Writes (WebSocket) or answers (long polling) that the server made between the window's first and last
    /// update; each carries one update or more.
    pub writes: u64,
}

/// The updates of a topic that were due within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfTopic {
    /// Its number.
    pub topic: u32,
    /// The first of them.
    pub first_seq: u64,
    /// How many there are: `first_seq .. first_seq + updates`.
    pub updates: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_account_is_asked_for_and_given_in_these_words() {
        let line = r#"{"account":{"id":7,"window":{"from_ns":2,"to_ns":3}}}"#;
        let command = Command::Account { id: 7, window: Window { from_ns: 2, to_ns: 3 } };
        assert_eq!(serde_json::from_str::<Command>(line).unwrap(), command);
        assert_eq!(serde_json::to_string(&command).unwrap(), line);
        let line = r#"{"account":{"id":7,"published":{"first_seq":1,"updates":1,"lateness_ns":[5],"writes":2}}}"#;
        let published = Published { first_seq: 1, updates: 1, topics: Vec::new(), lateness_ns: vec![5], writes: 2 };
        assert_eq!(serde_json::from_str::<Event>(line).unwrap(), Event::Account { id: 7, published });
    }

    #[test]
    fn a_line_without_changes_is_read_and_written_as_it_always_was() {
        let line = r#"{"publish":{"first_due_ns":1,"window":{"from_ns":2,"to_ns":3}}}"#;
        let window = Some(Window { from_ns: 2, to_ns: 3 });
        let command = Command::Publish { first_due_ns: 1, window, changes: Vec::new() };
        assert_eq!(serde_json::from_str::<Command>(line).unwrap(), command);
        assert_eq!(serde_json::to_string(&command).unwrap(), line);
    }

    proptest! {
        // A restarted server would else have other due times.
        #[test]
        fn a_rate_is_the_same_however_often_it_is_passed_on(rate_hz in 0.0..100_000.0_f64) {
            let change = Change { from_ns: 0, arrivals: Arrivals::Constant, rate_hz, payload_bytes: 64, burst: one() };
            let line = serde_json::to_string(&change).unwrap();
            prop_assert_eq!(serde_json::from_str::<Change>(&line).unwrap(), change);
        }
    }

    #[test]
    fn a_change_has_no_bursts_unless_it_says_so() {
        let line = r#"{"from_ns":0,"arrivals":"poisson","rate_hz":2.5,"payload_bytes":64}"#;
        let change = |burst| Change { from_ns: 0, arrivals: Arrivals::Poisson, rate_hz: 2.5, payload_bytes: 64, burst };
        assert_eq!(serde_json::from_str::<Change>(line).unwrap(), change(NonZeroU32::MIN));
        let bursts = change(NonZeroU32::new(7).unwrap());
        let written = serde_json::to_string(&bursts).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&written).unwrap(), bursts);
    }
}
