//! What a path does to a packet: how long it is under way, and whether it arrives.

use protocol::results::{Path, RoundTrip};
use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::{addresses::Addresses, packet::Head};

const NS_PER_MS: f64 = 1e6;
/// By how many bits the connections are told apart for which jitter keeps the order. Two that share a place keep it between them, too,
/// which makes some of their packets a little later.
const FLOW_BITS: u32 = 17;

/// What a link does to packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// Round trip, jitter and loss.
    pub path: Path,
    /// Of everything that is drawn: each client's round trip, each packet's jitter and loss.
    pub seed: u64,
}

impl Conditions {
    /// How long a packet of that client is under way, either way and without jitter, nanoseconds: half its round trip, which
    /// is drawn by its number.
    pub fn one_way_ns(&self, client: u32) -> u64 {
        let rtt = self.path.rtt_ms;
        let rtt_ms = if rtt.from < rtt.to {
            SmallRng::seed_from_u64(self.seed ^ u64::from(client) << 32).random_range(rtt.from..=rtt.to)
        } else {
            rtt.from
        };
        // Rounded up, so that there and back takes no less than was asked.
        (rtt_ms * NS_PER_MS / 2.0).ceil() as u64
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is due at the other end then.
    Due { due_ns: u64 },
    /// It is lost, as was asked for.
    Lost,
    /// It fell into an outage.
    Cut,
}

/// Conditions at work.
pub(super) struct Fates {
    conditions: Conditions,
    addresses: Addresses,
    rng: SmallRng,
    /// Jitter is drawn up to here.
    jitter_ns: u64,
    loss: f64,
    /// When the last packet of a connection and direction is due. Without jitter, and while the round trip stays, their packets keep
    /// their order by themselves.
    last_due_ns: Vec<u64>,
    /// Everything is dropped until then.
    pub(super) outage_until_ns: u64,
}

impl Fates {
    pub(super) fn new(conditions: Conditions, addresses: Addresses) -> Self {
        let Conditions { path, seed } = conditions;
        let jitter_ns = (path.jitter_ms * NS_PER_MS) as u64;
        Self {
            conditions,
            addresses,
            rng: SmallRng::seed_from_u64(seed),
            jitter_ns,
            loss: path.loss_percent / 100.0,
            last_due_ns: vec![0; if jitter_ns > 0 { 1 << FLOW_BITS } else { 0 }],
            outage_until_ns: 0,
        }
    }

    /// What becomes of a packet that was sent then.
    pub(super) fn of(&mut self, head: Head, sent_ns: u64) -> Fate {
        if sent_ns < self.outage_until_ns {
            return Fate::Cut;
        }
        if self.loss > 0.0 && self.rng.random_bool(self.loss) {
            return Fate::Lost;
        }
        let due_ns = sent_ns + self.conditions.one_way_ns(self.addresses.client(head.source));
        if self.last_due_ns.is_empty() {
            return Fate::Due { due_ns };
        }
        let last_ns = &mut self.last_due_ns[head.flow(FLOW_BITS)];
        *last_ns = (*last_ns).max(due_ns + self.rng.random_range(0..=self.jitter_ns));
        Fate::Due { due_ns: *last_ns }
    }

    /// Has what is sent from then on take another round trip. What comes behind a packet that is under way is due no sooner than that.
    pub(super) fn change(&mut self, rtt_ms: f64, now_ns: u64) {
        if self.last_due_ns.is_empty() {
            // Of what was sent before, it is known only when all of it has arrived.
            let longest_ns = (self.conditions.path.rtt_ms.to * NS_PER_MS / 2.0).ceil() as u64;
            self.last_due_ns = vec![now_ns + longest_ns; 1 << FLOW_BITS];
        }
        self.conditions.path.rtt_ms = RoundTrip::constant(rtt_ms);
    }
}

#[cfg(test)]
mod tests {
    use protocol::results::RoundTrip;

    use super::*;

    fn conditions(from: f64, to: f64, jitter_ms: f64, loss_percent: f64) -> Conditions {
        Conditions { path: Path { rtt_ms: RoundTrip { from, to }, jitter_ms, loss_percent }, seed: 7 }
    }

    fn fates(conditions: Conditions) -> Fates {
        Fates::new(conditions, Addresses::PRIVATE)
    }

    fn head(client: u32, ports: u32) -> Head {
        Head { source: Addresses::PRIVATE.source(client).unwrap(), ports }
    }

