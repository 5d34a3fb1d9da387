//! Building the answer to a poll, and the frames and events that are sent instead.

use std::hint::black_box;

use benches::subject::batch;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::Transport;
use server::transports::frame;

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    for updates in [1, 10, 100] {
        let batch = batch(updates);
        group.throughput(Throughput::Elements(updates as u64));
        for transport in Transport::SERVED {
            let id = BenchmarkId::new(transport.to_string(), updates);
            group.bench_function(id, |b| b.iter(|| frame(transport, black_box(&batch))));
        }
    }
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
