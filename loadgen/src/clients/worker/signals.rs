//! Clients' own signals: when they are due, and how long they took.

use std::time::Duration;

use protocol::clock;
use rand::RngExt;
use tokio::time::{Instant, sleep_until};

use super::shared::Shared;

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
    pub(super) async fn due(&mut self, shared: &Shared) -> Due {
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
