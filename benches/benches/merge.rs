//! Merging the latencies of runs into those of their point.

use std::hint::black_box;

use benches::subject::{latencies, merge};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("merge");
    for runs in [2, 10] {
        let histograms = latencies(runs, 100_000);
        group.throughput(Throughput::Elements(runs));
        group.bench_function(BenchmarkId::new("histograms", runs), |b| b.iter(|| merge(black_box(&histograms))));
    }
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
