//! Reading a results folder and rendering its report. The goal is two seconds for 200 runs.

use criterion::{Criterion, criterion_group, criterion_main};
use reports::fixture::{self, Sweep};

fn report(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let results = Sweep::large().results_in(dir.path());
    fixture::save(&results).expect("a writable temporary folder");
    let mut group = c.benchmark_group("report");
    group.sample_size(10);
    group.bench_function("load 200 runs", |b| b.iter(|| reports::load(dir.path()).expect("what was saved")));
    group.bench_function("render 200 runs", |b| b.iter(|| reports::write(&results).expect("a writable folder")));
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = report);
criterion_main!(all);
