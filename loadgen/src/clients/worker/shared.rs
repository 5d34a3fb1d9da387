//! What the clients of a worker share, and where they record.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use protocol::{Update, clock, results::Polls, signal::Ack, stamp, wire};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use server::metrics::Tally;
use tokio::task::AbortHandle;

use super::{assignment::Assignment, goodbyes::Goodbyes, report::Report};
use crate::clients::{
    dial::dial,
    mailbox::Word,
    reconnect::backoff,
    recorder::{ClientRecord, Progress, Receipt, Seat},
    socket::{LagMeter, Socket, hold_acknowledgements},
    tracker::OutOfBounds,
    transports::{ClientError, Payload, Request, Scratch, Stream, Told, shown},
    turns::Turns,
};

/// Polls ask to be held for so long, drawn anew for each client, so that quiet clients do not ask again all at once.
const POLL_WAIT_MS: std::ops::Range<u64> = 20_000..25_000;
/// One client in so many has its reads timed by the kernel; the first of a worker always has.
const LAG_SAMPLE: usize = 64;
/// A server from which a client hears nothing for so long is dead: it holds no poll for that long, and pings before.
const SILENCE_NS_MAX: u64 = 60 * clock::NS_PER_SEC;
/// The status of a cursor that the server no longer holds.
const GONE: u16 = 410;

/// Before a client tries again.
#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    /// Tries in vain since it was last connected.
    tries: u32,
    /// The least that the server asks for.
    least: Duration,
}

pub(super) struct Shared {
    pub(super) assignment: Assignment,
    pub(super) lag: LagMeter,
    pub(super) scratch: Scratch,
    pub(super) turns: Turns,
    pub(super) goodbyes: Goodbyes,
    pub(super) report: RefCell<Report>,
    pub(super) rng: RefCell<SmallRng>,
    /// What the server would have clients show when they come again, of those for whom it wants that.
    cookies: RefCell<HashMap<usize, Arc<str>>>,
    /// What polls of a dialect say next.
    told: RefCell<HashMap<usize, Told>>,
    /// Each client's task.
    pub(super) tasks: RefCell<Vec<AbortHandle>>,
    /// What those wait for whose last try was in vain.
    pauses: RefCell<HashMap<usize, Pause>>,
    pub(super) progress: Arc<Progress>,
    tally: Arc<Tally>,
}

impl Shared {
    pub(super) fn new(
        assignment: Assignment,
        progress: Arc<Progress>,
        tally: Arc<Tally>,
        lag: LagMeter,
        report: Report,
        goodbyes: Goodbyes,
    ) -> Self {
        let rng = SmallRng::seed_from_u64(assignment.seed ^ u64::from(assignment.clients.start)).into();
        let (scratch, turns) = <(Scratch, Turns)>::default();
        let (cookies, told, tasks, pauses) = Default::default();
        let report = report.into();
        Self { assignment, lag, scratch, turns, goodbyes, report, rng, cookies, told, tasks, pauses, progress, tally }
    }

    /// A client's number among those of all workers.
    pub(super) fn number(&self, index: usize) -> u32 {
        self.assignment.clients.start + index as u32
    }

    /// Opens a connection for a client to get updates on.
    pub(super) async fn dial(&self, index: usize) -> Result<Stream, ClientError> {
        if let Some(client) = &mut self.report.borrow_mut().clients[index] {
            client.reconnect.begun(clock::now_ns());
        }
        self.connect(index).await
    }

    /// Opens any connection for a client.
    pub(super) async fn connect(&self, index: usize) -> Result<Stream, ClientError> {
        let socket = dial(self.assignment.server, self.number(index), self.assignment.link).await?;
        if self.assignment.polls == Polls::Deferred {
            hold_acknowledgements(&socket)?;
        }
        let socket = Socket::new(socket, index.is_multiple_of(LAG_SAMPLE).then(|| self.lag.clone()))?;
        Ok(Stream::new(socket, Arc::clone(&self.tally)))
    }

    /// Shakes hands, if the server speaks TLS.
    pub(super) async fn secured(&self, stream: Stream) -> Result<Stream, ClientError> {
        match &self.assignment.tls {
            Some(tls) => Ok(stream.secured(tls).await?),
            None => Ok(stream),
        }
    }

    /// Opens a connection in place of one that the server ended as HTTP allows. What a disturbance ended is no such: from that
    /// a client comes back as from any loss.
    pub(super) async fn reopen(&self, index: usize) -> Result<Stream, ClientError> {
        if self.is_struck(self.report.borrow().clients[index].as_ref()) {
            return Err(ClientError::Ended);
        }
        let stream = self.secured(self.dial(index).await?).await?;
        self.progress.reopened.fetch_add(1, Relaxed);
        Ok(stream)
    }

    /// Whether a disturbance has struck a client that has not been back since: what it meets is then the disturbance's doing.
    fn is_struck(&self, client: Option<&ClientRecord>) -> bool {
        let back = |at_ns| client.map(|client| client.reconnect.since(at_ns)[0].is_some());
        self.assignment.disturbed.at_ns().and_then(back) == Some(false)
    }

