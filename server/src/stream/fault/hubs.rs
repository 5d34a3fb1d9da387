//! Which hub a transport's subscribers read: the one that all updates are published into, or one of their own, which a relay
//! fills later.

use std::sync::Arc;

use protocol::Transport;

use super::{
    Fault, Misbehaviour,
    relay::{Relay, Showing},
};
use crate::stream::{
    hold::Hold,
    hub::{Hub, Room},
};

/// The hub that each transport's subscribers read: the one that is published into, unless a fault or a hold delays what they see.
#[derive(Debug)]
pub struct Hubs {
    published: Arc<Hub>,
    shown: [Arc<Hub>; Transport::SERVED.len()],
    hold: Option<Hold>,
}

impl Hubs {
    /// Empty hubs for so many shards each, as many as these faults and the hold need: one without any.
    pub fn new(faults: &[Fault], hold: Option<Hold>, room: &Room, shards: usize) -> Self {
        let published = Hub::new(room, shards);
        let shown = Transport::SERVED.map(|transport| match Showing::of(faults, hold.as_ref(), transport, 0) {
            None => Arc::clone(&published),
            Some(_) => Hub::new(room, shards),
        });
        Self { published, shown, hold }
    }

    /// The hub into which updates are published.
    pub fn published(&self) -> &Arc<Hub> {
        &self.published
    }

    /// The hub that a transport's subscribers read.
    pub fn of(&self, transport: Transport) -> &Arc<Hub> {
        &self.shown[transport.as_served() as usize]
    }

    /// The hubs that anybody reads, each once.
    pub fn read(&self) -> impl Iterator<Item = &Arc<Hub>> {
        let first = |place: usize| self.shown[..place].iter().all(|hub| !Arc::ptr_eq(hub, &self.shown[place]));
        self.shown.iter().enumerate().filter(move |(place, _)| first(*place)).map(|(_, hub)| hub)
    }

    /// What the publisher is to do wrong with a stream whose first update is due then; starts the threads for it.
    pub fn misbehaviour(&self, faults: &[Fault], first_due_ns: u64) -> anyhow::Result<Misbehaviour> {
        let showings = Transport::SERVED.into_iter().filter_map(|transport| {
            Some((self.of(transport), Showing::of(faults, self.hold.as_ref(), transport, first_due_ns)?))
        });
        let relays = showings.map(|(hub, showing)| Relay::start(Arc::clone(hub), showing));
        Ok(Misbehaviour::new(faults, relays.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use protocol::clock::now_ns;

    use super::*;
    use crate::stream::shard::{Shard, Subscription};

    const ROOM: Room = Room::new(100, 1 << 20);

    fn faults(specs: &[&str]) -> Vec<Fault> {
        specs.iter().map(|spec| spec.parse().unwrap()).collect()
    }

    #[test]
    fn there_is_one_hub_unless_a_fault_delays_what_is_seen() {
        for (specs, published_is_read, read) in [
            (&["drop:1:1", "late-publisher:1s", "stall-publisher:1s:1s"][..], true, 1),
            (&["delay:websocket:1ms"], true, 2),
            (&["stall-fanout:0s:1ms"], false, Transport::SERVED.len()),
        ] {
            let hubs = Hubs::new(&faults(specs), None, &ROOM, 1);
            assert_eq!(hubs.read().count(), read, "{specs:?}");
            assert_eq!(hubs.read().any(|hub| Arc::ptr_eq(hub, hubs.published())), published_is_read, "{specs:?}");
        }
    }

    #[test]
    fn a_relay_shows_everything_in_order_and_not_before_its_time() {
        let faults = faults(&["delay:websocket:20ms"]);
        let hubs = Hubs::new(&faults, None, &ROOM, 1);
        let hub = hubs.of(Transport::WebSocket);
        let shard = Shard::new(hub, 0, |_, _| unreachable!("batches are taken here, and not written"));
        let mut subscription = Subscription::new(&shard, Arc::clone(hub.broadcast()), &Arc::default(), None).unwrap();
        let published_ns = now_ns();
        let misbehaviour = hubs.misbehaviour(&faults, published_ns).unwrap();
        for line in ["one", "two"] {
            misbehaviour.pass_on(published_ns, hubs.published().broadcast(), line.as_bytes());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(async {
            tokio::spawn(async move { shard.serve().await });
            let mut seen = Vec::new();
            while subscription.cursor() < 2 {
                seen.extend_from_slice(&subscription.next().await.unwrap().lines());
                assert!(now_ns() >= published_ns + 20_000_000);
            }
            seen
        });
        assert_eq!(seen, b"one\ntwo\n");
    }
}
