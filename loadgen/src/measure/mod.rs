//! One run of one point: connect, settle, warm up, measure, drain.

mod account;
mod connect;
mod disturb;
pub mod feed;
mod gather;
pub mod others;
mod phase;
mod server;
pub mod server_process;
mod session;
mod sweep;
pub mod target;
pub mod through;

use protocol::{
    clock::{self, ns},
    control::Window,
    results::{Failure, Run, Scenario},
};

pub use phase::{Halt, Phase};
pub use sweep::Sweep;

use crate::{
    machine::calendar,
    scenario::{plan::Planned, warm_up::warm_up_s},
};
use account::Edge;
use session::Session;

/// The first update is due so long after the publisher is told to start, which gives it time to.
const LEAD_NS: u64 = 30_000_000;

/// Measures one point once. `None` if it was interrupted; a failure is a run too.
pub async fn run(sweep: &Sweep<'_>, planned: &Planned) -> Option<Run> {
    let started_utc = calendar::now_utc();
    sweep.progress.begin(planned);
    let mut session = Session::new(sweep, planned);
    let ended = phases(&mut session, sweep.scenario).await.map_err(|halt| session.explain(halt));
    let closed = session.close().await.map_err(Halt::Failed);
    match ended.and(closed) {
        Ok(()) => Some(session.into_run(started_utc, None)),
        Err(halt) => {
            let reason = halt.reason(&session.gathered.errors())?;
            let failure = Failure { phase: session.phase.to_string(), reason };
            Some(session.into_run(started_utc, Some(failure)))
        }
    }
}

async fn phases(session: &mut Session<'_>, scenario: &Scenario) -> Result<(), Halt> {
    session.start_server().await?;

    session.enter(Phase::Connect);
    session.connect().await?;

    session.enter(Phase::Settle);
    session.wait(after_s(scenario.settle_s), |_| false).await?;
    session.sample_idle().await?;

    session.enter(Phase::WarmUp);
    session.keep_awake()?;
    let first_due_ns = clock::now_ns() + LEAD_NS;
    let from_ns = first_due_ns + ns(warm_up_s(&session.planned.point.load.stream, scenario, session.planned.repeat));
    let window = Window { from_ns, to_ns: from_ns + ns(scenario.measure_s) };
    session.publish(first_due_ns, window).await?;
    session.keep_apart(true)?;
    session.wait(window.from_ns, |_| false).await?;

    session.enter(Phase::Measure);
    session.edge(Edge::From)?;
    if let Some(disturbance) = scenario.disturbance {
        session.disturb(disturbance, first_due_ns, window).await?;
    }
    session.wait(window.to_ns, |_| false).await?;
    session.edge(Edge::To)?;

    session.enter(Phase::Drain);
    let goes_on = session.goes_on();
    if goes_on {
        session.sample_busy().await?;
    }
    session.account(after_s(scenario.drain_s)).await?;
    session.wait(after_s(scenario.drain_s), Session::is_complete).await?;
    // Not while something is under way: to read memory is work for the server, and what is late still counts. A stream that goes on
    // has no such moment, least of all now that its next update has come.
    if !goes_on {
        session.sample_busy().await?;
    }

    session.enter(Phase::Close);
    Ok(())
}

fn after_s(seconds: f64) -> u64 {
    clock::now_ns() + ns(seconds)
}
