//! A sweep: check the machine, make the plan, measure point by point, report.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Args;
use protocol::{
    Transport,
    clock::{self, NS_PER_SEC},
    results::{Arrivals, Disturbance, Failure, Goal, Load, Peer, Publish, Scenario, Speakers, Stream},
};
use reports::url_without_secrets;
use server::{Allocator, stream::replay::Feed};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;

mod contradictions;
mod further;
mod others;

pub(super) use others::settle;
mod peers;
mod thresholds;

use super::{
    report::show,
    status::{FAILED, Outcome, USAGE, ended, fail, in_runtime},
};
use crate::{
    clients::{CLIENTS_PER_SOURCE, spreads},
    link::{How, Refused, enter_namespace},
    machine::{
        doctor::{self, Level, Need, ServerNeed},
        interrupt,
    },
    measure::{
        self, Phase, Sweep,
        feed::Spool,
        others::Others,
        target::{Target, TargetArgs},
        through::Through,
    },
    output::{folder::Folder, manifest::manifest, progress::Progress, say},
    scenario::{
        self, Settings,
        plan::{Planned, Planner, estimate_s, loads},
        validate_rates,
    },
};

/// The backlog of a server that is started here; its own default.
const BACKLOG: u32 = 4096;
/// A server that runs already, and does not take a connection for so long, is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Options of a run.
#[derive(Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// A built-in scenario (see `loadgen scenarios`) or the path of a TOML file
    #[arg(default_value = scenario::DEFAULT)]
    pub scenario: PathBuf,

    /// What replaces the scenario's keys.
    #[command(flatten)]
    pub settings: Settings,

    /// What is measured, if it is there already.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Memory allocator of server and generator: glibc, or jemalloc if built in [default: $PUSHBENCH_ALLOCATOR, or glibc]
    #[arg(long, value_name = "NAME")]
    pub allocator: Option<Allocator>,

    /// The results folder [default: results/TIME-SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

const RUN_EXAMPLES: &str = "\
An option that is an axis takes a list; a sweep is the product of its axes.
Times are written 500ms, 3s, 2m.

Examples:
  loadgen run                                        the quick comparison
  loadgen run reconnect --clients 5000               a storm of clients that lost their connections
  loadgen run --tls off,on                           what TLS costs
  loadgen run rate --transports long-poll            one transport, several rates
  loadgen run --clients 10000 --rate 2 --repeats 5   a large audience
  loadgen run --fail-if 'long-poll.last-p90 > 50ms' --fail-if 'missed > 0'    exit status 4 if one fails
  loadgen run --peer socketio,nchan,own              servers that people deploy, beside ours
  loadgen run my.toml --out results/mine             your own scenario";

impl RunArgs {
    /// The quick comparison.
    pub fn quick() -> Self {
        Self { scenario: scenario::DEFAULT.into(), ..Self::default() }
    }
}

/// Measures, and reports.
pub fn run(args: RunArgs) -> ExitCode {
    // Before there is any other thread: each would have to enter by itself.
    let behind_link = scenario::asks_for_link(&args.scenario, &args.settings).then(enter_namespace);
    in_runtime(async {
        match prepare(args, behind_link).await {
            Err(error) => fail(&error, USAGE),
            Ok(prepared) => ended(prepared.run().await, FAILED),
        }
    })
}

/// What was asked for, checked and ready to be measured.
#[derive(Debug)]
struct Prepared {
    scenario: Scenario,
    feed: Option<Spool>,
    target: Option<Target>,
    others: Vec<Others>,
    through: Option<Through>,
    planner: Planner,
    plan: Vec<Planned>,
    folder: Folder,
    /// Peers that cannot be started.
    gone: Vec<String>,
}

