//! Which point is measured when: transports interleaved, every repeat in an order of its own.

use protocol::{
    Engine, Transport,
    results::{Load, Peer, Point, Publish, Scenario, Stream},
};
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use reports::compare::RUN_OVERHEAD_S;

use super::warm_up::warm_up_s;

/// Times that a run waits for its farthest client: two until it is known, one before anything is published, one or two until the last
/// update has come, and two for goodbyes.
const ROUND_TRIPS: f64 = 6.0;

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

/// The loads of a scenario: the product of its axes but for the transport, and those beside.
pub fn loads(scenario: &Scenario) -> Vec<Load> {
    scenario.parts().iter().flat_map(product).collect()
}

fn product(scenario: &Scenario) -> Vec<Load> {
    let streams: Vec<Stream> = match &scenario.replay {
        _ if scenario.publish == Some(Publish::None) => vec![Stream::Pushed],
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
    let servers = servers(scenario);
    (scenario.clients.iter())
        .flat_map(|&clients| streams.iter().map(move |stream| (clients, stream)))
        .flat_map(|(clients, stream)| scenario.tls.iter().map(move |&tls| (clients, stream, tls)))
        .flat_map(|(clients, stream, tls)| scenario.path.iter().map(move |&path| (clients, stream, tls, path)))
        .flat_map(|at| scenario.audience.iter().map(move |&audience| (at, audience)))
        .flat_map(|at| scenario.coalesce_ms.iter().map(move |&coalesce_ms| (at, coalesce_ms)))
        .flat_map(|(((clients, stream, tls, path), audience), coalesce_ms)| {
            servers.iter().map(move |(engine, peer)| Load {
                clients,
                stream: stream.clone(),
                audience,
                speak: scenario.speak,
                coalesce_ms,
                tls,
                engine: *engine,
                peer: peer.clone(),
                path,
            })
        })
        .collect()
}

/// Who bears each load: every engine of the own server, and every peer.
pub(super) fn servers(scenario: &Scenario) -> Vec<(Option<Engine>, Option<String>)> {
    let engines = || {
        let known = scenario.engine.iter().copied().map(Some);
        if scenario.engine.is_empty() { vec![None] } else { known.collect() }
    };
    let own = || engines().into_iter().map(|engine| (engine, None));
    if scenario.peer.is_empty() {
        return own().collect();
    }
    let of = |peer: &Peer| match peer.in_load() {
        None => own().collect(),
        Some(name) => vec![(None, Some(name.to_owned()))],
    };
    scenario.peer.iter().flat_map(of).collect()
}

/// Makes a plan, repeat by repeat.
///
/// Each repeat visits every load once, in a seeded random order. At a load the transports follow each other
/// directly, so that they meet the same machine; every other repeat in reverse (A B, B A), so that neither gains from
/// being the first or from a drift. Where a transport is compared with itself, it takes both parts: its repeats are
/// then twice as many, the even and the odd ones of a pair being A B, then B A.
#[derive(Debug, Clone)]
pub struct Planner {
    rng: SmallRng,
    transports: Vec<Transport>,
    peers: Vec<Peer>,
    turns: u32,
    /// Runs and repeats planned so far.
    runs: u32,
    repeats: u32,
}

impl Planner {
    /// With nothing planned yet.
    pub fn new(scenario: &Scenario) -> Self {
        let mut rng = SmallRng::seed_from_u64(scenario.seed);
        let mut transports = scenario.transports.clone();
        transports.shuffle(&mut rng);
        let (peers, turns) = (scenario.peer.clone(), if scenario.aa { 2 } else { 1 });
        Self { rng, transports, peers, turns, runs: 0, repeats: 0 }
    }

    /// Runs of a load in a repeat.
    pub fn per_repeat(&self, load: &Load) -> u32 {
        self.transports_of(load).len() as u32 * self.turns
    }

    /// The transports that its server speaks, in the order of the present repeat.
    fn transports_of(&self, load: &Load) -> Vec<Transport> {
        let peer = self.peers.iter().find(|peer| peer.in_load() == load.peer.as_deref());
        let speaks = |transport: &Transport| peer.is_none_or(|peer| peer.transports.contains(transport));
        self.transports.iter().copied().filter(speaks).collect()
    }

    /// The runs of so many further repeats of these loads, in the order in which they are made.
    pub fn repeats(&mut self, repeats: u32, loads: &[Load]) -> Vec<Planned> {
        let mut loads = loads.to_vec();
        let mut plan = Vec::new();
        for repeat in self.repeats..self.repeats + repeats {
            loads.shuffle(&mut self.rng);
            for load in &loads {
                for turn in 0..self.turns {
                    for transport in self.transports_of(load) {
                        let (index, repeat) = (self.runs, repeat * self.turns + turn);
                        plan.push(Planned { index, repeat, point: Point { transport, load: load.clone() } });
                        self.runs += 1;
                    }
                }
            }
            self.transports.reverse();
        }
        self.repeats += repeats;
        plan
    }
}

/// Seconds that one run of a load is expected to take.
pub fn estimate_s(load: &Load, scenario: &Scenario) -> f64 {
    let connect_s = f64::from(load.clients) / f64::from(scenario.connect_rate);
    let path_s = load.path.map_or(0.0, |path| ROUND_TRIPS * path.rtt_ms.to / 1e3);
    // Random gaps make little difference to that.
    let warm_up_s = warm_up_s(load, scenario, 0);
    connect_s + path_s + scenario.settle_s + warm_up_s + scenario.measure_s + RUN_OVERHEAD_S
}

/// Every run of a scenario that is planned before its first.
pub fn plan(scenario: &Scenario) -> Vec<Planned> {
    Planner::new(scenario).repeats(scenario.repeats, &loads(scenario))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use protocol::{Engine, Transport};

    use super::*;
    use crate::scenario::{Settings, load};

    fn scenario() -> Scenario {
        load(
            "quick".as_ref(),
            Settings {
                clients: Some(vec![100, 1_000, 4_000]),
                engine: Some(vec![Engine::Lean]),
                rate_hz: Some(vec![5.0, 10.0]),
                repeats: Some(4),
                ..Settings::default()
            },
        )
        .unwrap()
    }

    #[test]
    fn every_point_is_measured_once_in_every_repeat() {
        let plan = plan(&scenario());
        assert_eq!(plan.len(), 3 * 2 * 2 * 4);
        for load in loads(&scenario()) {
            for transport in Transport::DEFAULT {
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
    fn every_repeat_meets_both_engines_and_either_comes_first() {
        let scenario = Scenario { engine: Engine::ALL.to_vec(), clients: vec![100], rate_hz: vec![5.0], ..scenario() };
        let plan = Planner::new(&scenario).repeats(8, &loads(&scenario));
        let firsts: HashSet<_> = (plan.chunks(4))
            .map(|repeat| {
                assert!(repeat.iter().all(|run| run.repeat == repeat[0].repeat));
                let [first, again, other, other_again] = [0, 1, 2, 3].map(|run: usize| repeat[run].point.load.engine);
                assert!(first == again && other == other_again && first != other, "{repeat:?}");
                first
            })
            .collect();
        assert_eq!(firsts.len(), 2, "in an order of its own");
    }

    #[test]
    fn engines_are_of_the_own_server_and_a_peer_has_no_points_of_what_it_does_not_speak() {
        let peer = |name: &str, transports: &[Transport]| Peer {
            name: name.to_owned(),
            transports: transports.to_vec(),
            command: None,
            publish: None,
        };
        let peers = vec![
            peer("ws", &[Transport::WebSocket]),
            peer(Peer::OWN, &Transport::DEFAULT),
            peer("nchan", &Transport::DEFAULT),
        ];
        let several =
            Scenario { engine: Engine::ALL.to_vec(), clients: vec![9], rate_hz: vec![5.0], peer: peers, ..scenario() };
        let known: Vec<_> = servers(&several).into_iter().collect();
        let named = |name: &str| Some(name.to_owned());
        let (lean, stock) = ((Some(Engine::Lean), None), (Some(Engine::Stock), None));
        assert_eq!(known, [(None, named("ws")), lean, stock, (None, named("nchan"))]);
        let plan = plan(&several);
        assert_eq!(plan.len(), 4 * 7);
        for repeat in plan.chunks(7) {
            assert!(repeat.iter().all(|run| run.repeat == repeat[0].repeat));
            let of = |name| repeat.iter().filter(move |run| run.point.load.peer.as_deref() == name);
            assert!(of(Some("ws")).map(|run| run.point.transport).eq([Transport::WebSocket]));
            assert_eq!((of(Some("nchan")).count(), of(None).count()), (2, 4));
        }
    }

    #[test]
    fn a_transport_compared_with_itself_runs_in_pairs() {
        let plan =
            plan(&load("quick".as_ref(), Settings { aa: true, repeats: Some(3), ..Settings::default() }).unwrap());
        assert_eq!(plan.len(), 2 * 2 * 3, "two engines");
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
