//! The search: trial by trial, process by process, contenders in turn.

use protocol::results::{Load, Trial};
use reports::{Next, Seeker};

use super::{kept::Kept, shown, tried};
use crate::{
    measure::{Phase, Sweep, Trials},
    scenario::plan::{Planned, Planner},
};

/// A search at work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'a> {
    /// How each trial is measured.
    pub(crate) sweep: &'a Sweep<'a>,
    /// Which comes next.
    pub(crate) seeker: &'a Seeker,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All was tried that was to be.
    Done,
    /// The user had enough.
    Interrupted,
}

impl<'a> Search<'a> {
    /// Searches for every contender under these loads: one process of each, then another of each.
    pub(crate) async fn all(self, loads: &[Load], kept: &mut impl Kept) -> anyhow::Result<Ended> {
        let Sweep { scenario, progress, .. } = self.sweep;
        let search = scenario.search.as_ref().expect("a search was asked for");
        let mut gone = Vec::new();
        for contender in Planner::new(scenario).repeats(search.processes, loads) {
            if gone.contains(&contender.point) {
                continue;
            }
            progress.line(&shown::process(&contender, search));
            match self.process(&contender, kept).await? {
                Process::Done => {}
                Process::Interrupted => {
                    progress.line("Interrupted: what was finished is kept.");
                    return Ok(Ended::Interrupted);
                }
                Process::CannotStart => {
                    progress.line("The server cannot be started: what else is to be tried of it is left out.");
                    gone.push(contender.point.clone());
                }
            }
            // Between processes, when nothing is measured.
            kept.show();
        }
        Ok(Ended::Done)
    }

    /// Searches in one server process: `contender.repeat` is its number.
    async fn process(self, contender: &Planned, kept: &mut impl Kept) -> anyhow::Result<Process> {
        let mut server = None;
        let ended = self.trials(contender, kept, &mut server).await;
        let stopped = match server {
            Some(server) => Trials::end(server).await,
            None => Ok(()),
        };
        let ended = ended?;
        stopped.map(|()| ended)
    }

    async fn trials(
        self,
        contender: &Planned,
        kept: &mut impl Kept,
        server: &mut Option<Trials<'a>>,
    ) -> anyhow::Result<Process> {
        let Sweep { scenario, progress, interrupt, .. } = self.sweep;
        let search = scenario.search.as_ref().expect("a search was asked for");
        let process = contender.repeat;
        loop {
            if interrupt.is_cancelled() {
                return Ok(Process::Interrupted);
            }
            let runs = tried::of(kept.runs(), &contender.point, search);
            let Next::Try { load, number } = self.seeker.next(&runs, process) else { return Ok(Process::Done) };
            let point = tried::at_load(&contender.point, search.axis, load);
            let planned = tried::planned(kept.runs(), point);
            let lasting = tried::lasting(scenario, search, &planned.point);
            kept.plan()?;
            progress.plan(std::slice::from_ref(&planned));
            let trials = server.get_or_insert_with(|| Trials::new(self.sweep, &planned));
            // Boxed: its room would else be part of all that wait for it.
            let measured = Box::pin(trials.measure(&lasting, &planned, Trial { process, number }));
            let Some(run) = measured.await else {
                return Ok(Process::Interrupted);
            };
            kept.keep(&run)?;
            progress.tried(&shown::trial(&tried::of(kept.runs(), &contender.point, search), search, self.seeker));
            if let Some(failure) = &run.failure {
                // Whatever state it is in, the next trial has another.
                let stopped = match server.take() {
                    Some(server) => server.end().await,
                    None => Ok(()),
                };
                if failure.phase == Phase::Start.to_string() {
                    return Ok(Process::CannotStart);
                }
                if let Err(error) = stopped {
                    progress.line(&format!("The server did not end in order: {error:#}"));
                }
            }
        }
    }
}

/// How the search in one process ended.
enum Process {
    Done,
    Interrupted,
    CannotStart,
}
