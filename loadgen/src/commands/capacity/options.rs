//! What can be asked of a search, and what a run is asked by it.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use clap::Args;
use protocol::{
    Engine, Transport,
    results::{Arrivals, Peer, Publish, Scenario, Search, SearchAxis, Speakers},
};
use server::Allocator;

use crate::{
    commands::run::RunArgs,
    measure::target::TargetArgs,
    scenario::{self, ServerKeys, Settings, arrivals, on_or_off},
};

/// How much larger each load of the grid is than the one before it.
const STEP: f64 = 0.05;
/// Updates of a trial at least: one of them may be late.
const TRIAL_UPDATES: u32 = 100;
const TRIAL_S: std::ops::RangeInclusive<f64> = 0.1..=600.0;
/// What a load has where that is not searched, and is not said.
const CLIENTS: u32 = 1_000;
const RATE_HZ: f64 = 50.0;
const PAYLOAD_BYTES: u32 = 128;
/// Before clients that have come are given anything.
const SETTLE: Duration = Duration::from_millis(200);
/// Updates before those that count, at least: the first trial at a load is not judged, and warms up as well.
const WARM_UP: Duration = Duration::from_millis(200);

/// Options of a search.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CapacityArgs {
    /// What is to hold at a load, beside that nothing is missed and the publisher is on time: of so many updates the last receiver has it within so long; repeatable, or a list
    #[arg(
        long = "goal", value_name = "GOAL,..", value_delimiter = ',',
        default_values = ["last.p99<=50ms", "last.p99<=100ms", "last.p99<=250ms"]
    )]
    goals: Vec<String>,

    /// What grows: rate (updates a second), clients, or payload (bytes of an update)
    #[arg(long, value_name = "AXIS", default_value = "rate")]
    axis: SearchAxis,

    /// The smallest load that is tried; all loads are steps of 5% from it [default: 10 updates a second, 100 clients, 64 bytes]
    #[arg(long, value_name = "LOAD", allow_negative_numbers = true)]
    from: Option<f64>,

    /// The largest [default: 50000 updates a second, 20000 clients, 1 MiB]
    #[arg(long, value_name = "LOAD", allow_negative_numbers = true)]
    to: Option<f64>,

    /// Of what: websocket, long-poll, sse
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = waits)]
    transports: Option<Vec<Transport>>,

    /// Of which engines of the own server: lean, stock or both [default: lean]
    #[arg(long, value_name = "LEAN,STOCK", value_delimiter = ',')]
    engine: Option<Vec<Engine>>,

    /// Of which servers: own, faye, nchan, pushpin, socketio, sockjs, ws, or the path of a folder like those of peers/
    #[arg(long, value_name = "NAME|DIR,..", value_delimiter = ',')]
    peer: Option<Vec<String>>,

    /// How clients talk to a server of others that --server-command starts
    #[arg(long, value_name = "NAME|FILE")]
    dialect: Option<String>,

    /// How updates get into that server: feed, http or client
    #[arg(long, value_name = "HOW")]
    publish: Option<Publish>,

    /// Which clients say updates with --publish client: one or all [default: one]
    #[arg(long, value_name = "WHO")]
    speakers: Option<Speakers>,

    /// A server of others.
    #[command(flatten)]
    server: ServerKeys,

    /// Put a proxy between clients and server: nginx, haproxy, caddy, or the path of a configuration for one of them
    #[arg(long, value_name = "NAME|FILE")]
    through: Option<String>,

    /// Clients connected at once [default: 1000]
    #[arg(long, value_name = "N")]
    clients: Option<u32>,

    /// Updates a second [default: 50]
    #[arg(long = "rate", value_name = "HZ", allow_negative_numbers = true)]
    rate_hz: Option<f64>,

    /// Bytes of a whole encoded update [default: 128]
    #[arg(long, value_name = "N")]
    payload_bytes: Option<u32>,

    /// Gaps between updates: constant, or poisson
    #[arg(long, value_name = "KIND", value_parser = arrivals)]
    arrivals: Option<Arrivals>,

    /// Connections under TLS or not: off, on or both
    #[arg(long, value_name = "OFF,ON", value_delimiter = ',', value_parser = on_or_off)]
    tls: Option<Vec<bool>>,

    /// In how many server processes it is searched for each; of fewer than three there is no interval
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=100))]
    processes: u32,

    /// How long a trial lasts, or until 100 updates are due, whichever is longer
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    trial: Duration,

    /// Generator threads (default: one for each processor that is the generator's)
    #[arg(long, value_name = "N")]
    workers: Option<u32>,

    /// Server threads
    #[arg(long, value_name = "N")]
    server_threads: Option<u32>,

    /// Let server and generator share all processors, instead of half of them each
    #[arg(long)]
    no_pin: bool,

    /// Seed of the order of searches, of random gaps and of poll jitter
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Memory allocator of server and generator: glibc, or jemalloc if built in [default: $PUSHBENCH_ALLOCATOR, or glibc]
    #[arg(long, value_name = "NAME")]
    pub(super) allocator: Option<Allocator>,

    /// The results folder [default: results/TIME-capacity]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
A load holds if most of its trials do. Where the generator is bound before the server, what was found is a lower bound, and
says so. Times are written 500ms, 3s, 2m.

Examples:
  loadgen capacity                                             updates a second to 1,000 clients, three goals
  loadgen capacity --axis clients --rate 2                     clients at 2 updates a second
  loadgen capacity --axis payload --rate 20 --to 65536         bytes of an update
  loadgen capacity --goal 'last.p99<=20ms' --engine lean,stock one goal, both engines
  loadgen capacity --peer socketio,nchan,own                   servers that people deploy, beside ours";

