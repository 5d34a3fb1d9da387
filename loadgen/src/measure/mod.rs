//! One run of one point: connect, settle, warm up, measure, drain. Or one trial after the other of a server that stays up.

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
mod trials;

use protocol::{
    clock::{self, ns},
    control::Window,
    results::{Failure, Run, Scenario},
};

pub use phase::{Halt, Phase};
pub use sweep::Sweep;
pub use trials::Trials;

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
    measured(&mut session, started_utc, ended.and(closed))
}

/// What came of it. `None` if it was interrupted.
fn measured(session: &mut Session<'_>, started_utc: String, ended: Result<(), Halt>) -> Option<Run> {
    let failure = match ended {
        Ok(()) => None,
        Err(halt) => {
            Some(Failure { phase: session.phase.to_string(), reason: halt.reason(&session.gathered.errors())? })
        }
    };
    Some(session.take_run(started_utc, failure))
}

async fn phases(session: &mut Session<'_>, scenario: &Scenario) -> Result<(), Halt> {
    session.start_server().await?;
    get_ready(session, scenario).await?;

    let (first_due_ns, window) = warm_up(session, scenario, LEAD_NS)?;
    session.publish(first_due_ns, Some(window)).await?;
    measure(session, scenario, first_due_ns, window, Session::is_complete).await
}

/// Connects the clients, and lets them settle.
async fn get_ready(session: &mut Session<'_>, scenario: &Scenario) -> Result<(), Halt> {
    session.enter(Phase::Connect);
    session.connect().await?;

    session.enter(Phase::Settle);
    session.wait(after_s(scenario.settle_s), |_| false).await?;
    session.sample_idle().await
}

/// Begins the warm-up of a stream whose first update is due after so long, and makes known what of it counts.
fn warm_up(session: &mut Session<'_>, scenario: &Scenario, lead_ns: u64) -> Result<(u64, Window), Halt> {
    session.enter(Phase::WarmUp);
    session.keep_awake()?;
    let first_due_ns = clock::now_ns() + lead_ns;
    let window = window(session, scenario, first_due_ns);
    session.count(window);
    Ok((first_due_ns, window))
}

/// What counts of a stream whose first update is due then.
fn window(session: &Session<'_>, scenario: &Scenario, first_due_ns: u64) -> Window {
    let Planned { repeat, point, .. } = &session.planned;
    let from_ns = first_due_ns + ns(warm_up_s(&point.load, scenario, *repeat));
    Window { from_ns, to_ns: from_ns + ns(scenario.measure_s) }
}

/// From the warm-up, which has begun, to the end. `is_over`: nothing more is to be waited for once the window has passed.
async fn measure<'a>(
    session: &mut Session<'a>,
    scenario: &Scenario,
    first_due_ns: u64,
    window: Window,
    is_over: impl Fn(&Session<'a>) -> bool,
) -> Result<(), Halt> {
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
    session.wait(after_s(scenario.drain_s), is_over).await?;
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
