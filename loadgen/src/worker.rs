//! A worker thread and the one timed loop that every client of every transport runs.

use std::{cell::RefCell, collections::BTreeMap, convert::Infallible, rc::Rc, sync::Arc, thread, time::Duration};

use anyhow::Context;
use hdrhistogram::Histogram;
use protocol::{Transport, clock, wire};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use server::{config::Cpus, counted::Tally};
use std::net::SocketAddr;
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_local,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    dial::dial,
    recorder::{ClientRecord, MeasurePhase, Progress, Receipt, Recorder, histogram},
    socket::{LagMeter, Socket},
    transports::{Client, ClientError, Payload, Request, Scratch, Stream},
    turn::Turns,
};

/// Connections of one worker that may be under way at once: enough to hide a round trip, too few to fill a backlog.
const HANDSHAKES_MAX: usize = 256;
/// Polls ask to be held for so long, drawn anew for each client, so that quiet clients do not ask again all at once.
const POLL_WAIT_MS: std::ops::Range<u64> = 20_000..25_000;

/// One client in so many has its reads timed by the kernel; the first of a worker always has.
const LAG_SAMPLE: usize = 64;

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
    /// Seed of the poll jitter.
    pub seed: u64,
    /// The measure phase, when it is known.
    pub phase: MeasurePhase,
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
    stop: CancellationToken,
    thread: thread::JoinHandle<Report>,
}

/// What a worker brings back.
#[derive(Debug)]
pub struct Report {
    /// Its record.
    pub recorder: Recorder,
    /// From the beginning of each connection until its client was ready, nanoseconds.
    pub handshake: Histogram<u64>,
    /// The part of that which came after the TCP connection: one exchange on an idle connection.
    pub exchange: Histogram<u64>,
    /// One for every client, if it was ready.
    pub clients: Vec<Option<ClientRecord>>,
    /// How late bytes were read, on a sample of the connections.
    pub loop_lag: Histogram<u64>,
    /// Errors that ended clients, by kind.
    pub errors: BTreeMap<String, u64>,
    /// The first of them in words.
    pub first_error: Option<String>,
}

impl Worker {
    /// Starts a thread that connects its clients and holds them until [`Self::stop`].
    pub fn start(assignment: Assignment) -> anyhow::Result<Self> {
        let (progress, tally, stop) = <(Arc<Progress>, Arc<Tally>, CancellationToken)>::default();
        let (named, name) = std::sync::mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("worker".to_owned()).spawn({
            let (progress, tally, stop) = (Arc::clone(&progress), Arc::clone(&tally), stop.clone());
            move || {
                let _ = named.send(rustix::thread::gettid());
                work(assignment, progress, tally, &stop)
            }
        })?;
        let thread_id = name.recv().context("a worker did not start")?;
        Ok(Self { progress, tally, thread_id, stop, thread })
    }

    /// Closes every connection and gives the report.
    pub fn stop(self) -> anyhow::Result<Report> {
        self.stop.cancel();
        self.thread.join().map_err(|_| anyhow::anyhow!("a worker panicked; this is a bug in pushbench"))
    }
}

fn work(assignment: Assignment, progress: Arc<Progress>, tally: Arc<Tally>, stop: &CancellationToken) -> Report {
    if let Some(cpus) = &assignment.cpus {
        // Checked when the plan was made: the processors exist.
        let _ = cpus.pin();
    }
    let report = Report {
        recorder: Recorder::new(Arc::clone(&assignment.phase), Arc::clone(&progress)),
        handshake: histogram(3),
        exchange: histogram(3),
        clients: vec![None; assignment.clients.len()],
        loop_lag: histogram(3),
        errors: BTreeMap::new(),
        first_error: None,
    };
    let lag = LagMeter::new(Arc::clone(&assignment.phase));
    let crew = Rc::new(Crew {
        assignment,
        progress,
        tally,
        lag,
        scratch: Scratch::default(),
        turns: Turns::default(),
        report: RefCell::new(report),
    });
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("a runtime needs a few descriptors, which were checked");
    runtime.block_on(async {
        let giver = Rc::clone(&crew);
        spawn_local(async move { giver.turns.give().await });
        tokio::select! {
            () = ramp(&crew) => {}
            () = stop.cancelled() => {}
        }
        stop.cancelled().await;
    });
    // Ends the clients, which closes their sockets and lets go of the crew.
    drop(runtime);
    let Crew { report, lag, .. } = Rc::into_inner(crew).expect("no client is left");
    Report { loop_lag: lag.into_histogram(), ..report.into_inner() }
}