    /// A TLS handshake was done.
    pub(super) fn agreed(&self, what: String, took_ns: u64) {
        let report = &mut *self.report.borrow_mut();
        report.tls_handshake.saturating_record(took_ns);
        report.tls_agreed.get_or_insert(what);
    }

    /// What a client asks: to be told everything after what it has, if it was here before.
    pub(super) fn request(&self, index: usize) -> Request {
        let after = self.report.borrow().clients[index].as_ref().map(|client| client.tracker.cursor());
        let poll_wait = match self.assignment.poll_interval {
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(self.rng.borrow_mut().random_range(POLL_WAIT_MS)),
        };
        let cookies = self.cookies.borrow().get(&index).cloned();
        let (endpoint, number) = (Arc::clone(&self.assignment.endpoint), self.number(index));
        let told = endpoint.dialect.as_ref().map(|_| Arc::clone(self.told.borrow_mut().entry(index).or_default()));
        let topic = self.assignment.seats.named(number);
        Request { endpoint, number, topic, poll_wait, after, cookies, told: told.unwrap_or_default() }
    }

    pub(super) fn keep_cookies(&self, index: usize, cookies: Arc<str>) {
        self.cookies.borrow_mut().insert(index, cookies);
    }

    /// What came of the measure phase, which is over with that: what comes from here on is another's, or nobody's.
    pub(super) fn hand_over(&self) -> Report {
        self.assignment.phase.forget();
        let report = self.report.borrow_mut().hand_over(&self.assignment, Arc::clone(&self.progress));
        Report { loop_lag: self.lag.take(), ..report.closed(self.progress.updates.load(Relaxed), None) }
    }

    /// Whether something of that time lies in the measure phase.
    pub(super) fn counts(&self, at_ns: u64) -> bool {
        self.assignment.phase.get().is_some_and(|window| window.contains(at_ns))
    }

    /// `took_ns`: the whole handshake, and the exchange in it.
    pub(super) fn joined(&self, index: usize, cursor: u64, at_ns: u64, took_ns: [u64; 2]) {
        let number = self.number(index);
        let seat =
            Seat { topic: self.assignment.seats.topic(number), speaker: self.assignment.speak.then_some(number) };
        let report = &mut *self.report.borrow_mut();
        report.clients[index] = Some(ClientRecord::new(cursor, at_ns, seat));
        // A handshake of over a minute has failed the run before it is recorded.
        report.handshake.saturating_record(took_ns[0]);
        report.exchange.saturating_record(took_ns[1]);
        self.progress.ready.fetch_add(1, Relaxed);
        self.no_longer_tries(index);
    }

    pub(super) fn rejoined(&self, index: usize, at_ns: u64) {
        if let Some(client) = &mut self.report.borrow_mut().clients[index] {
            client.reconnect.connected(at_ns, self.assignment.disturbed.at_ns());
            client.heard_ns = at_ns;
        }
        self.pauses.borrow_mut().remove(&index);
    }

    /// An outage is over: who has kept its connection is back, and current once it has what it missed.
    pub(super) fn outlasted(&self) {
        let (now_ns, pauses) = (clock::now_ns(), self.pauses.borrow());
        for (index, client) in self.report.borrow_mut().clients.iter_mut().enumerate() {
            if let Some(client) = client.as_mut().filter(|_| !pauses.contains_key(&index)) {
                client.reconnect.begun(now_ns);
                client.reconnect.connected(now_ns, self.assignment.disturbed.at_ns());
            }
        }
    }

