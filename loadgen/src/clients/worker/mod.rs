//! A worker: a thread that connects its clients, holds them, and brings back what they saw.

mod again;
mod client;
mod crew;
mod signals;

use std::{collections::BTreeMap, net::SocketAddr, rc::Rc, sync::Arc, thread, time::Duration};

use anyhow::Context;
use hdrhistogram::Histogram;
use protocol::Transport;
use server::{metrics::Tally, values::Cpus};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{Notify, Semaphore},
    task::spawn_local,
    time::{Instant, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    recorder::{ClientRecord, MeasurePhase, Progress, Recorder, histogram},
    socket::LagMeter,
    tls::Tls,
};
use client::client;
use crew::Crew;

pub use again::{Again, Disturbed};
pub use signals::SignalRecord;

/// Connections of one worker that may be under way at once: enough to hide a round trip, too few to fill a backlog.
const HANDSHAKES_MAX: usize = 256;
/// How often it is looked whether a server has fallen silent.
const SILENCE_LOOK: Duration = Duration::from_secs(5);

/// What one worker is to do.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// How its clients get updates.
    pub transport: Transport,
    /// From where.
    pub server: SocketAddr,
    /// Its clients, as numbers among those of all workers.
    pub clients: std::ops::Range<u32>,
    /// Connections it may begin a second.
    pub connect_rate: f64,
    /// Whom they trust, if the server speaks TLS.
    pub tls: Option<Tls>,
    /// What the server asks them to show.
    pub token: Option<Arc<str>>,
    /// Signals that each sends a second while updates flow, 0 for none.
    pub signal_rate_hz: f64,
    /// Seed of all jitter.
    pub seed: u64,
    /// The measure phase, when it is known.
    pub phase: MeasurePhase,
    /// What was done to them, once it was.
    pub disturbed: Disturbed,
    /// The processors to keep to.
    pub cpus: Option<Cpus>,
}

/// A worker at work.
#[derive(Debug)]
pub struct Worker {
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// What went over its sockets.
    pub tally: Arc<Tally>,
    /// Its thread, as the kernel knows it.
    pub thread_id: rustix::thread::Pid,
    orders: Orders,
    thread: thread::JoinHandle<Report>,
}

/// What a worker can be told while it works.
#[derive(Debug, Clone, Default)]
struct Orders {
    drop_all: Arc<Notify>,
    stop: CancellationToken,
}

/// What a worker brings back.
#[derive(Debug)]
pub struct Report {
    /// Its record.
    pub recorder: Recorder,
    /// From the beginning of each connection until its client was ready, nanoseconds.
    pub handshake: Histogram<u64>,
    /// The part of that which came after the TCP connection and TLS: one exchange on an idle connection.
    pub exchange: Histogram<u64>,
    /// The part that was the TLS handshake.
    pub tls_handshake: Histogram<u64>,
    /// What it agreed on.
    pub tls_agreed: Option<String>,
    /// One for every client, if it was ready.
    pub clients: Vec<Option<ClientRecord>>,
    /// What became of its clients' signals.
    pub signals: SignalRecord,
    /// Connections that ended, and tries to connect again that failed, after a disturbance; by kind.
    pub disturbances: BTreeMap<String, u64>,
    /// How late bytes were read, on a sample of the connections.
    pub loop_lag: Histogram<u64>,
    /// Errors that ended connections otherwise, by kind.
    pub errors: BTreeMap<String, u64>,
    /// The first of them in words.
    pub first_error: Option<String>,
}

impl Worker {
    /// Starts a thread that connects its clients and holds them until [`Self::stop`].
    pub fn start(assignment: Assignment) -> anyhow::Result<Self> {
        let (progress, tally, orders) = <(Arc<Progress>, Arc<Tally>, Orders)>::default();
        let (named, name) = std::sync::mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("worker".to_owned()).spawn({
            let (progress, tally, orders) = (Arc::clone(&progress), Arc::clone(&tally), orders.clone());
            move || {
                let _ = named.send(rustix::thread::gettid());
                work(assignment, progress, tally, &orders)
            }
        })?;
        let thread_id = name.recv().context("a worker did not start")?;
        Ok(Self { progress, tally, thread_id, orders, thread })
    }

    /// Has every client drop its connection, and come back.
    pub fn drop_all(&self) {
        self.orders.drop_all.notify_one();
    }

    /// Closes every connection and gives the report.
    pub fn stop(self) -> anyhow::Result<Report> {
        self.orders.stop.cancel();
        self.thread.join().map_err(|_| anyhow::anyhow!("a worker panicked; this is a bug in pushbench"))
    }
}

fn work(assignment: Assignment, progress: Arc<Progress>, tally: Arc<Tally>, orders: &Orders) -> Report {
    if let Some(cpus) = &assignment.cpus {
        // Checked when the plan was made: the processors exist.
        let _ = cpus.pin();
    }
    let report = Report {
        recorder: Recorder::new(Arc::clone(&assignment.phase), Arc::clone(&progress)),
        handshake: histogram(3),
        exchange: histogram(3),
        tls_handshake: histogram(3),
        tls_agreed: None,
        clients: vec![None; assignment.clients.len()],
        signals: SignalRecord::default(),
        disturbances: BTreeMap::new(),
        loop_lag: histogram(3),
        errors: BTreeMap::new(),
        first_error: None,
    };
    let lag = LagMeter::new(Arc::clone(&assignment.phase));
    let crew = Rc::new(Crew::new(assignment, progress, tally, lag, report));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("a runtime needs a few descriptors, which were checked");
    runtime.block_on(async {
        let giver = Rc::clone(&crew);
        spawn_local(async move { giver.turns.give().await });
        tokio::select! {
            () = ramp(&crew) => {}
            () = orders.stop.cancelled() => {}
        }
        tokio::select! {
            () = watch(&crew, orders) => {}
            () = orders.stop.cancelled() => {}
        }
    });
    // Ends the clients, which closes their sockets and lets go of the crew.
    drop(runtime);
    let Crew { report, lag, .. } = Rc::into_inner(crew).expect("no client is left");
    Report { loop_lag: lag.into_histogram(), ..report.into_inner() }
}

/// Starts the clients, evenly spaced and never too many at once.
async fn ramp(crew: &Rc<Crew>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let begun = Instant::from_std(start_of_ramp());
    for place in 0..crew.assignment.clients.len() {
        sleep_until(begun + Duration::from_secs_f64(place as f64 / crew.assignment.connect_rate)).await;
        let permit = Arc::clone(&handshakes).acquire_owned().await.expect("never closed");
        let task = spawn_local(client(Rc::clone(crew), place, Some(permit)));
        crew.tasks.borrow_mut().push(task.abort_handle());
    }
}

/// Has clients come back that were told to drop their connection, or whose server has fallen silent.
async fn watch(crew: &Rc<Crew>, orders: &Orders) {
    let mut looks = interval(SILENCE_LOOK);
    loop {
        let left = tokio::select! {
            () = orders.drop_all.notified() => crew.all_ready(),
            _ = looks.tick() => crew.unheard(),
        };
        for place in left {
            let tasks = &mut *crew.tasks.borrow_mut();
            tasks[place].abort();
            tasks[place] = spawn_local(client(Rc::clone(crew), place, None)).abort_handle();
        }
    }
}

/// tokio's timers take its own `Instant`; nothing is timed with it.
#[expect(clippy::disallowed_methods, reason = "a deadline for a sleep, not a measurement")]
fn start_of_ramp() -> std::time::Instant {
    std::time::Instant::now()
}
