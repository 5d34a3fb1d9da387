//! Recording a delivery: the client's place in the stream, four histograms, the update's spread.

use benches::subject::Recording;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const DELIVERIES: u64 = 10_000;

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("record");
    group.throughput(Throughput::Elements(DELIVERIES));
    group.bench_function("deliveries", |b| {
        b.iter_batched_ref(Recording::default, |recording| recording.record(DELIVERIES), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
