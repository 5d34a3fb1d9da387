//! Instructions that the pure parts of a delivery take, counted under callgrind (Weidendorfer, Kowarschik and Trinitis, "A
//! tool suite for simulation based analysis of memory access behavior", ICCS 2004). They repeat exactly, so that a limit
//! on them can be hard. Run by `scripts/limits`.
//!
//! The counts are of the compiler in `rust-toolchain.toml` on x86-64. A change that is worth more instructions writes the
//! new count here, and says why; one that saves some writes it too, or the next would have its savings to spend.

#![expect(missing_docs, reason = "the macros make public items without any")]

use std::{hint::black_box, sync::Arc};

use benches::subject::{self, Recording};
use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use hdrhistogram::Histogram;
use protocol::Transport;
use server::{
    stream::{batch::Batch, hub::Hub},
    transports::frame,
};

/// Fails at more than 3% over the count that was kept.
fn kept(instructions: u64) -> LibraryBenchmarkConfig {
    LibraryBenchmarkConfig::default()
        .tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions + instructions * 3 / 100)]))
        .clone()
}

#[library_benchmark]
#[bench::small(args = (128), config = kept(535))]
#[bench::large(args = (65_536), config = kept(66_013))]
fn encode(bytes: usize) -> Vec<u8> {
    let mut line = Vec::with_capacity(bytes);
    subject::encode(123_456, bytes, &mut line);
    line
}

#[library_benchmark]
#[bench::one(args = (1_000), setup = subject::hub, config = kept(1_201))]
fn publish(hub: Arc<Hub>) -> Arc<Hub> {
    subject::publish(&hub);
    hub
}

#[library_benchmark]
#[bench::one(args = (1), setup = subject::hub, config = kept(221))]
#[bench::hundred(args = (100), setup = subject::hub, config = kept(7_626))]
fn take(hub: Arc<Hub>) -> (Arc<Hub>, Batch) {
    let batch = hub.broadcast().after(black_box(0)).expect("nothing has left the ring");
    (hub, batch)
}

#[library_benchmark]
#[bench::one(args = (1), setup = subject::batch, config = kept(115))]
#[bench::ten(args = (10), setup = subject::batch, config = kept(1_456))]
fn frame_websocket(batch: Batch) -> impl Sized {
    (frame(Transport::WebSocket, black_box(&batch)), batch)
}

#[library_benchmark]
#[bench::one(args = (1), setup = subject::batch, config = kept(468))]
#[bench::ten(args = (10), setup = subject::batch, config = kept(2_141))]
fn frame_events(batch: Batch) -> impl Sized {
    (frame(Transport::Sse, black_box(&batch)), batch)
}

#[library_benchmark]
#[bench::one(args = (1), setup = subject::batch, config = kept(3_043))]
#[bench::ten(args = (10), setup = subject::batch, config = kept(4_955))]
fn frame_answer(batch: Batch) -> impl Sized {
    (frame(Transport::LongPoll, black_box(&batch)), batch)
}

#[library_benchmark]
#[bench::one(args = (Transport::WebSocket, 1), setup = subject::sent, config = kept(1_130))]
#[bench::ten(args = (Transport::WebSocket, 10), setup = subject::sent, config = kept(6_742))]
fn read_frames(bytes: Vec<u8>) -> (Vec<u8>, u64) {
    let sum = subject::read_frames(black_box(&bytes));
    (bytes, sum)
}

#[library_benchmark]
#[bench::one(args = (Transport::Sse, 1), setup = subject::sent, config = kept(1_167))]
#[bench::ten(args = (Transport::Sse, 10), setup = subject::sent, config = kept(7_463))]
fn read_events(bytes: Vec<u8>) -> (Vec<u8>, u64) {
    let sum = subject::read_events(black_box(&bytes));
    (bytes, sum)
}

/// What finds stamps is made once in a process.
fn relayed(updates: usize) -> Vec<u8> {
    let bytes = subject::relayed(updates);
    subject::read_stamps(&bytes);
    bytes
}

#[library_benchmark]
#[bench::one(args = (1), setup = relayed, config = kept(946))]
#[bench::ten(args = (10), setup = relayed, config = kept(8_003))]
fn read_stamps(bytes: Vec<u8>) -> (Vec<u8>, u64) {
    let sum = subject::read_stamps(black_box(&bytes));
    (bytes, sum)
}

#[library_benchmark]
#[bench::one(args = (Transport::LongPoll, 1), setup = subject::sent, config = kept(2_535))]
#[bench::ten(args = (Transport::LongPoll, 10), setup = subject::sent, config = kept(5_857))]
fn read_answer(bytes: Vec<u8>) -> (Vec<u8>, u64) {
    let sum = subject::read_answer(black_box(&bytes));
    (bytes, sum)
}

fn started(deliveries: u64) -> (Recording, u64) {
    let mut recording = Recording::default();
    recording.record(1);
    (recording, deliveries)
}

#[library_benchmark]
#[bench::thousand(args = (1_000), setup = started, config = kept(473_201))]
fn record((mut recording, deliveries): (Recording, u64)) -> Recording {
    recording.record(black_box(deliveries));
    recording
}

#[library_benchmark]
#[bench::ten(args = (10, 10_000), setup = subject::latencies, config = kept(2_383_204))]
fn merge(histograms: Vec<Histogram<u64>>) -> (Vec<Histogram<u64>>, Histogram<u64>) {
    let merged = subject::merge(black_box(&histograms));
    (histograms, merged)
}

library_benchmark_group!(
    name = server_side,
    benchmarks = [encode, publish, take, frame_websocket, frame_events, frame_answer]
);
library_benchmark_group!(
    name = generator_side,
    benchmarks = [read_frames, read_events, read_stamps, read_answer, record, merge]
);

main!(library_benchmark_groups = [server_side, generator_side]);
