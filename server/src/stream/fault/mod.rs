//! Faults for proofs: makes the server misbehave in known ways, so that one can see whether a measurement finds them.

mod hubs;
mod misbehaviour;
mod relay;
mod spin;
mod tamper;

use std::{fmt, str::FromStr, time::Duration};

use humantime::{format_duration, parse_duration};
use protocol::Transport;

pub use hubs::Hubs;
pub use misbehaviour::Misbehaviour;
pub use spin::Spun;
pub use tamper::Tamper;

/// How a fault is written.
const FORMS: &str = "\
  stall-publisher:AT:FOR      what is due AT after the first update and less than FOR later is published at the end
  stall-fanout:AT:FOR         likewise, but published on time and shown to nobody before the end
  late-publisher:BY           every update is published BY late
  delay:TRANSPORT:BY          a transport's subscribers see every update BY after it was published
  drop:EVERY:CLIENTS          every EVERY-th update is not delivered to every CLIENTS-th connection
  duplicate:EVERY:CLIENTS     is delivered to it twice in a row
  swap:EVERY:CLIENTS          is delivered to it after the update that follows
  slow:CLIENTS:BY             every CLIENTS-th connection is shown what there is BY later
  spin:FOR                    before an update is written to a connection its thread spins FOR";

/// One way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What is due within the stall is published at its end.
    StallPublisher(Stall),
    /// Published on time, but shown to nobody before the stall ends.
    StallFanout(Stall),
    /// Every update is published so late.
    LatePublisher {
        /// How late.
        by: Duration,
    },
    /// One transport's subscribers see every update so long after it was published.
    Delay {
        /// Whose.
        transport: Transport,
        /// How long.
        by: Duration,
    },
    /// Chosen updates are not delivered to chosen clients.
    Drop(Share),
    /// They are delivered twice in a row.
    Duplicate(Share),
    /// They are delivered after the update that follows.
    Swap(Share),
    /// Chosen clients are shown what there is so much later.
    Slow {
        /// Every so many-th.
        clients: u64,
        /// How much.
        by: Duration,
    },
    /// Each delivery takes so much more of the server's processor.
    Spin {
        /// How much.
        each: Duration,
    },
}

/// A time in which something stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// Its beginning, after the first due time.
    pub at: Duration,
    /// Its length.
    pub length: Duration,
}

impl Stall {
    /// When what would happen at `at_ns` happens with this stall.
    fn until_ns(self, first_due_ns: u64, at_ns: u64) -> u64 {
        let from_ns = first_due_ns + self.at.as_nanos() as u64;
        let to_ns = from_ns + self.length.as_nanos() as u64;
        if (from_ns..to_ns).contains(&at_ns) { to_ns } else { at_ns }
    }
}

/// Chosen updates for chosen clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Updates whose `seq` is a multiple of this.
    pub every: u64,
    /// Connections whose number, in the order in which they are accepted and from 0, is a multiple of this.
    pub clients: u64,
}

impl Share {
    fn chooses(self, seq: u64) -> bool {
        seq.is_multiple_of(self.every)
    }
}

/// A fault that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; the faults are\n{FORMS}")]
pub struct BadFault {
    reason: String,
}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(spec: &str) -> Result<Self, BadFault> {
        read(spec).map_err(|reason| BadFault { reason })
    }
}

fn read(spec: &str) -> Result<Fault, String> {
    let mut parts = spec.split(':');
    let name = parts.next().unwrap_or_default();
    let stall = |at, length| Ok::<_, String>(Stall { at: time("AT", at)?, length: some_time("FOR", length)? });
    let share = |least, every, clients| {
        Ok::<_, String>(Share { every: count("EVERY", every, least)?, clients: count("CLIENTS", clients, 1)? })
    };
    Ok(match (name, parts.collect::<Vec<_>>().as_slice()) {
        ("stall-publisher", [at, length]) => Fault::StallPublisher(stall(at, length)?),
        ("stall-fanout", [at, length]) => Fault::StallFanout(stall(at, length)?),
        ("late-publisher", [by]) => Fault::LatePublisher { by: some_time("BY", by)? },
        ("delay", [transport, by]) => {
            let transport: Transport = transport.parse().map_err(|error| format!("{error}"))?;
            let served = transport.as_served();
            if transport != served {
                return Err(format!("a server does not tell {transport} from {served}: delay:{served}"));
            }
            Fault::Delay { transport, by: some_time("BY", by)? }
        }
        ("drop", [every, clients]) => Fault::Drop(share(1, every, clients)?),
        ("duplicate", [every, clients]) => Fault::Duplicate(share(1, every, clients)?),
        // An update that is to change places with its successor cannot also be a successor.
        ("swap", [every, clients]) => Fault::Swap(share(2, every, clients)?),
        ("slow", [clients, by]) => Fault::Slow { clients: count("CLIENTS", clients, 1)?, by: some_time("BY", by)? },
        ("spin", [each]) => Fault::Spin { each: some_time("FOR", each)? },
        (name, _) if FORMS.lines().any(|form| form.trim_start().split(':').next() == Some(name)) => {
            return Err(format!("{name} is written otherwise"));
        }
        _ => return Err("there is no such fault".to_owned()),
    })
}

