//! What one worker thread records: latency from the due time, counts, and how far it has come.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hdrhistogram::Histogram;
use protocol::{Update, control::Window};

use super::{
    arrivals::Arrivals,
    reconnect::Reconnect,
    speech::speaker,
    spread::Spreads,
    tracker::{Arrival, OutOfBounds, Tracker},
    window::{LATENCY_NS_MAX, MeasurePhase, histogram},
};

/// Into how many slices the measure phase is cut, to show how latency went within it.
pub const SLICES: usize = 24;

/// How far a worker has come, for others to see while it works. One thread writes.
#[derive(Debug)]
pub struct Progress {
    /// Clients that the server has.
    pub ready: AtomicU64,
    /// Clients that have ended in error.
    pub failed: AtomicU64,
    /// Clients that were refused, never were ready, and try again.
    pub trying_again: AtomicU64,
    /// How often a client that had come back was current again.
    pub current: AtomicU64,
    /// Connections opened again because the server had ended them as HTTP allows.
    pub reopened: AtomicU64,
    /// Deliveries that count.
    pub delivered: AtomicU64,
    /// Updates received at any time.
    pub updates: AtomicU64,
    /// Payloads that held any.
    pub payloads: AtomicU64,
    /// The last update seen that was due before the measure phase, 0 for none.
    pub last_before: AtomicU64,
    /// The first update seen that was due after it, `u64::MAX` for none.
    pub first_after: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            ready: zero(),
            failed: zero(),
            trying_again: zero(),
            current: zero(),
            reopened: zero(),
            delivered: zero(),
            updates: zero(),
            payloads: zero(),
            last_before: zero(),
            first_after: AtomicU64::new(u64::MAX),
        }
    }
}

impl Progress {
    /// Gives the deliveries that counted, and forgets what is of one measure phase.
    fn begin_anew(&self) -> u64 {
        self.last_before.store(0, Relaxed);
        self.first_after.store(u64::MAX, Relaxed);
        self.delivered.swap(0, Relaxed)
    }
}

/// When a payload came.
#[derive(Debug, Clone, Copy)]
pub struct Receipt {
    /// When the client asked for it: sent its poll, or was done with the payload before.
    pub asked_ns: u64,
    /// When its bytes were there.
    pub received_ns: u64,
}

/// What is kept for each client.
#[derive(Debug, Clone)]
pub struct ClientRecord {
    /// What it has seen.
    pub tracker: Tracker,
    /// When it last heard anything.
    pub heard_ns: u64,
    /// How it came back.
    pub reconnect: Reconnect,
    seat: Seat,
    latency_sum_ns: u64,
    deliveries: u64,
}

/// What a client has to do with others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seat {
    /// The number of its topic; 0 where all have the same.
    pub topic: u32,
    /// Its own number, where clients speak.
    pub speaker: Option<u32>,
}

impl ClientRecord {
    /// A client that has been ready since then, and is to receive everything after `cursor`.
    pub fn new(cursor: u64, ready_ns: u64, seat: Seat) -> Self {
        let (tracker, reconnect) = (Tracker::new(cursor), Reconnect::default());
        Self { tracker, heard_ns: ready_ns, reconnect, seat, latency_sum_ns: 0, deliveries: 0 }
    }

    /// Whether it said an update itself.
    fn said(&self, update: &Update<'_>) -> bool {
        self.seat.speaker.is_some_and(|number| speaker(update.data) == Some(number))
    }

    /// Goes on where it stands, with none of its deliveries.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { latency_sum_ns: 0, deliveries: 0, ..self.clone() }
    }

    /// The mean latency of its deliveries that count.
    pub fn mean_latency_ns(&self) -> Option<u64> {
        self.latency_sum_ns.checked_div(self.deliveries)
    }
}

/// Latency of deliveries that count, by what the update found; see [`protocol::results::Polling`].
#[derive(Debug)]
pub struct Meeting {
    /// A poll that was there.
    pub parked: Histogram<u64>,
    /// None.
    pub between: Histogram<u64>,
    /// Another update in the same answer.
    pub rode: Histogram<u64>,
}

