//! Where subscribers wait: each server thread keeps its own, and is woken once an update, not once a subscriber.
//!
//! One that waits with its socket is written to right here, without its task being woken: most of what a delivery costs
//! besides the kernel's part would be that. Whatever does not go out at once is left to the task.

mod subscription;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
};

use bytes::Buf;
use protocol::Transport;
use slab::Slab;
use tokio::{sync::Notify, time::Instant};

use crate::{
    connection::socket::{Outgoing, Writer},
    metrics::TransportMetrics,
    stream::{
        batch::Batch,
        fault::Spun,
        hub::{Expired, Hub},
    },
};

pub use subscription::{Ended, Subscription};

/// How updates are framed for a transport: as the bytes of its messages.
pub type Framing = fn(Transport, &Batch) -> Outgoing;

/// The subscribers of one server thread to one hub.
#[derive(Debug)]
pub struct Shard {
    hub: Arc<Hub>,
    /// One wake-up for the whole thread, however many wait there.
    wakeup: Arc<Notify>,
    frame: Framing,
    spun: Spun,
    subscribers: Mutex<Slab<Subscriber>>,
}

/// A subscriber, as its shard knows it.
#[derive(Debug)]
struct Subscriber {
    /// The last update taken.
    cursor: u64,
    waits: Waits,
    /// Its task.
    waker: Option<Waker>,
    /// What was begun to be written here, and is for the task to finish.
    unfinished: Option<Box<Outgoing>>,
    metrics: Arc<TransportMetrics>,
}

/// How a subscriber waits for the next update.
#[derive(Debug)]
enum Waits {
    /// It does not.
    No,
    /// To be woken.
    ToBeWoken,
    /// To be written to. Nobody else is in the middle of writing.
    ToBeWritten { writer: Arc<Writer>, transport: Transport },
    /// It asked once, and was written to then.
    Answered(Instant),
}

impl Shard {
    /// The hub's shard with this number, of which there is to be one. What its subscribers are sent is framed by `frame`.
    pub fn new(hub: &Arc<Hub>, number: usize, frame: Framing) -> Arc<Self> {
        Self::spinning(hub, number, frame, Spun::default())
    }

    /// The same, whose deliveries cost more on purpose.
    pub fn spinning(hub: &Arc<Hub>, number: usize, frame: Framing, spun: Spun) -> Arc<Self> {
        let (hub, wakeup) = (Arc::clone(hub), Arc::clone(hub.wakeup(number)));
        Arc::new(Self { hub, wakeup, frame, spun, subscribers: Mutex::default() })
    }

    /// What is read here.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Serves those who wait whenever the hub wakes it. Runs for as long as its thread serves.
    pub async fn serve(&self) {
        let mut awake: Vec<Waker> = Vec::new();
        let mut round = 0_usize;
        loop {
            self.wakeup.notified().await;
            round += 1;
            self.serve_round(round, &mut awake);
            // Woken only after the lock is released: a wake-up may run code that takes it.
            awake.drain(..).for_each(Waker::wake);
            // It may have been woken again; those who were woken, and who has something to say, come first.
            tokio::task::yield_now().await;
        }
    }

    fn serve_round(&self, round: usize, awake: &mut Vec<Waker>) {
        let (mut framed, now) = (Framed::new(&self.hub, self.frame), Instant::now());
        let spun = self.spun;
        let mut serve = |(_, subscriber): (usize, &mut Subscriber)| {
            let wake = match subscriber.waits {
                Waits::No | Waits::Answered(_) => false,
                Waits::ToBeWoken => true,
                Waits::ToBeWritten { .. } => subscriber.write(&mut framed, now, spun).is_err(),
            };
            if wake {
                subscriber.waits = Waits::No;
            }
            if wake || self.hub.is_draining() {
                awake.extend(subscriber.waker.take());
            }
        };
        let subscribers = &mut *self.subscribers();
        // Another begins each time, or client 1 would always be first and the last one always late. The golden ratio
        // spreads the beginnings evenly.
        let first = round.wrapping_mul(0x9e37_79b9) % subscribers.len().max(1);
        subscribers.iter_mut().skip(first).for_each(&mut serve);
        subscribers.iter_mut().take(first).for_each(&mut serve);
    }

    fn subscribers(&self) -> std::sync::MutexGuard<'_, Slab<Subscriber>> {
        // No code panics while it holds the list.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn write(&mut self, framed: &mut Framed<'_>, now: Instant, spun: Spun) -> Result<(), ForTheTask> {
        let Waits::ToBeWritten { writer, transport } = &self.waits else { return Ok(()) };
        let Some((updates, data)) = framed.after(self.cursor, *transport)? else { return Ok(()) };
        spun.of_deliveries(*updates);
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
        if self.cursor < framed.hub.newest() { Err(ForTheTask) } else { Ok(()) }
    }
}

/// What follows a cursor, framed once for all who stand there.
struct Framed<'a> {
    hub: &'a Hub,
    frame: Framing,
    cursor: u64,
    newest: u64,
    /// How many updates, and the bytes; for each transport that was asked for.
    data: [Option<(u64, Outgoing)>; Transport::SERVED.len()],
}

impl<'a> Framed<'a> {
    fn new(hub: &'a Hub, frame: Framing) -> Self {
        Self { hub, frame, cursor: 0, newest: 0, data: Default::default() }
    }

    /// `None` if nothing follows.
    fn after(&mut self, cursor: u64, transport: Transport) -> Result<Option<&(u64, Outgoing)>, Expired> {
        let newest = self.hub.newest();
        if cursor == newest {
            return Ok(None);
        }
        if (self.cursor, self.newest) != (cursor, newest) {
            *self = Self { cursor, newest, ..Self::new(self.hub, self.frame) };
        }
        let data = &mut self.data[transport.as_served() as usize];
        if data.is_none() {
            let batch = self.hub.after(cursor)?;
            *data = Some((batch.len() as u64, (self.frame)(transport, &batch)));
        }
        Ok(data.as_ref())
    }
}

#[cfg(test)]
mod tests;