fn time(what: &str, text: &str) -> Result<Duration, String> {
    const MAX: Duration = Duration::from_hours(1);
    match parse_duration(text) {
        Ok(time) if time <= MAX => Ok(time),
        Ok(_) => Err(format!("{what} `{text}` is more than an hour")),
        Err(error) => Err(format!("{what} `{text}` is no time such as 400ms: {error}")),
    }
}

fn some_time(what: &str, text: &str) -> Result<Duration, String> {
    time(what, text).and_then(|time| if time.is_zero() { Err(format!("{what} must be more than 0")) } else { Ok(time) })
}

fn count(what: &str, text: &str, least: u64) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| *count >= least);
    count.ok_or_else(|| format!("{what} `{text}` must be a whole number of at least {least}"))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Duration| format_duration(time);
        match *self {
            Self::StallPublisher(Stall { at, length }) => write!(f, "stall-publisher:{}:{}", time(at), time(length)),
            Self::StallFanout(Stall { at, length }) => write!(f, "stall-fanout:{}:{}", time(at), time(length)),
            Self::LatePublisher { by } => write!(f, "late-publisher:{}", time(by)),
            Self::Delay { transport, by } => write!(f, "delay:{transport}:{}", time(by)),
            Self::Drop(Share { every, clients }) => write!(f, "drop:{every}:{clients}"),
            Self::Duplicate(Share { every, clients }) => write!(f, "duplicate:{every}:{clients}"),
            Self::Swap(Share { every, clients }) => write!(f, "swap:{every}:{clients}"),
            Self::Slow { clients, by } => write!(f, "slow:{clients}:{}", time(by)),
            Self::Spin { each } => write!(f, "spin:{}", time(each)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for spec in [
            "stall-publisher:1s:400ms",
            "stall-fanout:0s:1s",
            "late-publisher:20ms",
            "delay:websocket:5ms",
            "delay:long-poll:1s 500us",
            "drop:7:3",
            "duplicate:1:1",
            "swap:2:1",
            "slow:4:10ms",
            "spin:100us",
        ] {
            assert_eq!(spec.parse::<Fault>().expect(spec).to_string(), spec);
        }
        assert_eq!(FORMS.lines().count(), 9);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_reason_and_what_there_is() {
        for (spec, reason) in [
            ("", "no such fault"),
            ("stall", "no such fault"),
            ("drop:7", "drop is written otherwise"),
            ("late-publisher", "late-publisher is written otherwise"),
            ("drop:0:1", "EVERY `0` must be a whole number of at least 1"),
            ("swap:1:1", "EVERY `1` must be a whole number of at least 2"),
            ("slow:x:1ms", "CLIENTS `x`"),
            ("slow:1:0s", "BY must be more than 0"),
            ("spin:0s", "FOR must be more than 0"),
            ("stall-publisher:soon:1s", "AT `soon` is no time such as 400ms"),
            ("stall-fanout:1s:2h", "FOR `2h` is more than an hour"),
            ("delay:pigeon:5ms", "unknown transport `pigeon`: one of websocket, long-poll"),
        ] {
            let message = spec.parse::<Fault>().expect_err(spec).to_string();
            assert!(message.starts_with(reason) || message.contains(reason), "{spec}: {message}");
            assert!(message.ends_with(FORMS), "{spec}: {message}");
        }
    }

    #[test]
    fn a_stall_holds_what_falls_within_it_until_its_end() {
        let stall = Stall { at: Duration::from_nanos(100), length: Duration::from_nanos(50) };
        let shown = [1_099, 1_100, 1_149, 1_150].map(|at_ns| stall.until_ns(1_000, at_ns));
        assert_eq!(shown, [1_099, 1_150, 1_150, 1_150]);
    }
}
