//! Publishing one update to parked subscriptions, and each taking it: fan-out without sockets. And taking a batch.

use std::{hint::black_box, sync::Arc, time::Duration};

use benches::subject;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::clock;
use server::{
    stream::{
        hub::{Hub, Room},
        shard::{Shard, Subscription},
    },
    transports::frame,
};
use tokio::sync::mpsc;

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("hub");
    for cursors in [1_usize, 1_000, 10_000] {
        group.throughput(Throughput::Elements(cursors as u64));
        group.bench_function(BenchmarkId::new("publish", cursors), |b| {
            b.iter_custom(|updates| {
                tokio::runtime::Builder::new_current_thread()
                    .build()
                    .expect("a runtime")
                    .block_on(publish(cursors, updates))
            });
        });
    }
    group.finish();
}

fn take(c: &mut Criterion) {
    let mut group = c.benchmark_group("hub");
    for updates in [1, 10, 100] {
        let hub = subject::hub(updates);
        group.throughput(Throughput::Elements(updates as u64));
        group.bench_function(BenchmarkId::new("take", updates), |b| b.iter(|| hub.broadcast().after(black_box(0))));
    }
    group.finish();
}

/// The time from the first publication until every subscription has taken the last, each update waited for.
async fn publish(cursors: usize, updates: u64) -> Duration {
    let hub = Hub::new(&Room::new(16, 1 << 20), 1);
    let shard = Shard::new(&hub, 0, frame);
    let served = Arc::clone(&shard);
    tokio::spawn(async move { served.serve().await });
    let (taken, mut all_taken) = mpsc::channel(cursors);
    for _ in 0..cursors {
        let mut subscription = Subscription::new(&shard, Arc::clone(hub.broadcast()), &Arc::default(), None)
            .expect("no cursor to be expired");
        let taken = taken.clone();
        tokio::spawn(async move {
            while let Ok(batch) = subscription.next().await {
                std::hint::black_box(batch.frames());
                taken.send(batch.len()).await.expect("somebody counts");
            }
        });
    }
    tokio::task::yield_now().await;
    let begun_ns = clock::now_ns();
    for _ in 0..updates {
        subject::publish(&hub);
        let mut delivered = 0;
        while delivered < cursors {
            delivered += all_taken.recv().await.expect("the subscriptions live");
        }
        assert_eq!(delivered, cursors);
    }
    Duration::from_nanos(clock::now_ns() - begun_ns)
}

criterion_group!(name = all; config = benches::criterion(); targets = fan_out, take);
criterion_main!(all);
