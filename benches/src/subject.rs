//! The pure parts of a delivery, ready to be called: timed by Criterion, counted in instructions.

use std::{hint::black_box, sync::Arc};

use bytes::Buf as _;
use hdrhistogram::Histogram;
use loadgen::clients::{
    recorder::{ClientRecord, Receipt, Recorder, Seat},
    transports::{answer, event, frame, inbox::Front},
    window::{MeasurePhase, histogram},
};
use protocol::{Transport, Update, control::Window, stamp, update::encode_padded_into, wire};
use server::{
    stream::{
        batch::Batch,
        hub::{Hub, Room},
    },
    transports,
};

/// Length of every update, bytes: what the scenarios have.
pub const UPDATE_BYTES: usize = 128;

/// Writes one update over another.
pub fn encode(seq: u64, bytes: usize, line: &mut Vec<u8>) {
    line.clear();
    encode_padded_into(black_box(seq), black_box(123_456_789_012_345), bytes, line);
}

/// A hub without subscribers, and so many updates in it.
pub fn hub(updates: usize) -> Arc<Hub> {
    let hub = Hub::new(&Room::new(4_096, 64 << 20), 1);
    (0..updates).for_each(|_| publish(&hub));
    hub
}

/// Publishes an update.
pub fn publish(hub: &Hub) {
    hub.publish(hub.broadcast(), |seq, line| encode_padded_into(seq, 123_456_789_012_345, UPDATE_BYTES, line));
}

/// Everything that a new hub holds. It has been framed before: the allocator has what that takes at hand, as it has in a server that runs.
pub fn batch(updates: usize) -> Batch {
    let batch = hub(updates).broadcast().after(0).expect("nothing has left the ring");
    Transport::SERVED.into_iter().for_each(|transport| drop(transports::frame(transport, &batch)));
    batch
}

/// A batch as it goes over the wire.
pub fn sent(transport: Transport, updates: usize) -> Vec<u8> {
    over_the_wire(transport, &batch(updates))
}

/// As many updates over a WebSocket, as a server of others relays them.
pub fn relayed(updates: usize) -> Vec<u8> {
    let hub = hub(0);
    for _ in 0..updates {
        hub.publish(hub.broadcast(), |seq, line| stamp::padded_line_into(seq, 123_456_789_012_345, UPDATE_BYTES, line));
    }
    over_the_wire(Transport::WebSocket, &hub.broadcast().after(0).expect("nothing has left the ring"))
}

fn over_the_wire(transport: Transport, batch: &Batch) -> Vec<u8> {
    let mut framed = transports::frame(transport, batch);
    framed.copy_to_bytes(framed.remaining()).into()
}

/// Takes frames apart, down to the updates; the sum of their numbers.
pub fn read_frames(bytes: &[u8]) -> u64 {
    read_each_frame(bytes, read_lines)
}

/// Takes frames apart, down to the stamps in them; the sum of their numbers.
pub fn read_stamps(bytes: &[u8]) -> u64 {
    read_each_frame(bytes, |text| stamp::updates(text).map(|update| update.seq).sum())
}

fn read_each_frame(bytes: &[u8], read: impl Fn(&[u8]) -> u64) -> u64 {
    let Front::Whole(frame::Kind::Messages, end) = frame::front(bytes, 1 << 20) else {
        panic!("messages, and nothing else")
    };
    let (mut rest, mut sum) = (&bytes[..end], 0);
    while let Some((text, after)) = frame::split(rest) {
        sum += read(text);
        rest = after;
    }
    sum
}

/// Takes events apart, down to the updates; the sum of their numbers.
pub fn read_events(bytes: &[u8]) -> u64 {
    let (mut rest, mut sum) = (bytes, 0);
    while let Some((line, after)) = event::split(rest) {
        sum += read_lines(line);
        rest = after;
    }
    sum
}

/// Takes an answer to a poll apart, down to the updates; the sum of their numbers.
pub fn read_answer(bytes: &[u8]) -> u64 {
    let Ok(Front::Whole(answer, _)) = answer::front(bytes) else { panic!("a whole answer") };
    read_lines(&bytes[answer.body])
}

/// Takes lines apart; the sum of their numbers.
pub fn read_lines(bytes: &[u8]) -> u64 {
    wire::updates(bytes).map(|update| update.expect("what was written is read").seq).sum()
}

/// A recorder, and the one client whose deliveries it records.
#[derive(Debug)]
pub struct Recording {
    recorder: Recorder,
    client: ClientRecord,
}

impl Default for Recording {
    fn default() -> Self {
        let phase = MeasurePhase::of(Window { from_ns: 0, to_ns: 1 << 50 });
        Self { recorder: Recorder::new(phase, Arc::default()), client: ClientRecord::new(0, 0, Seat::default()) }
    }
}

impl Recording {
    /// Records so many deliveries, each a little later than the one before.
    pub fn record(&mut self, deliveries: u64) {
        for _ in 0..deliveries {
            let seq = self.client.tracker.cursor() + 1;
            let due_ns = seq * 1_000;
            let receipt = Receipt { asked_ns: 0, received_ns: due_ns + 1_000_000 + seq % 4_096 };
            let update = &Update { seq, due_ns, data: b"0" };
            self.recorder.record(&mut self.client, black_box(update), 0, receipt).expect("the next in order");
        }
    }
}

/// Histograms of latency as runs leave them, each of so many deliveries.
pub fn latencies(histograms: u64, deliveries: u64) -> Vec<Histogram<u64>> {
    let of = |run: u64| {
        let mut latency = histogram(3);
        (0..deliveries).for_each(|n| latency.record(1_000 + run * 77 + n * n % 40_000_000).expect("within the bounds"));
        latency
    };
    (0..histograms).map(of).collect()
}

/// All of them in one.
pub fn merge(histograms: &[Histogram<u64>]) -> Histogram<u64> {
    let mut all = histogram(3);
    histograms.iter().for_each(|one| all.add(one).expect("the same bounds"));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_benches_read_is_what_was_sent() {
        let sum = (1..=10).sum::<u64>();
        assert_eq!(read_frames(&sent(Transport::WebSocket, 10)), sum);
        assert_eq!(read_events(&sent(Transport::Sse, 10)), sum);
        assert_eq!(read_answer(&sent(Transport::LongPoll, 10)), sum);
        assert_eq!(read_lines(&batch(10).lines()), sum);
        assert_eq!(read_stamps(&relayed(10)), sum);
    }

    #[test]
    fn every_delivery_is_recorded_and_merged() {
        let mut recording = Recording::default();
        recording.record(100);
        assert_eq!(recording.recorder.latency.len(), 100);
        assert_eq!(merge(&latencies(3, 50)).len(), 150);
    }
}