/// Does everything that can fail because of what was asked for, and makes the results folder.
///
/// `behind_link`: whether there may be one, if it is needed.
async fn prepare(args: RunArgs, behind_link: Option<Result<How, Refused>>) -> anyhow::Result<Prepared> {
    // For this process and, by its environment, for the servers that it starts.
    Allocator::settle(args.allocator)?;
    let Asked { mut scenario, feed, target, others, through } = resolve(&args).await?;
    if let Some(Err(why)) = behind_link {
        leave_out_paths(&mut scenario, args.settings.ask_for_link(), why)?;
    }
    examine(&scenario, target.as_ref())?;
    let mut planner = Planner::new(&scenario);
    let plan = planner.repeats(scenario.repeats, &loads(&scenario));
    thresholds::check(&scenario, &plan, feed.as_ref(), target.as_ref())?;
    let allocator = allocator(&scenario, target.as_ref(), !others.is_empty());
    let feed = feed.as_ref().map(Spool::of).transpose()?;
    let folder = Folder::create(args.out.as_deref(), manifest(&scenario, plan.len() as u32, &allocator))?;
    Ok(Prepared { scenario, feed, target, others, through, planner, plan, folder, gone: Vec::new() })
}

/// Fails if this machine cannot do it, and says what else may be amiss.
pub(super) fn examine(scenario: &Scenario, target: Option<&Target>) -> anyhow::Result<()> {
    let findings = doctor::examine(&need(scenario, target));
    for finding in findings.iter().filter(|finding| finding.level > Level::Ok) {
        say(&finding.for_stderr().to_string());
    }
    anyhow::ensure!(
        doctor::worst(&findings) < Level::Fail,
        "this machine cannot run that; `loadgen doctor` shows every check"
    );
    Ok(())
}

/// Goes on over loopback alone where there can be no link, unless the link was `asked_for`.
fn leave_out_paths(scenario: &mut Scenario, asked_for: bool, why: Refused) -> anyhow::Result<()> {
    if asked_for || !scenario::without_link(scenario) {
        return Err(why.into());
    }
    say(&format!("Over loopback alone, where a round trip takes no time: {why}"));
    Ok(())
}

/// The memory allocator of whoever is measured.
pub(super) fn allocator(scenario: &Scenario, target: Option<&Target>, has_others: bool) -> String {
    let own = Allocator::of_this_process().name();
    match target.and_then(|target| target.health.as_ref()) {
        Some(health) => health.allocator.clone(),
        None if has_others && peers::has_own(scenario) => format!("{own} in {}, each other server its own", Peer::OWN),
        None if has_others => "its own".to_owned(),
        None => own.to_owned(),
    }
}

/// What was asked for, and found.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) scenario: Scenario,
    /// The feed that it replays.
    feed: Option<Feed>,
    /// The server that runs already, if one is named.
    pub(super) target: Option<Target>,
    /// How servers of others are measured.
    pub(super) others: Vec<Others>,
    /// The proxy before it.
    pub(super) through: Option<Through>,
}

