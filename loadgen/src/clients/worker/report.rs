//! What a worker brings back.

use std::sync::Arc;

use hdrhistogram::Histogram;
use protocol::signal::Ack;

use super::{assignment::Assignment, errors::Errors};
use crate::clients::{
    recorder::{ClientRecord, Progress, Recorder},
    transports::shown,
    window::histogram,
};

/// What a worker brings back.
#[derive(Debug)]
pub struct Report {
    /// Its record.
    pub recorder: Recorder,
    /// From the beginning of each connection until its client was ready, nanoseconds.
    pub handshake: Histogram<u64>,
    /// The part of that which came after the TCP connection and TLS: one exchange on an idle connection.
    pub exchange: Histogram<u64>,
    /// The part that was the TLS handshake.
    pub tls_handshake: Histogram<u64>,
    /// What it agreed on.
    pub tls_agreed: Option<String>,
    /// One for every client, if it was ready.
    pub clients: Vec<Option<ClientRecord>>,
    /// What became of its clients' signals.
    pub signals: SignalRecord,
    /// Updates that its clients said and that count: the schedule of each, its `seq` there, and how late it was said, nanoseconds.
    pub said: Vec<(Option<u32>, u64, u64)>,
    /// From the beginning of saying one until that was answered, where it was posted, nanoseconds.
    pub acknowledged: Histogram<u64>,
    /// Connections that a disturbance ended, and tries to come back from it that failed.
    pub disturbances: Errors,
    /// How late bytes were read, on a sample of the connections.
    pub loop_lag: Histogram<u64>,
    /// The same otherwise, first connections included.
    pub errors: Errors,
    /// The beginning of the first message of a server of others in which no stamp was found.
    pub(super) unstamped: Option<Box<str>>,
}

impl Report {
    /// An empty one.
    pub(super) fn new(assignment: &Assignment, progress: Arc<Progress>) -> Self {
        Self {
            recorder: Recorder::new(assignment.phase.clone(), progress),
            handshake: histogram(3),
            exchange: histogram(3),
            tls_handshake: histogram(3),
            tls_agreed: None,
            clients: vec![None; assignment.clients.len()],
            signals: SignalRecord::default(),
            said: Vec::new(),
            acknowledged: histogram(3),
            disturbances: Errors::default(),
            loop_lag: histogram(3),
            errors: Errors::default(),
            unstamped: None,
        }
    }

    /// What came of a measure phase; and in its place an empty one, of the same clients where they stand.
    pub(super) fn hand_over(&mut self, assignment: &Assignment, progress: Arc<Progress>) -> Self {
        let clients = self.clients.iter().map(|client| client.as_ref().map(ClientRecord::anew)).collect();
        let next = Self { clients, tls_agreed: self.tls_agreed.clone(), ..Self::new(assignment, progress) };
        std::mem::replace(self, next)
    }

    /// Closes it. Says so, where not one stamp came back: then what came is not what was published.
    ///
    /// `begun`: of something that had not come whole by the end.
    pub(super) fn closed(mut self, updates: u64, begun: Option<Box<[u8]>>) -> Self {
        self.recorder.close();
        let body = |came: &[u8]| memchr::memmem::find(came, b"\r\n\r\n").map_or(0, |end| end + 4);
        let words = match (self.unstamped.take(), begun) {
            (Some(came), _) => format!("no stamp came back, but `{came}`"),
            (None, Some(came)) => {
                let came = shown(&came[body(&came)..]);
                format!(
                    "no stamp came back whole: something has begun and not ended, `{came}`; a stream is no answer to a poll"
                )
            }
            (None, None) => return self,
        };
        if updates == 0 {
            self.errors.meet_as("Unstamped", &words);
        }
        self
    }
}

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
