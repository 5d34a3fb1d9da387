//! Writing and reading one update.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::{Update, update::encode_padded_into};

fn update(c: &mut Criterion) {
    let mut group = c.benchmark_group("update");
    for bytes in [128, 1024, 65_536] {
        group.throughput(Throughput::Bytes(bytes as u64));
        let mut line = Vec::with_capacity(bytes);
        group.bench_function(BenchmarkId::new("encode", bytes), |b| {
            b.iter(|| {
                line.clear();
                encode_padded_into(black_box(123_456), black_box(123_456_789_012_345), bytes, &mut line);
            });
        });
        assert_eq!(line.len(), bytes);
        group.bench_function(BenchmarkId::new("parse", bytes), |b| {
            b.iter(|| Update::parse(black_box(&line)).expect("what was written is read"));
        });
    }
    group.finish();
}

criterion_group!(benches, update);
criterion_main!(benches);