/// One that delivers what was published when it was.
fn waits(name: &str) -> Result<Transport, String> {
    match name.parse() {
        Ok(Transport::ShortPoll) => Err(
            "short-poll delivers when its interval is over, whatever the load; a goal would be met or missed by that"
                .to_owned(),
        ),
        named => named.map_err(|error| error.to_string()),
    }
}

impl CapacityArgs {
    /// What is searched.
    pub(super) fn search(&self) -> anyhow::Result<Search> {
        let Self { axis, clients, rate_hz, payload_bytes, .. } = self;
        let (option, is_given, from, to) = match axis {
            SearchAxis::Rate => ("rate", rate_hz.is_some(), 10.0, 50_000.0),
            SearchAxis::Clients => ("clients", clients.is_some(), 100.0, 20_000.0),
            SearchAxis::Payload => ("payload-bytes", payload_bytes.is_some(), 64.0, 1_048_576.0),
        };
        ensure!(
            !is_given,
            "{option} beside --axis {axis}: that is what is searched; bound it by --from and --to, and leave --{option} out"
        );
        ensure!(
            self.publish != Some(Publish::None),
            "publish none: the server pushes at its own rate, so there is no load to try; leave it out"
        );
        let trial_s = self.trial.as_secs_f64();
        ensure!(
            TRIAL_S.contains(&trial_s),
            "trial {trial_s} s: must be between {} s and {} s",
            TRIAL_S.start(),
            TRIAL_S.end()
        );
        let (from, to) = (self.from.unwrap_or(from), self.to.unwrap_or(to));
        ensure!(
            from < to,
            "from {from} to {to}: there is no load between them; give a --to that is larger than --from"
        );
        let (axis, goals, processes) = (*axis, self.goals.clone(), self.processes);
        Ok(Search { axis, goals, from, to, step: STEP, processes, trial_s, trial_updates: TRIAL_UPDATES })
    }

    /// A run of the smallest load and the largest: what can be run at all is refused or settled as ever.
    pub(super) fn run_args(&self, search: &Search) -> RunArgs {
        let Self { transports, engine, peer, dialect, publish, speakers, server, through, .. } = self;
        let bounds = [search.from, search.to];
        let has_own = peer.as_ref().is_none_or(|peers| peers.iter().any(|peer| peer == Peer::OWN));
        let whole = || bounds.map(|bound| bound as u32).to_vec();
        let is = |axis| search.axis == axis;
        let rate_hz = if is(SearchAxis::Rate) { bounds.to_vec() } else { vec![self.rate_hz.unwrap_or(RATE_HZ)] };
        let longest_s = rate_hz.iter().copied().map(|rate_hz| trial_s(search, rate_hz)).fold(0.0, f64::max);
        let settings = Settings {
            transports: transports.clone(),
            clients: Some(if is(SearchAxis::Clients) { whole() } else { vec![self.clients.unwrap_or(CLIENTS)] }),
            payload_bytes: Some(if is(SearchAxis::Payload) {
                whole()
            } else {
                vec![self.payload_bytes.unwrap_or(PAYLOAD_BYTES)]
            }),
            arrivals: self.arrivals,
            tls: self.tls.clone(),
            engine: engine.clone().or_else(|| has_own.then(|| vec![Engine::default()])),
            peer: peer.clone(),
            dialect: dialect.clone(),
            publish: *publish,
            speakers: *speakers,
            server: server.clone(),
            through: through.clone(),
            repeats: Some(1),
            settle: Some(SETTLE),
            warm_up: Some(WARM_UP),
            // A rate that is none is refused, and its trial would have no end.
            measure: Some(Duration::try_from_secs_f64(longest_s).unwrap_or(self.trial)),
            rate_hz: Some(rate_hz),
            workers: self.workers,
            server_threads: self.server_threads,
            no_pin: self.no_pin,
            seed: self.seed,
            ..Settings::default()
        };
        RunArgs {
            scenario: scenario::DEFAULT.into(),
            settings,
            target: TargetArgs::default(),
            allocator: self.allocator,
            out: self.out.clone(),
        }
    }
}

/// Who says updates is told before clients are known, so there must be as many at any load.
pub(super) fn refuse_speakers(scenario: &Scenario, search: &Search) -> anyhow::Result<()> {
    ensure!(
        search.axis != SearchAxis::Clients || scenario.speakers != Some(Speakers::All),
        "speakers all beside --axis clients: who says what would change from load to load; use --speakers one"
    );
    Ok(())
}

/// What is searched as a scenario, whose axes are where it begins.
pub(super) fn scenario(at_bounds: Scenario, search: Search) -> Scenario {
    let mut scenario = Scenario { name: "capacity".to_owned(), ..at_bounds };
    scenario.clients.truncate(1);
    scenario.rate_hz.truncate(1);
    scenario.payload_bytes.truncate(1);
    scenario.measure_s = trial_s(&search, scenario.rate_hz[0]);
    let what = match search.axis {
        SearchAxis::Rate => "How many updates a second",
        SearchAxis::Clients => "How many clients",
        SearchAxis::Payload => "How large updates",
    };
    scenario.why = format!("{what} can each carry before a goal is missed: {}?", search.goals.join(", "));
    scenario.search = Some(search);
    scenario
}

/// Seconds that updates of a trial are due.
pub(super) fn trial_s(search: &Search, rate_hz: f64) -> f64 {
    search.trial_s.max(f64::from(search.trial_updates) / rate_hz)
}
