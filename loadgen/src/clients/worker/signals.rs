//! Clients' own signals: when they are due, and how long they took.

use std::{convert::Infallible, time::Duration};

use hdrhistogram::Histogram;
use protocol::{Transport, clock, signal::Ack};
use rand::RngExt;
use tokio::time::{Instant, sleep_until};

use super::crew::Crew;
use crate::{
    recorder::histogram,
    transports::{ClientError, Uplink},
};

/// What became of the signals of one worker's clients. Nanoseconds; see [`protocol::results::Signals`].
#[derive(Debug)]
pub struct SignalRecord {
    /// Sent within the measure phase.
    pub sent: u64,
    /// From sending to acknowledgement.
    pub round_trip: Histogram<u64>,
    /// From sending to the server's receipt.
    pub way_up: Histogram<u64>,
    /// From being due to sending, by clients that had nothing else to do.
    pub lateness: Histogram<u64>,
}

impl Default for SignalRecord {
    fn default() -> Self {
        Self { sent: 0, round_trip: histogram(3), way_up: histogram(3), lateness: histogram(3) }
    }
}

impl SignalRecord {
    /// An acknowledgement came for a signal that counts.
    pub(super) fn acknowledged(&mut self, ack: Ack, now_ns: u64) {
        // A minute late is as bad as an hour late, so the clamp hides nothing.
        self.round_trip.saturating_record(now_ns.saturating_sub(ack.id));
        self.way_up.saturating_record(ack.received_ns.saturating_sub(ack.id));
    }
}

/// When the signals of a client are due: at a constant rate from a random beginning, whatever becomes of them.
pub(super) struct Pace {
    gap: Duration,
    next: Instant,
}

/// A signal to be sent now.
pub(super) struct Due {
    /// When it was, on the runtime's clock.
    due: Instant,
    waited: bool,
}

impl Pace {
    pub(super) fn new(crew: &Crew) -> Self {
        let gap = Duration::from_secs_f64(1.0 / crew.assignment.signal_rate_hz);
        let first = gap.mul_f64(crew.rng.borrow_mut().random_range(0.0..1.0));
        Self { gap, next: Instant::now() + first }
    }

    /// Waits until one is due. Dropping the future loses nothing. None are sent before the stream begins.
    async fn due(&mut self, crew: &Crew) -> Due {
        loop {
            let due = self.next;
            let waited = due > Instant::now();
            sleep_until(due).await;
            self.next += self.gap;
            if crew.assignment.phase.get().is_some() {
                return Due { due, waited };
            }
        }
    }
}

/// Waits until a signal is due; for ever without a pace.
pub(super) async fn due(pace: &mut Option<Box<Pace>>, crew: &Crew) -> Due {
    match pace {
        Some(pace) => Box::pin(pace.due(crew)).await,
        None => std::future::pending().await,
    }
}

impl Due {
    /// The signal, counted as sent. Its id is the time from which it counts.
    pub(super) fn signal(self, crew: &Crew) -> String {
        let now_ns = clock::now_ns();
        let late_ns = self.due.elapsed().as_nanos() as u64;
        // The runtime's timers are up to a millisecond late: that is the generator's, and set down as such.
        let from_ns = if self.waited { now_ns } else { now_ns - late_ns };
        if crew.counts(from_ns) {
            let signals = &mut crew.report.borrow_mut().signals;
            signals.sent += 1;
            if self.waited {
                signals.lateness.saturating_record(late_ns);
            }
        }
        format!(r#"{{"id":{from_ns},"data":null}}"#)
    }
}

/// Sends signals on a connection of their own, for a transport whose connection is taken. Ready only if that breaks.
pub(super) async fn beside(crew: &Crew, place: usize) -> Result<Infallible, ClientError> {
    if crew.assignment.signal_rate_hz > 0.0 && crew.assignment.transport == Transport::LongPoll {
        return Box::pin(post(crew, place)).await;
    }
    std::future::pending().await
}

async fn post(crew: &Crew, place: usize) -> Result<Infallible, ClientError> {
    let mut uplink = Uplink::new(crew.secured(crew.dial(place).await?).await?, &crew.request(place));
    let mut pace = Pace::new(crew);
    loop {
        let due = pace.due(crew).await;
        let payload = uplink.signal(due.signal(crew), &crew.scratch).await?;
        let now_ns = clock::now_ns();
        payload.messages().try_for_each(|message| crew.acknowledged(message, now_ns))?;
    }
}
