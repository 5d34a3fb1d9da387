//! Whose costs are fitted, from which runs, and what was measured of them.

use protocol::results::{Load, Run, Stream};
use serde::Serialize;

use super::cost::{Asked, Cost, Term};
use crate::{
    compare::{Case, Comparison, Side},
    judge::places::{self, place},
    metrics::Metric,
    points::Contender,
    read::Results,
};

/// A transport of one server, engine and path, and what it was seen to cost.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// Server, engine and path, where there are several; empty else.
    pub(crate) place: String,
    pub(crate) contender: Contender,
    /// The least and the greatest of what was asked of it.
    pub(crate) measured: [Asked; 2],
    pub(crate) runs: usize,
    /// The server's CPU, microseconds a delivery.
    pub(crate) cpu_us: Option<Cost>,
    /// Its memory with every client idle, KiB.
    pub(crate) user_kib: Option<Cost>,
    /// The kernel's for its sockets, KiB.
    pub(crate) kernel_kib: Option<Cost>,
    /// Bytes a delivery, both ways, beyond those of the update.
    pub(crate) bytes_more: Option<Cost>,
}

const KIB_PER_MIB: f64 = 1024.0;
const BYTES_PER_KIB: f64 = 1024.0;
const US_PER_S: f64 = 1e6;
const BYTES_PER_MEGABIT: f64 = 1e6 / 8.0;
const MONTH_S: f64 = 30.0 * 86_400.0;
const BYTES_PER_GB: f64 = 1e9;
/// What a delivery's cost may have beside its constant.
const OF_A_DELIVERY: [Term; 3] = [Term::PerClient, Term::PerRate, Term::Bytes];

/// Every transport of every server, engine and path, each by itself: links and loopback are never mixed. Void points are left out, and so are
/// feeds, of which nobody says a rate. None at all of a sweep whose runs a quiet service is not like: clients that were
/// disturbed, or spoke, or a transport against itself.
pub(crate) fn offers(results: &Results, comparison: &Comparison<'_>) -> Vec<Offer> {
    let scenario = &results.manifest.scenario;
    if scenario.aa || scenario.disturbance.is_some() || scenario.signal_rate_hz > 0.0 {
        return Vec::new();
    }
    let mut seen: Vec<Load> = Vec::new();
    let mut groups: Vec<Vec<&Case<'_>>> = Vec::new();
    for case in comparison.cases.iter().filter(|case| Asked::of(&case.load).is_some()) {
        let at = place(&case.load);
        match seen.iter().position(|known| *known == at) {
            Some(group) => groups[group].push(case),
            None => {
                seen.push(at);
                groups.push(vec![case]);
            }
        }
    }
    let firsts: Vec<&Case<'_>> = groups.iter().map(|cases| cases[0]).collect();
    let contenders = comparison.contenders();
    let of = |cases: &Vec<&Case<'_>>| -> Vec<Offer> {
        let name = places::name(cases[0], &firsts);
        contenders.iter().filter_map(|contender| offer(&name, *contender, cases)).collect()
    };
    groups.iter().flat_map(of).collect()
}

impl Asked {
    /// What a load asks, if it says so.
    pub(crate) fn of(load: &Load) -> Option<Self> {
        let Stream::Synthetic { rate_hz, payload_bytes, .. } = load.stream else { return None };
        // What is shared out otherwise costs otherwise.
        load.is_plain().then(|| Self { clients: load.clients.into(), rate_hz, bytes: payload_bytes.into() })
    }
}

