//! Every topic's log, and what wakes the server threads that read them.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use protocol::wire::Refusal;
use tokio::sync::Notify;

use super::{
    log::{History, Kept},
    topic::{Named, Topic},
};

/// How much a hub may hold.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Of updates.
    pub history: History,
    /// Topics that clients may ask for.
    pub topics: usize,
}

impl Room {
    /// A log of so many updates and bytes, and as many topics as anybody asks for.
    pub const fn new(updates: usize, bytes: usize) -> Self {
        Self { history: History::new(updates, bytes), topics: usize::MAX }
    }
}

/// The logs, and the shards that read them.
#[derive(Debug)]
pub struct Hub {
    kept: Arc<Kept>,
    /// What those have who name no topic.
    broadcast: Arc<Topic>,
    named: Mutex<HashSet<Named>>,
    /// How many of those there may be that clients asked for.
    topics_max: usize,
    wakeups: Box<[Wakeup]>,
}

/// How a shard is told where something is new.
#[derive(Debug, Default)]
pub(super) struct Wakeup {
    /// One for the whole thread, however many wait there.
    notify: Notify,
    /// The topics that it is to look at.
    topics: Mutex<Vec<Arc<Topic>>>,
    /// Whether it has been told of all of them.
    told: AtomicBool,
}

impl Wakeup {
    /// Waits until there are any, and takes them.
    pub(super) async fn topics(&self, taken: &mut Vec<Arc<Topic>>) {
        self.notify.notified().await;
        std::mem::swap(taken, &mut *self.queue());
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Arc<Topic>>> {
        // No code panics while it holds the list.
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        if self.told.swap(false, Relaxed) {
            self.notify.notify_one();
        }
    }
}

impl Hub {
    /// An empty hub for so many shards.
    pub fn new(room: &Room, shards: usize) -> Arc<Self> {
        let kept = Arc::new(Kept::new(room.history));
        Arc::new(Self {
            broadcast: Topic::new("", &kept, shards),
            kept,
            named: Mutex::default(),
            topics_max: room.topics,
            wakeups: (0..shards).map(|_| Wakeup::default()).collect(),
        })
    }

    /// What those have who name no topic.
    pub fn broadcast(&self) -> &Arc<Topic> {
        &self.broadcast
    }

    /// The topic that a client asks for. There is one from then on.
    pub fn topic(&self, name: &str) -> Result<Arc<Topic>, TooManyTopics> {
        self.find(name, self.topics_max)
    }

    /// The topic into which the server's own updates go, whose number its operator knows.
    pub(super) fn own_topic(&self, name: &str) -> Arc<Topic> {
        self.find(name, usize::MAX).expect("there are not so many")
    }

    fn find(&self, name: &str, max: usize) -> Result<Arc<Topic>, TooManyTopics> {
        if name.is_empty() {
            return Ok(Arc::clone(&self.broadcast));
        }
        let mut named = self.named();
        if let Some(Named(topic)) = named.get(name) {
            return Ok(Arc::clone(topic));
        }
        if named.len() >= max {
            return Err(TooManyTopics { max });
        }
        let topic = Topic::new(name, &self.kept, self.wakeups.len());
        named.insert(Named(Arc::clone(&topic)));
        Ok(topic)
    }

    /// How many topics have a name.
    pub fn topics(&self) -> usize {
        self.named().len()
    }

    /// Appends the next update of a topic, written by `encode` given its `seq`, and wakes every shard where it is waited for. Gives that `seq`.
    pub fn publish(&self, topic: &Arc<Topic>, encode: impl FnOnce(u64, &mut Vec<u8>)) -> u64 {
        let seq = self.append(topic, encode);
        self.wake();
        seq
    }

    /// The same for one of several that are to leave together: nobody is woken before [`Self::wake`].
    pub(super) fn append(&self, topic: &Arc<Topic>, encode: impl FnOnce(u64, &mut Vec<u8>)) -> u64 {
        let seq = topic.append(encode);
        self.queue(topic);
        seq
    }

    /// Wakes every shard that is to look at anything.
    pub(super) fn wake(&self) {
        self.wakeups.iter().for_each(Wakeup::tell);
    }

    fn queue(&self, topic: &Arc<Topic>) {
        for (shard, place) in topic.places() {
            if place.there.load(SeqCst) > 0 && place.queue() {
                let wakeup = &self.wakeups[shard];
                wakeup.queue().push(Arc::clone(topic));
                wakeup.told.store(true, Relaxed);
            }
        }
    }

    pub(super) fn wakeup(&self, shard: usize) -> &Wakeup {
        &self.wakeups[shard]
    }

    /// Tells every subscriber to come to an end.
    pub fn drain(&self) {
        self.kept.draining.store(true, SeqCst);
        let named = self.named();
        named.iter().map(|Named(topic)| topic).chain([&self.broadcast]).for_each(|topic| self.queue(topic));
        self.wake();
    }

    /// Updates published, over all topics.
    pub fn updates(&self) -> u64 {
        self.kept.updates.load(Relaxed)
    }

    /// How often more lay after a cursor than one batch holds.
    pub fn batches_cut(&self) -> u64 {
        self.kept.batches_cut.load(Relaxed)
    }

    /// Updates that left the ring of their topic only because all rings together were full.
    pub fn crowded_out(&self) -> u64 {
        self.kept.crowded_out.load(Relaxed)
    }

    fn named(&self) -> MutexGuard<'_, HashSet<Named>> {
        // No code panics while it holds the set.
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients have asked for as many topics as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {max} topics, and there may be no more: see --max-topics")]
pub struct TooManyTopics {
    max: usize,
}

impl From<TooManyTopics> for Refusal {
    fn from(error: TooManyTopics) -> Self {
        Self::TooManyTopics { message: error.to_string() }
    }
}
