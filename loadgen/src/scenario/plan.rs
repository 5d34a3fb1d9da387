//! Which point is measured when: transports interleaved, every repeat in an order of its own.

use protocol::results::{Load, Point, Scenario, Stream};
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};

/// A run to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Position in the plan, from 0.
    pub index: u32,
    /// Which repeat of its point, from 0.
    pub repeat: u32,
    /// What to measure.
    pub point: Point,
}

/// The loads of a scenario: the product of its axes but for the transport.
pub fn loads(scenario: &Scenario) -> Vec<Load> {
    let streams: Vec<Stream> = match &scenario.replay {
        Some(feed) => scenario.speed.iter().map(|&speed| Stream::Replay { feed: feed.clone(), speed }).collect(),
        None => (scenario.rate_hz.iter())
            .flat_map(|&rate_hz| {
                let arrivals = scenario.arrivals;
                (scenario.payload_bytes.iter()).map(move |&payload_bytes| Stream::Synthetic {
                    arrivals,
                    rate_hz,
                    payload_bytes,
                })
            })
            .collect(),
    };
    (scenario.clients.iter())
        .flat_map(|&clients| streams.iter().map(move |stream| (clients, stream)))
        .flat_map(|(clients, stream)| {
            scenario.tls.iter().map(move |&tls| Load { clients, stream: stream.clone(), tls })
        })
        .collect()
}

/// Every run of a scenario, in the order in which they are made.
///
/// Each repeat visits every load once, in a seeded random order. At a load the transports follow each other
/// directly, so that they meet the same machine; every other repeat in reverse (A B, B A), so that neither gains from
/// being the first or from a drift. Where a transport is compared with itself, it takes both parts: its repeats are
/// then twice as many, the even and the odd ones of a pair being A B, then B A.
pub fn plan(scenario: &Scenario) -> Vec<Planned> {
    let mut rng = SmallRng::seed_from_u64(scenario.seed);
    let mut loads = loads(scenario);
    let mut transports = scenario.transports.clone();
    transports.shuffle(&mut rng);
    let turns = if scenario.aa { 2 } else { 1 };
    let mut plan = Vec::new();
    for repeat in 0..scenario.repeats {
        loads.shuffle(&mut rng);
        for load in &loads {
            for turn in 0..turns {
                for &transport in &transports {
                    let point = Point { transport, load: load.clone() };
                    plan.push(Planned { index: plan.len() as u32, repeat: repeat * turns + turn, point });
                }
            }
        }
        transports.reverse();
    }
    plan
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::*;
    use crate::scenario::{Settings, load};

    fn scenario() -> Scenario {
        load("quick".as_ref(), Settings { rate_hz: Some(vec![5.0, 10.0]), repeats: Some(4), ..Settings::default() })
            .unwrap()
    }

    #[test]
    fn every_point_is_measured_once_in_every_repeat() {
        let plan = plan(&scenario());
        assert_eq!(plan.len(), 3 * 2 * 2 * 4);
        for load in loads(&scenario()) {
            for transport in Transport::ALL {
                let repeats: Vec<u32> = (plan.iter())
                    .filter(|run| run.point == Point { transport, load: load.clone() })
                    .map(|run| run.repeat)
                    .collect();
                assert_eq!(repeats, [0, 1, 2, 3]);
            }
        }
    }

    #[test]
    fn transports_meet_at_each_load_and_swap_their_order() {
        let plan = plan(&scenario());
        for pair in plan.chunks(2) {
            assert_eq!(pair[0].point.load, pair[1].point.load);
            assert_ne!(pair[0].point.transport, pair[1].point.transport);
        }
        let first = |repeat| plan.iter().find(|run| run.repeat == repeat).unwrap().point.transport;
        assert_eq!((first(0), first(1)), (first(2), first(3)));
        assert_ne!(first(0), first(1));
    }

    #[test]
    fn a_transport_compared_with_itself_runs_in_pairs() {
        let plan =
            plan(&load("quick".as_ref(), Settings { aa: true, repeats: Some(3), ..Settings::default() }).unwrap());
        assert_eq!(plan.len(), 3 * 2 * 3);
        for pair in plan.chunks(2) {
            assert_eq!(pair[0].point, pair[1].point);
            assert_eq!((pair[0].repeat / 2, pair[0].repeat + 1), (pair[1].repeat / 2, pair[1].repeat));
        }
    }

    #[test]
    fn the_order_follows_the_seed() {
        let other = Scenario { seed: 2, ..scenario() };
        assert_eq!(plan(&scenario()), plan(&scenario()));
        assert_ne!(plan(&scenario()), plan(&other));
    }
}
