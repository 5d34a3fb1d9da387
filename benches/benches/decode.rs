//! What a client does with what it reads: frames, events, answers to polls, and the lines in each.

use std::hint::black_box;

use benches::subject::{batch, read_answer, read_events, read_frames, read_lines, sent};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::Transport;

type Read = fn(&[u8]) -> u64;

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for updates in [1, 10, 100] {
        group.throughput(Throughput::Elements(updates as u64));
        for (name, bytes, read) in [
            ("frames", sent(Transport::WebSocket, updates), read_frames as Read),
            ("events", sent(Transport::Sse, updates), read_events),
            ("answer", sent(Transport::LongPoll, updates), read_answer),
            ("lines", batch(updates).lines().to_vec(), read_lines),
        ] {
            group.bench_function(BenchmarkId::new(name, updates), |b| b.iter(|| read(black_box(&bytes))));
        }
    }
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
