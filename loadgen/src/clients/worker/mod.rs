//! A worker: a thread that connects its clients, holds them, and brings back what they saw.

mod assignment;
mod client;
mod errors;
mod goodbyes;
mod pace;
mod report;
mod shared;
mod signals;
mod words;

use std::{
    pin::pin,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::Duration,
};

use anyhow::Context;
use server::metrics::Tally;
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{
        Notify, Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::spawn_local,
    time::{Instant, interval, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{recorder::Progress, socket::LagMeter, window::MeasurePhase};
use client::client;
use goodbyes::{GOODBYE, Goodbyes};
use shared::Shared;

pub use assignment::Assignment;
pub use errors::Errors;
pub use report::{Report, SignalRecord};

/// Connections of one worker that may be under way at once: enough to hide a round trip, too few to fill a backlog.
const HANDSHAKES_MAX: usize = 256;
/// How often it is looked whether a server has fallen silent.
const SILENCE_LOOK: Duration = Duration::from_secs(5);

/// A worker at work.
#[derive(Debug)]
pub struct Worker {
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// What went over its sockets.
    pub tally: Arc<Tally>,
    /// Its thread, as the kernel knows it.
    pub thread_id: rustix::thread::Pid,
    /// When what its clients receive counts.
    pub phase: MeasurePhase,
    requests: UnboundedSender<Request>,
    orders: Orders,
    thread: thread::JoinHandle<Report>,
}

/// What a worker can be told while it works.
#[derive(Debug, Clone, Default)]
struct Orders {
    drop_all: Arc<Notify>,
    outlasted: Arc<Notify>,
    stop: CancellationToken,
}

/// For what came of a measure phase.
type Request = oneshot::Sender<Report>;

impl Worker {
    /// Starts a thread that connects its clients and holds them until [`Self::stop`].
    pub fn start(assignment: Assignment) -> anyhow::Result<Self> {
        let (progress, tally, orders) = <(Arc<Progress>, Arc<Tally>, Orders)>::default();
        let (named, name) = std::sync::mpsc::sync_channel(1);
        let (requests, requested) = unbounded_channel();
        let phase = assignment.phase.clone();
        let thread = thread::Builder::new().name("worker".to_owned()).spawn({
            let (progress, tally, orders) = (Arc::clone(&progress), Arc::clone(&tally), orders.clone());
            move || {
                let _ = named.send(rustix::thread::gettid());
                work(assignment, progress, tally, &orders, requested)
            }
        })?;
        let thread_id = name.recv().context("a worker did not start")?;
        Ok(Self { progress, tally, thread_id, phase, requests, orders, thread })
    }

    /// Has every client drop its connection, and come back.
    pub fn drop_all(&self) {
        self.orders.drop_all.notify_one();
    }

    /// Tells it that an outage is over, which clients have waited out.
    pub fn outlasted(&self) {
        self.orders.outlasted.notify_one();
    }

    /// What came of the measure phase, which is over with that. Clients stay where they are.
    pub async fn hand_over(&self) -> anyhow::Result<Report> {
        let (request, report) = oneshot::channel();
        let sent = self.requests.send(request);
        let ended = "a worker has ended; this is a bug in pushbench";
        sent.map_err(|_| anyhow::anyhow!(ended))?;
        report.await.context(ended)
    }

    /// Has every client say goodbye, if it does, and close its connection.
    pub fn end(&self) {
        self.orders.stop.cancel();
    }

    /// The same; waits for that, and gives the report.
    pub fn stop(self) -> anyhow::Result<Report> {
        self.end();
        self.thread.join().map_err(|_| anyhow::anyhow!("a worker panicked; this is a bug in pushbench"))
    }
}

fn work(
    assignment: Assignment,
    progress: Arc<Progress>,
    tally: Arc<Tally>,
    orders: &Orders,
    mut requests: UnboundedReceiver<Request>,
) -> Report {
    if let Some(cpus) = &assignment.cpus {
        // Checked when the plan was made: the processors exist.
        let _ = cpus.pin();
    }
    let report = Report::new(&assignment, Arc::clone(&progress));
    let lag = LagMeter::new(assignment.phase.clone());
    let shared = Rc::new(Shared::new(assignment, progress, tally, lag, report, Goodbyes::new(orders.stop.clone())));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("a runtime needs a few descriptors, which were checked");
    runtime.block_on(async {
        let giver = Rc::clone(&shared);
        spawn_local(async move { giver.turns.give().await });
        tokio::select! {
            () = ramp(&shared) => {}
            () = sleep(shared.until_give_up()) => {}
            () = orders.stop.cancelled() => {}
        }
        tokio::select! {
            () = watch(&shared, orders, &mut requests) => {}
            () = orders.stop.cancelled() => {}
        }
        if let Some(unsaid) = shared.goodbyes.said().await {
            shared.report.borrow_mut().errors.meet_as(GOODBYE, &unsaid);
        }
    });
    // Ends the clients, which closes their sockets and lets go of what they share.
    drop(runtime);
    let Shared { assignment, report, lag, progress, scratch, .. } = Rc::into_inner(shared).expect("no client is left");
    let begun = scratch.into_begun().filter(|_| assignment.is_stamped() && assignment.phase.get().is_some());
    let report = report.into_inner().closed(progress.updates.load(Relaxed), begun);
    Report { loop_lag: lag.take(), ..report }
}

/// Starts the clients, evenly spaced and never too many at once.
async fn ramp(shared: &Rc<Shared>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let begun = Instant::from_std(start_of_ramp());
    for index in 0..shared.assignment.clients.len() {
        sleep_until(begun + Duration::from_secs_f64(index as f64 / shared.assignment.connect_rate)).await;
        let permit = Arc::clone(&handshakes).acquire_owned().await.expect("never closed");
        let task = spawn_local(client(Rc::clone(shared), index, Some(permit)));
        shared.tasks.borrow_mut().push(task.abort_handle());
    }
}

/// Has clients come back that were told to drop their connection, or whose server has fallen silent; ends the tries of
/// those that are not ready in time; and hands over what came of a measure phase.
async fn watch(shared: &Rc<Shared>, orders: &Orders, requests: &mut UnboundedReceiver<Request>) {
    let mut looks = interval(SILENCE_LOOK);
    let mut give_up = pin!(sleep(shared.until_give_up()));
    let mut given_up = false;
    loop {
        let left = tokio::select! {
            () = &mut give_up, if !given_up => {
                given_up = true;
                shared.give_up();
                continue;
            }
            Some(request) = requests.recv() => {
                // Perhaps nobody waits for it any more.
                let _ = request.send(shared.hand_over());
                continue;
            }
            () = orders.outlasted.notified() => {
                shared.outlasted();
                continue;
            }
            () = orders.drop_all.notified() => shared.all_ready(),
            _ = looks.tick() => shared.unheard(),
        };
        for index in left {
            let tasks = &mut *shared.tasks.borrow_mut();
            tasks[index].abort();
            tasks[index] = spawn_local(client(Rc::clone(shared), index, None)).abort_handle();
        }
    }
}

/// tokio's timers take its own `Instant`; nothing is timed with it.
#[expect(clippy::disallowed_methods, reason = "a deadline for a sleep, not a measurement")]
fn start_of_ramp() -> std::time::Instant {
    std::time::Instant::now()
}
