//! Clients' own signals: when they are due, and how long they took.

use std::{convert::Infallible, time::Duration};

use protocol::{Transport, clock};
use rand::RngExt;
use tokio::time::{Instant, sleep_until};

use super::shared::Shared;
use crate::clients::transports::{ClientError, Uplink};

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
    pub(super) fn new(shared: &Shared) -> Self {
        let gap = Duration::from_secs_f64(1.0 / shared.assignment.signal_rate_hz);
        let first = gap.mul_f64(shared.rng.borrow_mut().random_range(0.0..1.0));
        Self { gap, next: Instant::now() + first }
    }

    /// Waits until one is due. Dropping the future loses nothing. None are sent before the stream begins.
    async fn due(&mut self, shared: &Shared) -> Due {
        loop {
            let due = self.next;
            let waited = due > Instant::now();
            sleep_until(due).await;
            self.next += self.gap;
            if shared.assignment.phase.get().is_some() {
                return Due { due, waited };
            }
        }
    }
}

/// Waits until a signal is due; for ever without a pace.
pub(super) async fn due(pace: &mut Option<Box<Pace>>, shared: &Shared) -> Due {
    match pace {
        Some(pace) => Box::pin(pace.due(shared)).await,
        None => std::future::pending().await,
    }
}

impl Due {
    /// The signal, counted as sent. Its id is the time from which it counts.
    pub(super) fn signal(self, shared: &Shared) -> String {
        let now_ns = clock::now_ns();
        let late_ns = self.due.elapsed().as_nanos() as u64;
        // The runtime's timers are up to a millisecond late: that is the generator's, and set down as such.
        let from_ns = if self.waited { now_ns } else { now_ns - late_ns };
        if shared.counts(from_ns) {
            let signals = &mut shared.report.borrow_mut().signals;
            signals.sent += 1;
            if self.waited {
                signals.lateness.saturating_record(late_ns);
            }
        }
        format!(r#"{{"id":{from_ns},"data":null}}"#)
    }
}

/// Sends signals on a connection of their own, for a transport whose connection is taken. Ready only if that breaks.
pub(super) async fn side_channel(shared: &Shared, index: usize) -> Result<Infallible, ClientError> {
    if shared.assignment.signal_rate_hz > 0.0 && shared.assignment.transport == Transport::LongPoll {
        return Box::pin(post(shared, index)).await;
    }
    std::future::pending().await
}

async fn post(shared: &Shared, index: usize) -> Result<Infallible, ClientError> {
    let mut uplink = Uplink::new(shared.secured(shared.dial(index).await?).await?, &shared.request(index));
    let mut pace = Pace::new(shared);
    loop {
        let signal = pace.due(shared).await.signal(shared);
        let payload = loop {
            match uplink.signal(&signal, &shared.scratch).await {
                Err(ClientError::Ended) => uplink.reopen(shared.reopen(index).await?),
                payload => break payload?,
            }
        };
        let now_ns = clock::now_ns();
        payload.messages().try_for_each(|message| shared.acknowledged(message, now_ns))?;
    }
}
