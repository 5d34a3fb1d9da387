//! Showing updates to a transport's subscribers later than they are published: they read a hub of their own, and a
//! thread publishes everything there once more, when its time has come.

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
};

use anyhow::Context;
use protocol::Transport;
use rustix::thread::set_current_timer_slack;

use super::{Fault, Misbehaviour, Stall};
use crate::stream::{
    hub::{History, Hub},
    publisher::sleep_until,
};

/// The hub that each transport's subscribers read: the one that is published into, unless a fault delays what they see.
#[derive(Debug)]
pub struct Hubs {
    published: Arc<Hub>,
    shown: [Arc<Hub>; Transport::ALL.len()],
}

impl Hubs {
    /// Empty hubs for so many shards each, as many as these faults need: one without any.
    pub fn new(faults: &[Fault], history: History, shards: usize) -> Self {
        let published = Hub::new(history, shards);
        let shown = Transport::ALL.map(|transport| match Showing::of(faults, transport, 0) {
            None => Arc::clone(&published),
            Some(_) => Hub::new(history, shards),
        });
        Self { published, shown }
    }

    /// The hub into which updates are published.
    pub fn published(&self) -> &Arc<Hub> {
        &self.published
    }

    /// The hub that a transport's subscribers read.
    pub fn of(&self, transport: Transport) -> &Arc<Hub> {
        &self.shown[transport as usize]
    }

    /// The hubs that anybody reads, each once.
    pub fn read(&self) -> impl Iterator<Item = &Arc<Hub>> {
        let first = |place: usize| self.shown[..place].iter().all(|hub| !Arc::ptr_eq(hub, &self.shown[place]));
        self.shown.iter().enumerate().filter(move |(place, _)| first(*place)).map(|(_, hub)| hub)
    }

    /// What the publisher is to do wrong with a stream whose first update is due then; starts the threads for it.
    pub fn misbehaviour(&self, faults: &[Fault], first_due_ns: u64) -> anyhow::Result<Misbehaviour> {
        let showings = Transport::ALL
            .into_iter()
            .filter_map(|transport| Some((self.of(transport), Showing::of(faults, transport, first_due_ns)?)));
        let relays = showings.map(|(hub, showing)| Relay::start(Arc::clone(hub), showing));
        Ok(Misbehaviour::new(faults, relays.collect::<Result<_, _>>()?))
    }
}

/// When a transport's subscribers are shown what was published.
#[derive(Debug)]
struct Showing {
    first_due_ns: u64,
    delay_ns: u64,
    stalls: Vec<Stall>,
}

impl Showing {
    /// `None` if they see it at once.
    fn of(faults: &[Fault], transport: Transport, first_due_ns: u64) -> Option<Self> {
        let mut showing = Self { first_due_ns, delay_ns: 0, stalls: Vec::new() };
        for fault in faults {
            match fault {
                Fault::StallFanout(stall) => showing.stalls.push(*stall),
                Fault::Delay { transport: of, by } if *of == transport => showing.delay_ns += by.as_nanos() as u64,
                _ => {}
            }
        }
        (showing.delay_ns > 0 || !showing.stalls.is_empty()).then_some(showing)
    }

    fn at_ns(&self, published_ns: u64) -> u64 {
        let at_ns = published_ns + self.delay_ns;
        self.stalls.iter().fold(at_ns, |at_ns, stall| stall.until_ns(self.first_due_ns, at_ns))
    }
}

/// The way to a thread that shows updates later. It ends when this is dropped and everything is shown.
#[derive(Debug)]
pub(super) struct Relay(Sender<(u64, Box<[u8]>)>);

impl Relay {
    fn start(hub: Arc<Hub>, showing: Showing) -> anyhow::Result<Self> {
        let (sender, published) = channel();
        std::thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || show(&published, &showing, &hub))
            .context("cannot start a relay's thread")?;
        Ok(Self(sender))
    }

    pub(super) fn pass_on(&self, published_ns: u64, line: &[u8]) {
        // It ends only after this is dropped.
        let _ = self.0.send((published_ns, line.into()));
    }
}

/// Order is kept whatever the times are, so both hubs number the updates alike.
fn show(published: &Receiver<(u64, Box<[u8]>)>, showing: &Showing, hub: &Hub) {
    let _ = set_current_timer_slack(NonZeroU64::new(1));
    for (published_ns, shown) in published {
        sleep_until(showing.at_ns(published_ns));
        hub.publish(|_, line| line.extend_from_slice(&shown));
    }
}

#[cfg(test)]
mod tests {
    use protocol::clock::now_ns;

    use super::*;

    const HISTORY: History = History::new(100, 1 << 20);

    fn faults(specs: &[&str]) -> Vec<Fault> {
        specs.iter().map(|spec| spec.parse().unwrap()).collect()
    }

    #[test]
    fn there_is_one_hub_unless_a_fault_delays_what_is_seen() {
        for (specs, published_is_read, read) in [
            (&["drop:1:1", "late-publisher:1s", "stall-publisher:1s:1s"][..], true, 1),
            (&["delay:websocket:1ms"], true, 2),
            (&["stall-fanout:0s:1ms"], false, 2),
        ] {
            let hubs = Hubs::new(&faults(specs), HISTORY, 1);
            assert_eq!(hubs.read().count(), read, "{specs:?}");
            assert_eq!(hubs.read().any(|hub| Arc::ptr_eq(hub, hubs.published())), published_is_read, "{specs:?}");
        }
    }

    #[test]
    fn a_delay_is_counted_from_the_publication_and_a_stall_from_the_first_due_time() {
        let faults = faults(&["delay:long-poll:10ns", "stall-fanout:100ns:50ns"]);
        let at = |transport, published_ns| Showing::of(&faults, transport, 1_000).unwrap().at_ns(published_ns);
        assert_eq!([1_000, 1_090, 1_139, 1_140].map(|ns| at(Transport::LongPoll, ns)), [1_010, 1_150, 1_150, 1_150]);
        assert_eq!([1_000, 1_099, 1_100].map(|ns| at(Transport::WebSocket, ns)), [1_000, 1_099, 1_150]);
    }

    #[test]
    fn a_relay_shows_everything_in_order_and_not_before_its_time() {
        let faults = faults(&["delay:websocket:20ms"]);
        let hubs = Hubs::new(&faults, HISTORY, 1);
        let mut subscription = crate::stream::shard::Subscription::new(
            hubs.of(Transport::WebSocket),
            hubs.of(Transport::WebSocket).shard(0),
            &Arc::default(),
            None,
        )
        .unwrap();
        let published_ns = now_ns();
        let misbehaviour = hubs.misbehaviour(&faults, published_ns).unwrap();
        for line in ["one", "two"] {
            misbehaviour.pass_on(published_ns, line.as_bytes());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(async {
            let hub = Arc::clone(hubs.of(Transport::WebSocket));
            tokio::spawn(async move { hub.shard(0).serve_bell(&hub).await });
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