    #[test]
    fn there_and_back_takes_what_was_asked() {
        let constant = conditions(40.0, 40.0, 0.0, 0.0);
        assert_eq!((constant.one_way_ns(0), constant.one_way_ns(9)), (20_000_000, 20_000_000));
        let mut fates = fates(constant);
        for ports in [1, 2] {
            assert_eq!(fates.of(head(3, ports), 5), Fate::Due { due_ns: 20_000_005 });
        }
    }

    #[test]
    fn each_clients_round_trip_is_its_own_and_the_same_each_time() {
        let drawn = |seed| {
            (0..1_000).map(move |client| Conditions { seed, ..conditions(20.0, 200.0, 0.0, 0.0) }.one_way_ns(client))
        };
        let first: Vec<_> = drawn(1).collect();
        assert!(first.iter().all(|one_way_ns| (10_000_000..=100_000_000).contains(one_way_ns)));
        assert!(first.iter().copied().eq(drawn(1)) && !first.iter().copied().eq(drawn(2)));
        // The standard deviation of the mean is 0.8 ms.
        let mean_ms = first.iter().sum::<u64>() as f64 / 1e9;
        assert!((50.0..60.0).contains(&mean_ms), "{mean_ms}");
        let mut differing = first;
        differing.sort_unstable();
        differing.dedup();
        assert_eq!(differing.len(), 1_000);
    }

    #[test]
    fn jitter_stays_in_its_bounds_and_nothing_overtakes_within_a_connection_and_direction() {
        let mut fates = fates(conditions(40.0, 40.0, 5.0, 0.0));
        let (mut last_ns, mut overtaken) = ([0; 2], 0);
        for sent_ns in (0..1_000_000_000).step_by(1_000_000) {
            let due_ns = [head(1, 0x1f90_c001), head(1, 0xc001_1f90)].map(|head| match fates.of(head, sent_ns) {
                Fate::Due { due_ns } => due_ns,
                fate => panic!("{fate:?}"),
            });
            for (due_ns, last_ns) in due_ns.iter().zip(&last_ns) {
                assert!(due_ns >= last_ns);
                assert!((sent_ns + 20_000_000..=sent_ns + 25_000_000).contains(due_ns));
            }
            overtaken += u32::from(due_ns[0] < last_ns[1]);
            last_ns = due_ns;
        }
        assert!(overtaken > 0, "ways there and back are drawn apart");
    }

    #[test]
    fn another_round_trip_holds_from_then_on_and_nothing_overtakes() {
        let mut fates = fates(conditions(100.0, 100.0, 0.0, 0.0));
        let due_ns = |fates: &mut Fates, ports, sent_ns| match fates.of(head(1, ports), sent_ns) {
            Fate::Due { due_ns } => due_ns,
            fate => panic!("{fate:?}"),
        };
        assert_eq!(due_ns(&mut fates, 1, 0), 50_000_000);
        fates.change(20.0, 1_000_000);
        // Behind the first, and behind whatever else may be under way; then as it is.
        assert_eq!([1, 2].map(|ports| due_ns(&mut fates, ports, 2_000_000)), [51_000_000; 2]);
        assert_eq!(due_ns(&mut fates, 2, 60_000_000), 70_000_000);
        fates.change(0.0, 60_000_000);
        // Each connection and direction by itself.
        assert_eq!([1, 2].map(|ports| due_ns(&mut fates, ports, 61_000_000)), [61_000_000, 70_000_000]);
        fates.change(200.0, 62_000_000);
        assert_eq!(due_ns(&mut fates, 1, 62_000_000), 162_000_000);
    }

    #[test]
    fn loss_is_drawn_by_the_seed_and_about_as_often_as_was_asked() {
        let lost = |seed| {
            let mut fates = fates(Conditions { seed, ..conditions(0.0, 0.0, 0.0, 10.0) });
            (0..10_000).map(move |sent_ns| fates.of(head(0, 0), sent_ns) == Fate::Lost)
        };
        assert!(lost(1).eq(lost(1)) && !lost(1).eq(lost(2)));
        // The standard deviation is 30, and the seed always the same.
        let count = lost(1).filter(|lost| *lost).count();
        assert!((900..1_100).contains(&count), "{count}");
    }

    #[test]
    fn an_outage_cuts_until_it_ends() {
        let mut fates = fates(conditions(0.0, 0.0, 0.0, 0.0));
        fates.outage_until_ns = 10;
        let fates = [9, 10].map(|sent_ns| fates.of(head(0, 0), sent_ns));
        assert_eq!(fates, [Fate::Cut, Fate::Due { due_ns: 10 }]);
    }
}
