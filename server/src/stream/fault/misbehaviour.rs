//! What the publisher is made to do wrong: publish late, and leave it to relays to show an update to some.

use std::sync::Arc;

use super::{Fault, relay::Relay};
use crate::stream::topic::Topic;

/// The publisher's faults; none by default.
#[derive(Debug, Default)]
pub struct Misbehaviour {
    faults: Vec<Fault>,
    relays: Vec<Relay>,
}

impl Misbehaviour {
    pub(super) fn new(faults: &[Fault], relays: Vec<Relay>) -> Self {
        Self { faults: faults.to_vec(), relays }
    }

    /// When an update is published.
    pub(crate) fn publish_at_ns(&self, first_due_ns: u64, due_ns: u64) -> u64 {
        self.faults.iter().fold(due_ns, |at_ns, fault| match *fault {
            Fault::StallPublisher(stall) => stall.until_ns(first_due_ns, at_ns),
            Fault::LatePublisher { by } => at_ns + by.as_nanos() as u64,
            _ => at_ns,
        })
    }

    /// Gives an update that was published then to those who show it later.
    pub(crate) fn pass_on(&self, published_ns: u64, topic: &Arc<Topic>, line: &[u8]) {
        self.relays.iter().for_each(|relay| relay.pass_on(published_ns, topic, line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stalls_and_lateness_move_the_publication() {
        let faults = ["stall-publisher:100ns:50ns", "late-publisher:7ns", "stall-fanout:0s:1s"];
        let faults = Misbehaviour::new(&faults.map(|spec| spec.parse().unwrap()), Vec::new());
        assert_eq!([0, 120, 150].map(|due_ns| faults.publish_at_ns(0, due_ns)), [7, 157, 157]);
        assert_eq!(Misbehaviour::default().publish_at_ns(0, 120), 120);
    }
}