/// Finds out what was asked for.
pub(super) async fn resolve(args: &RunArgs) -> anyhow::Result<Asked> {
    contradictions::refuse(&args.settings, &args.target, args.allocator)?;
    let (mut scenario, feed) = scenario::load_with_feed(&args.scenario, args.settings.clone())?;
    let url = args.target.server.clone().or(scenario.server.take());
    let others = if scenario.peer.is_empty() {
        others::settle(&mut scenario, url.as_deref(), args.settings.transports.is_some())?.into_iter().collect()
    } else {
        peers::settle(&mut scenario, url.as_deref(), &args.settings)?
    };
    let through = contradictions::through(&scenario, url.as_deref())?;
    let Some(url) = &url else { return Ok(Asked { scenario, feed, target: None, others, through }) };
    let dialect = others.first().map(|others| Arc::clone(&others.dialect));
    let target = Target::examine(url, &args.target.client, dialect).await?;
    anyhow::ensure!(
        loads(&scenario).iter().all(Load::is_plain),
        "scenario {} beside --server {}: rooms, topics, clients that speak and updates that are collected are of a server that is started \
         for it; leave --server out",
        scenario.name,
        url_without_secrets(url)
    );
    scenario.tls = vec![target.tls.is_some()];
    scenario.server = Some(target.url.clone());
    scenario.pinned = None;
    let Some(health) = &target.health else {
        return Ok(Asked { scenario, feed, target: Some(target), others, through });
    };
    anyhow::ensure!(
        scenario.disturbance != Some(Disturbance::Restart),
        "disturb restart: the server of --server is not ours to restart; use --disturb drop, or leave --server out"
    );
    if let Some(topics) = health.topics {
        anyhow::bail!(
            "--server {}: it publishes to {topics} topics, and who joins it here names none; leave --server out, and --audience \
             has one started whose topics are known",
            url_without_secrets(url)
        );
    }
    // The stream is the server's: the axes say what it is, whatever the scenario wanted.
    match &health.stream {
        Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
            (scenario.replay, scenario.feed_warm_up_s) = (None, None);
            scenario.arrivals = *arrivals;
            scenario.rate_hz = vec![*rate_hz];
            scenario.payload_bytes = vec![*payload_bytes];
            // When random ones are due, and where in its feed it stands, it does not say.
            if *arrivals == Arrivals::Constant {
                validate_rates(&scenario).with_context(|| format!("--server {url}"))?;
            }
        }
        Stream::Pushed => {}
        Stream::Replay { feed, speed } => {
            (scenario.replay, scenario.feed_warm_up_s) = (Some(feed.clone()), None);
            scenario.speed = vec![*speed];
        }
    }
    scenario.engine = health.engine.into_iter().collect();
    Ok(Asked { scenario, feed: None, target: Some(target), others, through })
}

/// What a scenario asks of the machine at its largest.
pub(super) fn need(scenario: &Scenario, target: Option<&Target>) -> Need {
    let server = ServerNeed { threads: scenario.server_threads, backlog: BACKLOG };
    let each = connections_each(scenario);
    let spread = target.is_none_or(|target| spreads(target.address.ip()));
    Need {
        clients: scenario.parts().iter().flat_map(|part| part.clients.clone()).max().unwrap_or(0) * each,
        per_source: spread.then_some(CLIENTS_PER_SOURCE * each),
        workers: scenario.workers,
        running: target.and_then(|target| Some(target.health.as_ref()?.pid)),
        pinned: scenario.pinned.clone(),
        server: target.is_none().then_some(server),
    }
}

/// Connections of a client: one, and another for what it says if a poll takes the first. Where one client alone speaks, its own is
/// within what is left over.
fn connections_each(scenario: &Scenario) -> u32 {
    let says = scenario.signal_rate_hz > 0.0 || scenario.speakers == Some(Speakers::All) || scenario.speak;
    if says && scenario.transports.iter().any(|transport| *transport != Transport::WebSocket) { 2 } else { 1 }
}

impl Prepared {
    /// Measures the whole plan, or as much of it as the user lets it, and reports what was measured.
    async fn run(mut self) -> anyhow::Result<Outcome> {
        let interrupt = interrupt::token()?;
        let progress = Progress::new(&self.scenario);
        progress.plan(&self.plan);
        self.introduce(&progress);
        let (begun_ns, mut looks) = (clock::now_ns(), 0);
        let kept = loop {
            match self.measure(&progress, &interrupt).await {
                Ok(true) => {}
                kept => break kept.map(drop),
            }
            let spent_s = (clock::now_ns() - begun_ns) as f64 / NS_PER_SEC as f64;
            let Some((why, plan)) = self.further(looks, spent_s, &progress) else { break Ok(()) };
            if let Err(error) = self.folder.plan_more(plan.len()) {
                break Err(error);
            }
            progress.plan(&plan);
            progress.line(&why);
            self.plan = plan;
            looks += 1;
        };
        progress.end();
        self.report(kept)
    }

