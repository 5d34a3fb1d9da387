//! A topic: a log with a name, and those who wait for it on each server thread.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
};

use super::{
    log::{Kept, Log},
    subscribers::Subscribers,
};

/// A log, and its subscribers.
#[derive(Debug)]
pub struct Topic {
    /// What clients call it; empty for the one that they have who name none.
    name: Box<str>,
    log: Log,
    places: Box<[Place]>,
}

/// The part of a topic that is one server thread's.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) subscribers: Subscribers,
    /// How many they are, for those who do not look at them.
    pub(super) there: AtomicU32,
    /// Whether the thread has been told to look here, and has not begun to.
    queued: AtomicBool,
}

impl Place {
    /// Whether the thread is still to be told.
    pub(super) fn queue(&self) -> bool {
        !self.queued.swap(true, SeqCst)
    }

    /// The thread looks here: from now on it is to be told again.
    pub(super) fn begin(&self) {
        self.queued.store(false, SeqCst);
    }
}

impl Topic {
    pub(super) fn new(name: &str, kept: &Arc<Kept>, shards: usize) -> Arc<Self> {
        let places = (0..shards).map(|_| Place::default()).collect();
        Arc::new(Self { name: name.into(), log: Log::new(kept), places })
    }

    /// What clients call it; empty for the one that they have who name none.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn place(&self, shard: usize) -> &Place {
        &self.places[shard]
    }

    pub(super) fn places(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().enumerate()
    }
}

impl Deref for Topic {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}

/// A topic as a set keeps it, to be found by its name.
#[derive(Debug)]
pub(super) struct Named(pub(super) Arc<Topic>);

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        self.0.name()
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for Named {}