fn offer(place: &str, contender: Contender, cases: &[&Case<'_>]) -> Option<Offer> {
    let valid = |case: &&&Case<'_>| case.sides.get(&contender).is_some_and(Side::is_valid);
    let cases: Vec<&&Case<'_>> = cases.iter().filter(valid).collect();
    let runs: Vec<(Asked, &Run)> = cases
        .iter()
        .filter_map(|case| Some((Asked::of(&case.load)?, case.sides.get(&contender)?)))
        .flat_map(|(asked, side)| side.runs().iter().map(move |run| (asked, *run)))
        .collect();
    let observed = |of: &dyn Fn(Asked, &Run) -> Option<f64>| -> Vec<(Asked, f64)> {
        runs.iter().filter_map(|(asked, run)| Some((*asked, of(*asked, run)?))).collect()
    };
    let cpu = observed(&|_, run| Metric::CpuUsPerDelivery.of_run(run));
    let more = observed(&|asked, run| Some(Metric::BytesPerDelivery.of_run(run)? - asked.bytes));
    let kernel = observed(&|_, run| Some(KIB_PER_MIB * Metric::KernelMib.of_run(run)?));
    // Where every load's is noise, so is its slope.
    let kernel_is_noise = runs.iter().all(|(_, run)| Metric::KernelKibPerClient.is_noise(run));
    let all = |of: fn(&Asked) -> f64| runs.iter().map(move |(asked, _)| of(asked));
    let end = |of: fn(f64, f64) -> f64| Asked {
        clients: all(|asked| asked.clients).reduce(of).unwrap_or_default(),
        rate_hz: all(|asked| asked.rate_hz).reduce(of).unwrap_or_default(),
        bytes: all(|asked| asked.bytes).reduce(of).unwrap_or_default(),
    };
    (!runs.is_empty()).then(|| Offer {
        place: place.to_owned(),
        contender,
        measured: [end(f64::min), end(f64::max)],
        runs: runs.len(),
        cpu_us: Cost::fitted(&cpu, 0.0, Term::One, &OF_A_DELIVERY),
        user_kib: user_memory(&runs),
        kernel_kib: Cost::fitted(&kernel, 0.0, Term::Clients, &[Term::One]).filter(|_| !kernel_is_noise),
        bytes_more: Cost::fitted(&more, 0.0, Term::One, &OF_A_DELIVERY),
    })
}

/// What clients add to the empty server.
fn user_memory(runs: &[(Asked, &Run)]) -> Option<Cost> {
    let grown =
        runs.iter().filter_map(|(asked, run)| Some((*asked, Metric::UserKibPerClient.of_run(run)? * asked.clients)));
    let empty: Vec<f64> = runs
        .iter()
        .filter_map(|(_, run)| Some(run.server.as_ref()?.plateaus.empty.pss as f64 / BYTES_PER_KIB))
        .collect();
    let empty_kib = empty.iter().sum::<f64>() / empty.len().max(1) as f64;
    Cost::fitted(&grown.collect::<Vec<_>>(), empty_kib, Term::Clients, &[Term::One])
}

/// Something of a service, and how far its 95% interval reaches to either side.
pub(crate) type Estimate = (f64, Option<f64>);

/// What is estimated of a service, in this order.
pub(crate) const ESTIMATED: [&str; 5] =
    ["server cores", "server memory, MiB", "kernel memory, MiB", "Mbit/s", "GB in 30 days"];

impl Offer {
    /// What a service would take of each of [`ESTIMATED`]. The page's script does the same for others.
    pub(crate) fn estimates(&self, asked: Asked) -> [Option<Estimate>; 5] {
        let deliveries_per_s = asked.clients * asked.rate_hz;
        let of = |cost: &Option<Cost>, more: f64, times: f64| {
            let (value, reach) = cost.as_ref()?.at(asked);
            Some((times * (value + more), reach.map(|reach| times * reach)))
        };
        [
            of(&self.cpu_us, 0.0, deliveries_per_s / US_PER_S),
            of(&self.user_kib, 0.0, 1.0 / KIB_PER_MIB),
            of(&self.kernel_kib, 0.0, 1.0 / KIB_PER_MIB),
            of(&self.bytes_more, asked.bytes, deliveries_per_s / BYTES_PER_MEGABIT),
            of(&self.bytes_more, asked.bytes, deliveries_per_s * MONTH_S / BYTES_PER_GB),
        ]
    }

    /// As a page's script takes it.
    pub(crate) fn data(&self) -> impl Serialize + use<> {
        #[derive(Serialize)]
        struct Data<C> {
            place: String,
            who: String,
            measured: [Asked; 2],
            cpu_us: Option<C>,
            user_kib: Option<C>,
            kernel_kib: Option<C>,
            bytes_more: Option<C>,
        }
        let data = |cost: &Option<Cost>| cost.as_ref().map(Cost::data);
        Data {
            place: self.place.clone(),
            who: self.contender.title(),
            measured: self.measured,
            cpu_us: data(&self.cpu_us),
            user_kib: data(&self.user_kib),
            kernel_kib: data(&self.kernel_kib),
            bytes_more: data(&self.bytes_more),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Engine, results::Disturbance};

    use super::*;
    use crate::fixture::{Sweep, synthetic, through};

    fn of(results: &Results) -> Vec<Offer> {
        offers(results, &Comparison::of(results))
    }

    #[test]
    fn each_engine_and_path_is_fitted_by_itself() {
        let engines = vec![Some(Engine::Lean), Some(Engine::Stock)];
        let sweep = Sweep { engines, paths: vec![None, through(40.0)], clients: vec![100, 1_000], ..Sweep::quick() };
        let all = of(&sweep.results());
        let names: Vec<String> =
            all.iter().map(|offer| format!("{}, {}", offer.place, offer.contender.title())).collect();
        assert_eq!(names.len(), 8);
        assert!(names.contains(&"loopback, lean, WebSocket".to_owned()), "{names:?}");
        assert!(names.contains(&"40 ms round trip, stock, long polling".to_owned()), "{names:?}");
        assert!(all.iter().all(|offer| offer.runs == 6));
    }

    #[test]
    fn what_was_planted_is_found_again() {
        let all = of(&Sweep { repeats: 5, ..Sweep::quick() }.results());
        let at = Asked { clients: 2_000.0, rate_hz: 10.0, bytes: 128.0 };
        let value = |offer: &Offer, cost: fn(&Offer) -> &Option<Cost>| cost(offer).as_ref().unwrap().at(at);
        for (offer, us, kib, more) in [(&all[0], 9.5, 5.9, 4.0), (&all[1], 17.0, 11.2, 223.0)] {
            let (cpu_us, cpu_reach) = value(offer, |offer| &offer.cpu_us);
            assert!((cpu_us / us - 1.0).abs() < 0.08 && cpu_reach.unwrap() < 0.3 * us, "{cpu_us} ± {cpu_reach:?}");
            let (user_kib, _) = value(offer, |offer| &offer.user_kib);
            assert!((user_kib / (3_072.0 + 2_000.0 * kib) - 1.0).abs() < 0.03, "{user_kib}");
            let (bytes, reach) = value(offer, |offer| &offer.bytes_more);
            assert!((bytes - more).abs() < 1e-6 && reach.unwrap() < 1e-3, "{bytes} ± {reach:?}");
        }
        let bounds = all[0].measured.map(|asked| (asked.clients, asked.rate_hz, asked.bytes));
        assert_eq!(bounds, [(100.0, 10.0, 128.0), (4_000.0, 10.0, 128.0)]);
    }

    #[test]
    fn a_service_takes_what_its_deliveries_and_clients_do() {
        let all = of(&Sweep { repeats: 5, ..Sweep::quick() }.results());
        let asked = Asked { clients: 1_000.0, rate_hz: 10.0, bytes: 128.0 };
        let [cores, user, kernel, megabits, gigabytes] = all[0].estimates(asked).map(|estimate| estimate.unwrap().0);
        assert!((cores - 0.095).abs() < 0.01 && (user - 8.8).abs() < 0.3 && (kernel - 4.8).abs() < 0.2);
        // 132 bytes, 10,000 times a second.
        assert!((megabits - 10.56).abs() < 1e-6 && (gigabytes - 3_421.44).abs() < 1e-3, "{megabits} {gigabytes}");
    }

    #[test]
    fn a_void_point_is_left_out_and_so_is_a_sweep_of_nothing_but_such() {
        let mut results = Sweep::quick().results();
        for run in results.runs.iter_mut().filter(|run| run.point.load.clients == 4_000) {
            run.generator.workers_cpu_ns[0] = 49_500_000_000;
        }
        assert!(of(&results).iter().all(|offer| offer.runs == 6 && offer.measured[1].clients < 4_000.0));
        results.runs.iter_mut().for_each(|run| run.generator.workers_cpu_ns[0] = 49_500_000_000);
        assert!(of(&results).is_empty());
    }

    #[test]
    fn what_a_quiet_service_is_not_like_is_not_fitted() {
        let mut disturbed = Sweep::quick().results();
        disturbed.manifest.scenario.disturbance = Some(Disturbance::Drop);
        let mut spoken = Sweep::quick().results();
        spoken.manifest.scenario.signal_rate_hz = 1.0;
        let feed = protocol::results::Stream::Replay { feed: "market".to_owned(), speed: 1.0 };
        let fed = Sweep { streams: vec![feed], ..Sweep::quick() }.results();
        for results in [disturbed, spoken, fed, Sweep::aa(3).results()] {
            assert!(of(&results).is_empty());
        }
    }

    #[test]
    fn a_cost_per_byte_wants_updates_of_several_sizes() {
        let streams = [64, 4_096, 16_384].map(|bytes| synthetic(10.0, bytes)).to_vec();
        let all = of(&Sweep { streams, clients: vec![100], repeats: 5, ..Sweep::quick() }.results());
        assert_eq!(all[0].cpu_us.as_ref().unwrap().terms, [Term::One, Term::Bytes]);
    }

    #[test]
    fn what_could_not_be_read_is_not_stated() {
        let mut results = Sweep::quick().results();
        results.runs.iter_mut().for_each(|run| run.server = None);
        let all = of(&results);
        assert!(
            all.iter().all(|offer| offer.cpu_us.is_none() && offer.user_kib.is_none() && offer.bytes_more.is_some())
        );
    }
}
