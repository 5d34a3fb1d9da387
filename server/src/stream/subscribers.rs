//! Those who wait for one log on one server thread, and how they are served when there is something new.
//!
//! One that waits with its socket is written to right here, without its task being woken: most of what a delivery costs
//! besides the kernel's part would be that. Whatever does not go out at once is left to the task.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use bytes::Buf;
use protocol::Transport;
use slab::Slab;
use tokio::time::Instant;

use super::{
    batch::Batch,
    log::{Expired, Log},
    spin::Spin,
};
use crate::{
    connection::socket::{Outgoing, Writer},
    metrics::TransportMetrics,
};

/// How updates are framed for a transport: as the bytes of its messages.
pub(super) type Framing = fn(Transport, &Batch) -> Outgoing;

/// A subscriber, as its shard knows it.
#[derive(Debug)]
pub(super) struct Subscriber {
    /// The last update taken.
    pub(super) cursor: u64,
    pub(super) waits: Waits,
    /// Its task.
    pub(super) waker: Option<Waker>,
    /// What was begun to be written here, and is for the task to finish.
    pub(super) unfinished: Option<Box<Outgoing>>,
    pub(super) metrics: Arc<TransportMetrics>,
}

/// How a subscriber waits for the next update.
#[derive(Debug)]
pub(super) enum Waits {
    /// It does not.
    No,
    /// To be woken.
    ToBeWoken,
    /// To be written to. Nobody else is in the middle of writing.
    ToBeWritten { writer: Arc<Writer>, transport: Transport },
    /// It asked once, and was written to then.
    Answered(Instant),
}

/// The subscribers of one log on one thread.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<Slab<Subscriber>>);

impl Subscribers {
    pub(super) fn all(&self) -> MutexGuard<'_, Slab<Subscriber>> {
        // No code panics while it holds the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, and gives its place.
    pub(super) fn insert(&self, subscriber: Subscriber) -> usize {
        let mut all = self.all();
        if all.capacity() == 0 {
            // Of many topics most have one subscriber.
            all.reserve_exact(1);
        }
        all.insert(subscriber)
    }

    /// Serves those who wait; `awake` has the tasks that are then to be woken.
    pub(super) fn serve(&self, log: &Log, (frame, spin): (Framing, Spin), round: usize, awake: &mut Vec<Waker>) {
        let (mut framed, now) = (Framed::new(log, frame), Instant::now());
        let mut serve = |(_, subscriber): (usize, &mut Subscriber)| {
            let wake = match subscriber.waits {
                Waits::No | Waits::Answered(_) => false,
                Waits::ToBeWoken => true,
                Waits::ToBeWritten { .. } => subscriber.write(&mut framed, now, spin).is_err(),
            };
            if wake {
                subscriber.waits = Waits::No;
            }
            if wake || log.is_draining() {
                awake.extend(subscriber.waker.take());
            }
        };
        let all = &mut *self.all();
        // Another begins each time, or client 1 would always be first and the last one always late. The golden ratio
        // spreads the beginnings evenly.
        let first = round.wrapping_mul(0x9e37_79b9) % all.len().max(1);
        all.iter_mut().skip(first).for_each(&mut serve);
        all.iter_mut().take(first).for_each(&mut serve);
    }
}

/// Something that the subscriber's task must see to.
struct ForTheTask;

impl From<Expired> for ForTheTask {
    fn from(_: Expired) -> Self {
        Self
    }
}

impl From<io::Error> for ForTheTask {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Subscriber {
    /// Writes what follows the cursor.
    fn write(&mut self, framed: &mut Framed<'_>, now: Instant, spin: Spin) -> Result<(), ForTheTask> {
        let Waits::ToBeWritten { writer, transport } = &self.waits else { return Ok(()) };
        let Some((updates, data)) = framed.after(self.cursor, *transport)? else { return Ok(()) };
        spin.of_deliveries(*updates);
        let written = writer.try_write(data)?;
        self.cursor += updates;
        self.metrics.took(*updates);
        if written < data.remaining() {
            let (head, body) = (data.first_ref().clone(), data.last_ref().clone());
            let mut rest = Box::new(head.chain(body));
            rest.advance(written);
            self.unfinished = Some(rest);
            return Err(ForTheTask);
        }
        if transport.asks() {
            self.waits = Waits::Answered(now);
            return Ok(());
        }
        // More than one batch holds.
        if self.cursor < framed.log.newest() { Err(ForTheTask) } else { Ok(()) }
    }
}

/// What follows a cursor, framed once for all who stand there.
struct Framed<'a> {
    log: &'a Log,
    frame: Framing,
    cursor: u64,
    newest: u64,
    /// How many updates, and the bytes; for each transport that was asked for.
    data: [Option<(u64, Outgoing)>; Transport::SERVED.len()],
}

impl<'a> Framed<'a> {
    fn new(log: &'a Log, frame: Framing) -> Self {
        Self { log, frame, cursor: 0, newest: 0, data: Default::default() }
    }

    /// `None` if nothing follows.
    fn after(&mut self, cursor: u64, transport: Transport) -> Result<Option<&(u64, Outgoing)>, Expired> {
        let newest = self.log.newest();
        if cursor == newest {
            return Ok(None);
        }
        if (self.cursor, self.newest) != (cursor, newest) {
            *self = Self { cursor, newest, ..Self::new(self.log, self.frame) };
        }
        let data = &mut self.data[transport.as_served() as usize];
        if data.is_none() {
            let batch = self.log.after(cursor)?;
            *data = Some((batch.len() as u64, (self.frame)(transport, &batch)));
        }
        Ok(data.as_ref())
    }
}
