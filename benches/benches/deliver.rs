//! Each transport from end to end: an update published, written by the server, read and recorded by the load generator,
//! over loopback. Elements a second are deliveries a second, one update in flight at a time.

use std::time::Duration;

use benches::Rig;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::{Transport, clock};

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("deliver");
    // An update to 1,000 clients takes milliseconds.
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    for transport in Transport::SERVED {
        for clients in [1, 1_000] {
            group.throughput(Throughput::Elements(clients.into()));
            let id = BenchmarkId::new(transport.to_string(), clients);
            let benched = Rig::with(transport, clients, |rig| {
                group.bench_function(id, |b| {
                    b.iter_custom(|updates| {
                        let begun_ns = clock::now_ns();
                        (0..updates).for_each(|_| rig.deliver());
                        Duration::from_nanos(clock::now_ns() - begun_ns)
                    });
                });
            });
            benched.expect("a server and its clients");
        }
    }
    group.finish();
}

criterion_group!(name = all; config = benches::criterion(); targets = bench);
criterion_main!(all);