/// What the clients of a worker share.
struct Crew {
    assignment: Assignment,
    progress: Arc<Progress>,
    tally: Arc<Tally>,
    lag: LagMeter,
    scratch: Scratch,
    turns: Turns,
    report: RefCell<Report>,
}

/// Starts the clients, evenly spaced and never too many at once.
async fn ramp(crew: &Rc<Crew>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut rng = SmallRng::seed_from_u64(crew.assignment.seed ^ u64::from(crew.assignment.clients.start));
    let begun = Instant::from_std(start_of_ramp());
    for place in 0..crew.assignment.clients.len() {
        sleep_until(begun + Duration::from_secs_f64(place as f64 / crew.assignment.connect_rate)).await;
        let permit = Arc::clone(&handshakes).acquire_owned().await.expect("never closed");
        let poll_wait = Duration::from_millis(rng.random_range(POLL_WAIT_MS));
        spawn_local(client(Rc::clone(crew), place, poll_wait, permit));
    }
}

/// tokio's timers take its own `Instant`; nothing is timed with it.
#[expect(clippy::disallowed_methods, reason = "a deadline for a sleep, not a measurement")]
fn start_of_ramp() -> std::time::Instant {
    std::time::Instant::now()
}

async fn client(crew: Rc<Crew>, place: usize, poll_wait: Duration, permit: OwnedSemaphorePermit) {
    let Err(error) = hold(&crew, place, poll_wait, permit).await;
    let report = &mut *crew.report.borrow_mut();
    *report.errors.entry(error.kind()).or_default() += 1;
    report.first_error.get_or_insert_with(|| error.to_string());
    crew.progress.failed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}

/// Connects a client; gives where it stands, and when that was.
async fn join(crew: &Crew, place: usize, poll_wait: Duration) -> Result<(Client, u64, u64), ClientError> {
    let Assignment { transport, server, ref clients, .. } = crew.assignment;
    let begun_ns = clock::now_ns();
    let socket = dial(server, clients.start + place as u32).await?;
    let connected_ns = clock::now_ns();
    let socket = Socket::new(socket, place.is_multiple_of(LAG_SAMPLE).then(|| crew.lag.clone()))?;
    let stream = Stream::new(socket, Arc::clone(&crew.tally));
    let request = Request { server, poll_wait };
    let (client, cursor) = Client::open(transport, stream, request, &crew.scratch).await?;
    let ready_ns = clock::now_ns();
    crew.joined(place, cursor, ready_ns - begun_ns, ready_ns - connected_ns);
    Ok((client, cursor, ready_ns))
}

/// The timed loop. Transports bring bytes; here, and only here, is read when they came and what they held.
async fn hold(
    crew: &Crew,
    place: usize,
    poll_wait: Duration,
    permit: OwnedSemaphorePermit,
) -> Result<Infallible, ClientError> {
    // Boxed: what connecting needs would else be part of every client, all the time.
    let (mut client, mut cursor, mut asked_ns) = Box::pin(join(crew, place, poll_wait)).await?;
    drop(permit);
    loop {
        let payload = client.next(cursor, &crew.scratch).await?;
        let received_ns = clock::now_ns();
        cursor = crew.received(place, &payload, Receipt { asked_ns, received_ns })?;
        drop(payload);
        if crew.assignment.transport.asks() {
            crew.turns.ask().await;
            asked_ns = clock::now_ns();
        }
    }
}

impl Crew {
    fn joined(&self, place: usize, cursor: u64, handshake_ns: u64, exchange_ns: u64) {
        let report = &mut *self.report.borrow_mut();
        report.clients[place] = Some(ClientRecord::new(cursor));
        // A handshake of over a minute has failed the run before it is recorded.
        report.handshake.saturating_record(handshake_ns);
        report.exchange.saturating_record(exchange_ns);
        self.progress.ready.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// Records what a payload held and gives the cursor after it.
    fn received(&self, client: usize, payload: &Payload<'_>, receipt: Receipt) -> Result<u64, ClientError> {
        let Report { recorder, clients, .. } = &mut *self.report.borrow_mut();
        let client = clients[client].as_mut().expect("joined before it receives");
        self.turns.read();
        for message in payload.messages() {
            for (place, update) in wire::updates(message).enumerate() {
                let update = update.map_err(|error| ClientError::Protocol(error.to_string()))?;
                recorder.record(client, &update, place, receipt);
            }
            recorder.payload();
        }
        Ok(client.tracker.cursor())
    }
}
