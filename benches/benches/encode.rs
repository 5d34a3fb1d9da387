//! Writing one update.

use benches::subject::{UPDATE_BYTES, encode};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for bytes in [UPDATE_BYTES, 1024, 65_536] {
        let mut line = Vec::with_capacity(bytes);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |b| b.iter(|| encode(123_456, bytes, &mut line)));
    }
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
