//! A sweep: check the machine, make the plan, measure point by point, report.

use std::path::Path;

use anyhow::Context;
use protocol::{
    Transport,
    results::{Disturbance, Scenario, Stream},
};
use reports::Validity;

use crate::{
    cli::{RunArgs, TargetArgs},
    dial::CLIENTS_PER_SOURCE,
    doctor::{self, Level, Need, ServerNeed},
    interrupt,
    output::{self, folder::Folder, manifest::manifest, show::Show},
    plan::{Planned, plan},
    scenario,
    scheduler::{self, Sweep},
    target::Target,
};

/// The backlog of a server that is started here; its own default.
const BACKLOG: u32 = 4096;

/// How a sweep came out; each has an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As [`reports`] judges what was written.
    Judged(Validity),
    /// Ended before a single run was finished; nothing was kept.
    Nothing,
}

/// What was asked for, checked and ready to be measured.
#[derive(Debug)]
pub struct Prepared {
    scenario: Scenario,
    target: Option<Target>,
    plan: Vec<Planned>,
    folder: Folder,
}

/// Does everything that can fail because of what was asked for, and makes the results folder.
pub async fn prepare(args: RunArgs) -> anyhow::Result<Prepared> {
    if let Some(allocator) = args.allocator {
        // For this process and, by its environment, for the servers that it starts.
        allocator.insist().with_context(|| format!("cannot start again with --allocator {allocator}"))?;
    }
    let (scenario, target) = resolve(args.scenario, args.settings, args.target).await?;
    let findings = doctor::examine(&need(&scenario, target.is_some()));
    for finding in findings.iter().filter(|finding| finding.level > Level::Ok) {
        eprintln!("{finding}");
    }
    anyhow::ensure!(
        doctor::worst(&findings) < Level::Fail,
        "this machine cannot run that; `loadgen doctor` shows every check"
    );
    let plan = plan(&scenario);
    let own = server::Allocator::of_this_process().name();
    let allocator = target.as_ref().map_or(own, |target| &target.health.allocator);
    let folder = Folder::create(args.out.as_deref(), &manifest(&scenario, plan.len() as u32, allocator))?;
    Ok(Prepared { scenario, target, plan, folder })
}

/// The scenario and, if one is named, the server that runs already.
pub async fn resolve(
    name: String,
    settings: scenario::Settings,
    target: TargetArgs,
) -> anyhow::Result<(Scenario, Option<Target>)> {
    let mut scenario = scenario::load(&name, settings)?;
    let Some(url) = target.server.clone() else { return Ok((scenario, None)) };
    let target = Target::examine(&url, &target).await?;
    anyhow::ensure!(
        scenario.disturbance != Some(Disturbance::Restart),
        "disturb restart: the server of --server is not ours to restart; use --disturb drop, or leave --server out"
    );
    // The stream is the server's: the axes say what it is, whatever the scenario wanted.
    match &target.health.stream {
        Stream::Synthetic { arrivals, rate_hz, payload_bytes } => {
            scenario.replay = None;
            scenario.arrivals = *arrivals;
            scenario.rate_hz = vec![*rate_hz];
            scenario.payload_bytes = vec![*payload_bytes];
        }
        Stream::Replay { feed, speed } => {
            scenario.replay = Some(feed.clone());
            scenario.speed = vec![*speed];
        }
    }
    scenario.tls = vec![target.tls.is_some()];
    scenario.server = Some(url);
    scenario.pinned = None;
    Ok((scenario, Some(target)))
}

/// What a scenario asks of the machine at its largest.
pub fn need(scenario: &Scenario, server_is_there: bool) -> Need {
    let server = ServerNeed { threads: scenario.server_threads, backlog: BACKLOG };
    Need {
        clients: scenario.clients.iter().copied().max().unwrap_or(0) * connections_each(scenario),
        clients_per_source: CLIENTS_PER_SOURCE,
        workers: scenario.workers,
        server: (!server_is_there).then_some(server),
    }
}

/// Connections of a client: one, and another for its signals if a poll takes the first.
fn connections_each(scenario: &Scenario) -> u32 {
    let posts = scenario.signal_rate_hz > 0.0 && scenario.transports.contains(&Transport::LongPoll);
    if posts { 2 } else { 1 }
}

impl Prepared {
    /// Measures the whole plan, or as much of it as the user lets it, and reports what was measured.
    pub async fn run(mut self) -> anyhow::Result<Outcome> {
        let interrupt = interrupt::token()?;
        let show = Show::new(&self.plan, &self.scenario);
        self.introduce(&show);
        let sweep = Sweep {
            scenario: &self.scenario,
            target: self.target.as_ref(),
            faults: &[],
            interrupt: &interrupt,
            show: &show,
        };
        for planned in &self.plan {
            let Some(run) = scheduler::run(&sweep, planned).await else {
                show.line("Interrupted: what was finished is kept.");
                break;
            };
            self.folder.append(&run)?;
            show.finished(&run);
            if run.failure.is_some() {
                // Whatever broke it would break the next; somebody should look first.
                show.line("A run failed: the rest of the plan is left out.");
                break;
            }
        }
        show.end();
        self.report()
    }

    fn introduce(&self, show: &Show) {
        let Scenario { name, why, .. } = &self.scenario;
        let about = humantime::format_duration(std::time::Duration::from_secs(show.estimate().as_secs()));
        show.line(&format!("Scenario {name}: {why}"));
        show.line(&format!("{} runs, about {about}. Results go to {}.", self.plan.len(), self.folder.path().display()));
    }

    fn report(self) -> anyhow::Result<Outcome> {
        let path = self.folder.path().to_path_buf();
        if self.folder.discard_if_empty()? {
            eprintln!("No run was finished, so there is nothing to report.");
            return Ok(Outcome::Nothing);
        }
        report(&path).map(Outcome::Judged)
    }
}

/// Writes the index of a folder of results folders, and says where it is.
pub fn index(dir: &Path) -> anyhow::Result<()> {
    let written = reports::write_index(dir).with_context(|| format!("no index of {}", dir.display()))?;
    output::print(&format!("Index: {}", written.display()))?;
    Ok(())
}

/// Renders the report of a results folder, prints the summary, and judges it.
pub fn report(dir: &Path) -> anyhow::Result<Validity> {
    let results = reports::load_pooled(dir)?;
    let written =
        reports::write(&results).with_context(|| format!("cannot write the report into {}", dir.display()))?;
    let table = reports::summary_table(&results);
    output::print(&format!("\n{}\n\nReport: {}", table.trim_end(), written.report.display()))?;
    Ok(results.validity())
}
