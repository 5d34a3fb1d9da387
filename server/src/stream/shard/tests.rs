//! What subscribers may rely on.

use std::sync::Barrier;

use super::*;
use crate::stream::hub::Room;

const ROOM: Room = Room::new(100_000, 1 << 24);

fn shard(hub: &Arc<Hub>) -> Arc<Shard> {
    Shard::new(hub, 0, |_, _| unreachable!("batches are taken here, and not written"))
}

fn subscribe(shard: &Arc<Shard>) -> Subscription {
    Subscription::new(shard, Arc::clone(shard.hub().broadcast()), &Arc::default(), None).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn no_update_and_no_wake_up_is_lost_between_threads() {
    const UPDATES: u64 = 20_000;
    let hub = Hub::new(&ROOM, 1);
    let shard = shard(&hub);
    let subscriptions: Vec<_> = (0..50).map(|_| subscribe(&shard)).collect();
    let begin = Arc::new(Barrier::new(2));
    let publisher = std::thread::spawn({
        let (hub, begin) = (Arc::clone(&hub), Arc::clone(&begin));
        move || {
            begin.wait();
            for _ in 0..UPDATES {
                hub.publish(hub.broadcast(), |seq, line| line.extend(seq.to_string().bytes()));
            }
        }
    });
    runtime().block_on(async {
        tokio::spawn(async move { shard.serve().await });
        let readers: Vec<_> = subscriptions
            .into_iter()
            .map(|mut subscription| {
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while subscription.cursor() < UPDATES {
                        seen.extend_from_slice(&subscription.next().await.unwrap().lines());
                    }
                    seen
                })
            })
            .collect();
        begin.wait();
        let expected = (1..=UPDATES).map(|seq| seq.to_string() + "\n").collect::<String>();
        for reader in readers {
            assert!(reader.await.unwrap() == expected.as_bytes());
        }
    });
    publisher.join().unwrap();
}

#[test]
fn the_order_of_service_rotates() {
    let hub = Hub::new(&ROOM, 1);
    let mut firsts = std::collections::HashSet::new();
    runtime().block_on(async {
        let shard = shard(&hub);
        let served_here = Arc::clone(&shard);
        tokio::spawn(async move { served_here.serve().await });
        let (sender, mut served) = tokio::sync::mpsc::unbounded_channel();
        for client in 0..10 {
            let (mut subscription, sender) = (subscribe(&shard), sender.clone());
            tokio::spawn(async move {
                while subscription.next().await.is_ok() {
                    sender.send(client).unwrap();
                }
            });
        }
        tokio::task::yield_now().await;
        for _ in 0..30 {
            hub.publish(hub.broadcast(), |_, line| line.push(b'1'));
            firsts.insert(served.recv().await.unwrap());
            for _ in 1..10 {
                served.recv().await.unwrap();
            }
        }
    });
    assert_eq!(firsts.len(), 10, "every client came first at some time");
}

#[test]
fn draining_ends_a_subscription_once_it_is_current() {
    let hub = Hub::new(&ROOM, 1);
    let mut subscription = subscribe(&shard(&hub));
    hub.publish(hub.broadcast(), |_, line| line.push(b'1'));
    hub.drain();
    runtime().block_on(async {
        assert_eq!(subscription.next().await.unwrap().len(), 1);
        assert_eq!(subscription.next().await.unwrap_err(), Ended::Draining);
    });
}