    /// Measures what is planned; whether all of it was.
    async fn measure(&mut self, progress: &Progress, interrupt: &CancellationToken) -> anyhow::Result<bool> {
        let sweep = Sweep {
            scenario: &self.scenario,
            feed: self.feed.as_ref().map(Spool::path),
            target: self.target.as_ref(),
            others: &self.others,
            through: self.through.as_ref(),
            faults: &[],
            interrupt,
            progress,
        };
        for planned in &self.plan {
            let peer = planned.point.load.peer.as_ref();
            if peer.is_some_and(|peer| self.gone.contains(peer)) {
                continue;
            }
            let Some(run) = measure::run(&sweep, planned).await else {
                progress.line("Interrupted: what was finished is kept.");
                return Ok(false);
            };
            let kept = self.folder.append(&run);
            progress.finished(&run);
            if kept.is_err() {
                progress.line("It could not be written: the rest of the plan is left out.");
                return kept.map(|()| false);
            }
            // Between runs, when nothing is measured. Whether it can be written at all is said at the end.
            let _ = reports::write_page(self.folder.results());
            if let Some(failure) = &run.failure
                && let Some(why) = self.no_server(failure).await
            {
                if let Some(peer) = peer {
                    progress.line(&format!("{why}: what else is planned of {peer} is left out."));
                    self.gone.push(peer.clone());
                    continue;
                }
                progress.line(&format!("{why}: the rest of the plan is left out."));
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What to measure further, and why; nothing if the sweep has no goal, has reached it, or cannot in the time left.
    fn further(&mut self, looks: u32, spent_s: f64, progress: &Progress) -> Option<(String, Vec<Planned>)> {
        let goal = self.scenario.goal?;
        // What runs really take, and not what was expected of them.
        let stretch = spent_s / progress.estimate().as_secs_f64();
        let repeat_s =
            |load: &Load| f64::from(self.planner.per_repeat(load)) * stretch * estimate_s(load, &self.scenario);
        let further = further::further(self.folder.results(), goal, looks, goal.budget_s - spent_s, repeat_s)?;
        Some((further.why(goal), self.planner.repeats(further.repeats, &further.loads)))
    }

    /// Why there will be no server for the runs to come, after one that failed.
    async fn no_server(&self, failure: &Failure) -> Option<&'static str> {
        match &self.target {
            None => (failure.phase == Phase::Start.to_string()).then_some("The server cannot be started"),
            Some(target) => {
                let there = timeout(PATIENCE, TcpStream::connect(target.address)).await;
                (!matches!(there, Ok(Ok(_)))).then_some("The server of --server is gone")
            }
        }
    }

    fn introduce(&self, progress: &Progress) {
        let Scenario { name, why, .. } = &self.scenario;
        let about = humantime::format_duration(Duration::from_secs(progress.estimate().as_secs()));
        progress.line(&format!("Scenario {name}: {why}"));
        if self.scenario.publish == Some(Publish::None) {
            progress.line(
                "The server pushes by itself: at its own rate, size and gaps, whatever the scenario says of them.",
            );
        }
        peers::unspoken(&self.scenario).iter().for_each(|unspoken| progress.line(unspoken));
        let until = match self.scenario.goal {
            Some(Goal { precision, budget_s }) => format!(
                ", then more until ratios are known within {:.0}%{} or {} are over",
                100.0 * precision,
                if self.scenario.fail_if.is_empty() { "" } else { " and thresholds are decided," },
                humantime::format_duration(Duration::from_secs_f64(budget_s))
            ),
            None => String::new(),
        };
        progress.line(&format!(
            "{} runs, about {about}{until}. Results go to {}; report.html there is written anew after each run.",
            self.plan.len(),
            self.folder.path().display()
        ));
    }

    /// Shows what was measured, also if it was not `kept`.
    fn report(self, kept: anyhow::Result<()>) -> anyhow::Result<Outcome> {
        let kept = kept.and_then(|()| self.folder.check());
        let Some(results) = self.folder.into_results() else {
            say("No run was finished, so there is nothing to report.");
            return Ok(Outcome::Nothing);
        };
        let shown = show(&results);
        if let (Err(error), Err(_)) = (&shown, &kept) {
            say(&format!("error: {error:#}"));
        }
        kept.and(shown)
    }
}