    /// Records what a payload held and gives the cursor after it.
    pub(super) fn received(&self, index: usize, payload: &Payload<'_>, receipt: Receipt) -> Result<u64, ClientError> {
        let Report { clients, recorder, signals, unstamped, .. } = &mut *self.report.borrow_mut();
        let client = clients[index].as_mut().expect("joined before it receives");
        client.heard_ns = receipt.received_ns;
        self.turns.note_read();
        for message in payload.messages() {
            let mut held = false;
            let mut note = |position, update: &Update<'_>| {
                held = true;
                if position == 0 && client.reconnect.received(update.due_ns, receipt.received_ns) {
                    self.progress.current.fetch_add(1, Relaxed);
                }
                match recorder.record(client, update, position, receipt) {
                    Ok(()) => Ok(()),
                    Err(OutOfBounds) => Err(out_of_bounds(update.seq, client.tracker.cursor())),
                }
            };
            if self.assignment.pushed {
                let dialect = self.assignment.endpoint.dialect.iter();
                for message in dialect.flat_map(|dialect| dialect.updates(self.assignment.transport, message)) {
                    held = true;
                    recorder.arrived(index, message, receipt.received_ns);
                }
            } else if self.assignment.is_stamped() {
                for (position, update) in stamp::updates(message).enumerate() {
                    note(position, &update)?;
                }
                if !held && unstamped.is_none() && !message.is_empty() && self.assignment.phase.get().is_some() {
                    *unstamped = Some(shown(message).into());
                }
            } else {
                for (position, update) in wire::updates(message).enumerate() {
                    match update {
                        Ok(update) => note(position, &update)?,
                        Err(error) => match Ack::parse(message) {
                            Some(ack) if self.counts(ack.id) => signals.acknowledged(ack, receipt.received_ns),
                            Some(_) => {}
                            None => return Err(ClientError::Protocol(error.to_string())),
                        },
                    }
                }
            }
            if held {
                recorder.payload();
            }
        }
        Ok(client.tracker.cursor())
    }

    /// An update is being said, which is when it is published: how late that is. Gives its line.
    pub(super) fn said(&self, Word { schedule, seq, due_ns, line }: Word) -> String {
        if self.counts(due_ns) {
            self.report.borrow_mut().said.push((schedule, seq, clock::now_ns().saturating_sub(due_ns)));
        }
        line
    }

    /// Records the answer to a posted signal.
    pub(super) fn acknowledged(&self, message: &[u8], now_ns: u64) -> Result<(), ClientError> {
        let ack = Ack::parse(message).ok_or_else(|| ClientError::Protocol("not an acknowledgement".to_owned()))?;
        if self.counts(ack.id) {
            self.report.borrow_mut().signals.acknowledged(ack, now_ns);
        }
        Ok(())
    }

    /// A connection has ended, or did not come about. Whether the client is to try again: not one that has lost its place,
    /// nor one that never was ready and would come too late, or be refused once more.
    pub(super) fn lost(&self, index: usize, error: &ClientError) -> bool {
        let report = &mut *self.report.borrow_mut();
        let struck = self.is_struck(report.clients[index].as_ref());
        let errors = if struck { &mut report.disturbances } else { &mut report.errors };
        errors.meet(error);
        let least = error.retry_after();
        let again = match &report.clients[index] {
            Some(_) => !matches!(error, ClientError::Status { status: GONE, .. }),
            None => !error.is_final() && least < self.until_give_up(),
        };
        if again {
            let pauses = &mut *self.pauses.borrow_mut();
            let tries = pauses.get(&index).map_or(0, |pause| pause.tries);
            if tries == 0 && report.clients[index].is_none() {
                self.progress.trying_again.fetch_add(1, Relaxed);
            }
            pauses.insert(index, Pause { tries: tries + 1, least });
        } else {
            if report.clients[index].is_none() {
                self.no_longer_tries(index);
            }
            self.progress.failed.fetch_add(1, Relaxed);
        }
        again
    }

    /// For the first time, because it is ready or because it is given up.
    fn no_longer_tries(&self, index: usize) {
        if self.pauses.borrow_mut().remove(&index).is_some() {
            self.progress.trying_again.fetch_sub(1, Relaxed);
        }
    }

    /// How long a client waits before it tries again. Who was told the same time does not come back at the same moment.
    pub(super) fn backoff(&self, index: usize) -> Duration {
        let Pause { tries, least } = self.pauses.borrow().get(&index).copied().unwrap_or_default();
        least.saturating_add(backoff(tries.saturating_sub(1), &mut *self.rng.borrow_mut()))
    }

    /// How long clients may still try for the first time.
    pub(super) fn until_give_up(&self) -> Duration {
        Duration::from_nanos(self.assignment.give_up_ns.saturating_sub(clock::now_ns()))
    }

    /// Those who are not ready stay away.
    pub(super) fn give_up(&self) {
        let (report, tasks) = (self.report.borrow(), self.tasks.borrow());
        for (index, _) in report.clients.iter().enumerate().filter(|(_, client)| client.is_none()) {
            match tasks.get(index) {
                Some(task) if task.is_finished() => {}
                task => {
                    task.into_iter().for_each(AbortHandle::abort);
                    self.no_longer_tries(index);
                    self.progress.failed.fetch_add(1, Relaxed);
                }
            }
        }
    }

    /// The clients that have been ready.
    pub(super) fn all_ready(self: &Rc<Self>) -> Vec<usize> {
        let report = self.report.borrow();
        (0..report.clients.len()).filter(|index| report.clients[*index].is_some()).collect()
    }

    /// The clients that have heard nothing for too long.
    pub(super) fn unheard(&self) -> Vec<usize> {
        let now_ns = clock::now_ns();
        let report = &mut *self.report.borrow_mut();
        let mut unheard = Vec::new();
        for (index, client) in report.clients.iter_mut().enumerate() {
            if let Some(client) = client
                && now_ns.saturating_sub(client.heard_ns) > SILENCE_NS_MAX
            {
                // Not before as long again.
                client.heard_ns = now_ns;
                let errors = if self.is_struck(Some(client)) { &mut report.disturbances } else { &mut report.errors };
                errors.meet_as("Silence", "nothing was heard for a minute");
                unheard.push(index);
            }
        }
        unheard
    }
}

#[cold]
fn out_of_bounds(seq: u64, cursor: u64) -> ClientError {
    ClientError::Protocol(format!("the `seq` {seq} came to a client that stands at {cursor}: no stream skips so many"))
}