/// One thread's record. Never shared, so never locked; merged when the run is over.
#[derive(Debug)]
pub struct Recorder {
    phase: MeasurePhase,
    progress: Arc<Progress>,
    /// Deliveries that count, once it is closed.
    delivered: u64,
    /// Latency of deliveries that count, nanoseconds, three significant digits.
    pub latency: Histogram<u64>,
    /// The same by slice, two digits.
    pub slices: Vec<Histogram<u64>>,
    /// The same by what the update found, two digits; meaningful for transports that ask.
    pub meeting: Meeting,
    /// Latency of deliveries to who said the update, nanoseconds, which count but are in none of the others.
    pub own: Histogram<u64>,
    /// Who had each update first and last.
    pub spreads: Spreads,
    /// What came of a server that pushes by itself.
    pub arrivals: Arrivals,
    /// Counted updates that came again.
    pub duplicated: u64,
    /// Counted updates that came after a later one.
    pub reordered: u64,
    /// Counted updates whose latency the histogram cannot hold.
    pub out_of_range: u64,
}

impl Recorder {
    /// An empty record of a phase that may not be known yet.
    pub fn new(phase: MeasurePhase, progress: Arc<Progress>) -> Self {
        Self {
            phase,
            progress,
            delivered: 0,
            latency: histogram(3),
            slices: vec![histogram(2); SLICES],
            meeting: Meeting { parked: histogram(2), between: histogram(2), rode: histogram(2) },
            own: histogram(3),
            spreads: Spreads::default(),
            arrivals: Arrivals::default(),
            duplicated: 0,
            reordered: 0,
            out_of_range: 0,
        }
    }

    /// Records the update at `position` of a payload that came to a client then; nothing of one that cannot be.
    // Inlined, the look at what comes back is the one that was made here.
    #[inline]
    pub fn record(
        &mut self,
        client: &mut ClientRecord,
        update: &Update<'_>,
        position: usize,
        receipt: Receipt,
    ) -> Result<(), OutOfBounds> {
        let arrival = client.tracker.see(update.seq)?;
        bump(&self.progress.updates);
        let Some(window) = self.phase.get() else { return Ok(()) };
        if update.due_ns < window.from_ns {
            self.progress.last_before.fetch_max(update.seq, Relaxed);
        } else if update.due_ns >= window.to_ns {
            self.progress.first_after.fetch_min(update.seq, Relaxed);
        } else {
            match arrival {
                Arrival::Duplicate => self.duplicated += 1,
                Arrival::Reordered => {
                    self.reordered += 1;
                    self.count(client, update, position, receipt, window);
                }
                Arrival::InOrder => self.count(client, update, position, receipt, window),
            }
        }
        Ok(())
    }

    /// Takes note of a message of a server that pushes by itself: it counts where it comes within the measure phase.
    pub fn arrived(&mut self, client: usize, message: &[u8], received_ns: u64) {
        bump(&self.progress.updates);
        if self.phase.get().is_some_and(|window| window.contains(received_ns)) {
            bump(&self.progress.delivered);
            self.arrivals.add(client, message, received_ns);
        }
    }

    /// Records nothing more: what is seen of its progress from here on is another's.
    pub fn close(&mut self) {
        self.delivered = self.progress.begin_anew();
    }

    /// Deliveries that count, of one that is closed.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Takes note that a payload with updates has come.
    pub fn payload(&self) {
        bump(&self.progress.payloads);
    }

    fn count(
        &mut self,
        client: &mut ClientRecord,
        update: &Update<'_>,
        position: usize,
        Receipt { asked_ns, received_ns }: Receipt,
        window: Window,
    ) {
        bump(&self.progress.delivered);
        let Some(latency_ns) =
            received_ns.checked_sub(update.due_ns).filter(|latency_ns| *latency_ns <= LATENCY_NS_MAX)
        else {
            // Received before it was due cannot be: a clock that says so is out of range as well.
            self.out_of_range += 1;
            return;
        };
        if client.said(update) {
            self.own.record(latency_ns).expect("within the bounds, which are the same");
            self.spreads.note(client.seat.topic, update.seq, update.due_ns);
            return;
        }
        let phase_ns = window.to_ns - window.from_ns;
        let slice = u128::from(update.due_ns - window.from_ns) * SLICES as u128 / u128::from(phase_ns);
        let met = match position {
            0 if update.due_ns >= asked_ns => &mut self.meeting.parked,
            0 => &mut self.meeting.between,
            _ => &mut self.meeting.rode,
        };
        for histogram in [&mut self.latency, &mut self.slices[slice as usize], met] {
            histogram.record(latency_ns).expect("within the bounds, which are the same");
        }
        self.spreads.add(client.seat.topic, update.seq, update.due_ns, received_ns);
        client.latency_sum_ns += latency_ns;
        client.deliveries += 1;
    }
}

