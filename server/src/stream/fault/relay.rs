//! Showing updates later than they are published: a thread publishes everything once more, into a hub of its own, when its
//! time has come.

use std::sync::{
    Arc,
    mpsc::{Receiver, Sender, channel},
};

use anyhow::Context;
use protocol::Transport;

use super::{Fault, Stall};
use crate::stream::{
    hold::Hold,
    hub::Hub,
    sleep::{sleep_precisely, sleep_until},
    topic::Topic,
};

/// When a transport's subscribers are shown what was published.
#[derive(Debug)]
pub(super) struct Showing {
    first_due_ns: u64,
    delay_ns: u64,
    stalls: Vec<Stall>,
    hold: Option<Hold>,
}

impl Showing {
    /// `None` if they see it at once. A hold is for those who are pushed to: who asks is held at every request.
    pub(super) fn of(faults: &[Fault], hold: Option<&Hold>, transport: Transport, first_due_ns: u64) -> Option<Self> {
        let hold = hold.filter(|_| !transport.asks()).cloned();
        let mut showing = Self { first_due_ns, delay_ns: 0, stalls: Vec::new(), hold };
        for fault in faults {
            match fault {
                Fault::StallFanout(stall) => showing.stalls.push(*stall),
                Fault::Delay { transport: of, by } if *of == transport => showing.delay_ns += by.as_nanos() as u64,
                _ => {}
            }
        }
        (showing.delay_ns > 0 || !showing.stalls.is_empty() || showing.hold.is_some()).then_some(showing)
    }

    fn at_ns(&self, published_ns: u64) -> u64 {
        let at_ns = published_ns + self.delay_ns + self.hold.as_ref().map_or(0, Hold::one_way_ns);
        self.stalls.iter().fold(at_ns, |at_ns, stall| stall.until_ns(self.first_due_ns, at_ns))
    }
}

/// The way to a thread that shows updates later. It ends when this is dropped and everything is shown.
#[derive(Debug)]
pub(super) struct Relay(Sender<Shown>);

/// When an update was published, its topic, and its line.
type Shown = (u64, Arc<Topic>, Box<[u8]>);

impl Relay {
    pub(super) fn start(hub: Arc<Hub>, showing: Showing) -> anyhow::Result<Self> {
        let (sender, published) = channel();
        std::thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || show(&published, &showing, &hub))
            .context("cannot start a relay's thread")?;
        Ok(Self(sender))
    }

    pub(super) fn pass_on(&self, published_ns: u64, topic: &Arc<Topic>, line: &[u8]) {
        // It ends only after this is dropped.
        let _ = self.0.send((published_ns, Arc::clone(topic), line.into()));
    }
}

/// Order is kept whatever the times are, so both hubs number the updates alike.
fn show(published: &Receiver<Shown>, showing: &Showing, hub: &Hub) {
    sleep_precisely();
    for (published_ns, topic, shown) in published {
        sleep_until(showing.at_ns(published_ns));
        hub.publish(&hub.own_topic(topic.name()), |_, line| line.extend_from_slice(&shown));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_counted_from_the_publication_and_a_stall_from_the_first_due_time() {
        let faults = ["delay:long-poll:10ns", "stall-fanout:100ns:50ns"].map(|spec| spec.parse().unwrap());
        let at = |transport, published_ns| Showing::of(&faults, None, transport, 1_000).unwrap().at_ns(published_ns);
        assert_eq!([1_000, 1_090, 1_139, 1_140].map(|ns| at(Transport::LongPoll, ns)), [1_010, 1_150, 1_150, 1_150]);
        assert_eq!([1_000, 1_099, 1_100].map(|ns| at(Transport::WebSocket, ns)), [1_000, 1_099, 1_150]);
    }

    #[test]
    fn a_hold_is_half_a_round_trip_for_those_who_are_pushed_to_and_may_change() {
        let hold = Hold::default();
        let showing = |transport| Showing::of(&[], Some(&hold), transport, 0);
        assert!(showing(Transport::LongPoll).is_none());
        let pushed = showing(Transport::WebSocket).unwrap();
        for (rtt_ms, at_ns) in [(0, 7), (100, 50_000_007), (1, 500_007)] {
            hold.set(rtt_ms);
            assert_eq!((pushed.at_ns(7), hold.rtt_ms()), (at_ns, rtt_ms));
        }
    }
}
