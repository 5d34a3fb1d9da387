//! Trials: one load after the other, borne by a server that stays up. Clients stay too, unless others are asked for, or some were lost.

use protocol::{
    clock,
    results::{Run, Scenario, Trial},
};

use super::{
    get_ready, measure, measured,
    phase::Halt,
    session::{QUIET, Session},
    sweep::Sweep,
    warm_up,
};
use crate::{machine::calendar, scenario::plan::Planned};

/// The first update by a trial's schedule is due so long after the server is told: its publisher looks for changes every 50 ms.
const LEAD_NS: u64 = 100_000_000;

/// A server that stays up for one trial after the other.
#[derive(Debug)]
pub struct Trials<'a> {
    /// Boxed: its room would else be part of all that wait for it.
    session: Box<Session<'a>>,
}

impl<'a> Trials<'a> {
    /// Trials of what bears this point, whatever its stream. Nothing is started yet.
    pub fn new(sweep: &'a Sweep<'a>, planned: &Planned) -> Self {
        let mut quiet = planned.clone();
        quiet.point.load.stream = QUIET;
        Self { session: Session::new(sweep, &quiet).into() }
    }

    /// Measures one load, by a scenario whose measure phase is as long as the trial. `None` if it was interrupted. After a failure there can
    /// be no other trial of this server.
    pub async fn measure(&mut self, scenario: &Scenario, planned: &Planned, trial: Trial) -> Option<Run> {
        let started_utc = calendar::now_utc();
        let session = &mut *self.session;
        session.sweep.progress.begin(planned);
        let ended = tried(session, scenario, planned).await.map_err(|halt| session.explain(halt));
        let handed_over = session.hand_over().await.map_err(Halt::Failed);
        let run = measured(session, started_utc, ended.and(handed_over))?;
        Some(Run { trial: Some(trial), ..run })
    }

    /// Ends the server.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.session.close().await
    }
}

async fn tried(session: &mut Session<'_>, scenario: &Scenario, planned: &Planned) -> Result<(), Halt> {
    if session.is_to_start() {
        session.start_server().await?;
        session.publish(clock::now_ns() + LEAD_NS, None).await?;
    }
    session.planned = planned.clone();
    if session.has_its_clients() {
        session.gathered.begin()?;
    } else {
        session.forget_clients().await?;
        get_ready(session, scenario).await?;
    }
    let (first_due_ns, window) = warm_up(session, scenario, LEAD_NS)?;
    session.publish_trial(first_due_ns, window).await?;
    measure(session, scenario, first_due_ns, window, |session| session.is_complete() || session.failed() > 0).await?;
    session.note_drained();
    Ok(())
}