/// Adds one where a single thread writes: no locked instruction.
fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::spread::fan_out;

    const WINDOW: Window = Window { from_ns: 1_000, to_ns: 3_400 };

    fn recorder() -> Recorder {
        Recorder::new(MeasurePhase::of(WINDOW), Arc::default())
    }

    fn at(received_ns: u64) -> Receipt {
        Receipt { asked_ns: 0, received_ns }
    }

    fn update(seq: u64, due_ns: u64) -> Update<'static> {
        Update { seq, due_ns, data: b"0" }
    }

    #[test]
    fn only_what_is_due_in_the_measure_phase_counts_however_late_it_comes() {
        let (mut recorder, mut client) = (recorder(), ClientRecord::new(0, 0, Seat::default()));
        for (seq, due_ns) in [(1, 999), (2, 1_000), (3, 3_399), (4, 3_400)] {
            recorder.record(&mut client, &update(seq, due_ns), 0, at(10_000)).unwrap();
        }
        let progress = &recorder.progress;
        assert_eq!(progress.delivered.load(Relaxed), 2);
        assert_eq!((progress.last_before.load(Relaxed), progress.first_after.load(Relaxed)), (1, 4));
        assert_eq!((recorder.latency.len(), recorder.latency.max() / 8 * 8), (2, 9_000));
        assert_eq!((recorder.slices[0].len(), recorder.slices[SLICES - 1].len()), (1, 1));
    }

    #[test]
    fn a_duplicate_is_counted_but_is_no_delivery() {
        let (mut recorder, mut client) = (recorder(), ClientRecord::new(0, 0, Seat::default()));
        for seq in [1, 3, 2, 2] {
            recorder.record(&mut client, &update(seq, 2_000), 0, at(2_500)).unwrap();
        }
        assert_eq!(recorder.latency.len(), 3);
        assert_eq!((recorder.duplicated, recorder.reordered), (1, 1));
    }

    #[test]
    fn a_number_out_of_all_bounds_counts_nowhere_and_spoils_no_other() {
        let (mut recorder, mut client) = (recorder(), ClientRecord::new(6, 0, Seat::default()));
        let wild = recorder.record(&mut client, &update(1 << 40, 2_000), 0, at(2_500));
        assert_eq!((wild, recorder.progress.updates.load(Relaxed)), (Err(OutOfBounds), 0));
        for seq in [7, 8] {
            recorder.record(&mut client, &update(seq, 2_000), 0, at(2_500)).unwrap();
        }
        recorder.close();
        assert_eq!((recorder.delivered(), client.tracker.missed(7, 8)), (2, 0));
        assert_eq!(fan_out(&[&recorder.spreads], |_| 1, None).last.len(), 2);
    }

    #[test]
    fn what_the_histogram_cannot_hold_is_counted_and_not_clamped() {
        let (mut recorder, mut client) = (recorder(), ClientRecord::new(0, 0, Seat::default()));
        recorder.record(&mut client, &update(1, 2_000), 0, at(1_999)).unwrap();
        recorder.record(&mut client, &update(2, 2_000), 0, at(3 * LATENCY_NS_MAX)).unwrap();
        assert_eq!((recorder.out_of_range, recorder.latency.len()), (2, 0));
        assert_eq!(recorder.progress.delivered.load(Relaxed), 2);
    }

    #[test]
    fn an_update_finds_a_poll_or_waits_for_the_next_or_rides_behind_another() {
        let (mut recorder, mut client) = (recorder(), ClientRecord::new(0, 0, Seat::default()));
        let receipt = Receipt { asked_ns: 2_000, received_ns: 2_500 };
        recorder.record(&mut client, &update(1, 2_000), 0, receipt).unwrap();
        recorder.record(&mut client, &update(2, 1_999), 0, receipt).unwrap();
        recorder.record(&mut client, &update(3, 2_000), 1, receipt).unwrap();
        let Meeting { parked, between, rode } = &recorder.meeting;
        assert_eq!((parked.len(), between.len(), rode.len()), (1, 1, 1));
        assert_eq!(client.mean_latency_ns(), Some(500));
    }

    #[test]
    fn before_the_phase_is_known_nothing_counts() {
        let mut recorder = Recorder::new(MeasurePhase::default(), Arc::default());
        recorder.record(&mut ClientRecord::new(0, 0, Seat::default()), &update(1, 2_000), 0, at(2_500)).unwrap();
        assert_eq!(recorder.latency.len(), 0);
        assert_eq!(recorder.progress.updates.load(Relaxed), 1);
    }
}
