//! Updates on their way from the publisher's thread to the client that is to say them.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// An update that is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The number of its schedule, where each client has one of its own.
    pub schedule: Option<u32>,
    /// Its place in the stream, or in that schedule.
    pub seq: u64,
    /// When it was due.
    pub due_ns: u64,
    /// The line.
    pub line: String,
}

/// What one client is to say. What comes while it is not connected, it says when it is back.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<Slot>);

#[derive(Debug, Default)]
struct Slot {
    words: VecDeque<Word>,
    waker: Option<Waker>,
}

impl Mailbox {
    /// Adds a word, and wakes who is to say it.
    pub fn put(&self, word: Word) {
        let mut slot = self.slot();
        slot.words.push_back(word);
        let waker = slot.waker.take();
        // Let go first: who wakes takes it.
        drop(slot);
        waker.into_iter().for_each(Waker::wake);
    }

    /// When the first was due that is not said yet.
    pub fn oldest_due_ns(&self) -> Option<u64> {
        self.slot().words.front().map(|word| word.due_ns)
    }

    /// Waits for the next. Dropping the future loses nothing.
    pub(super) async fn take(&self) -> Word {
        poll_fn(|context| {
            let slot = &mut *self.slot();
            match slot.words.pop_front() {
                Some(word) => Poll::Ready(word),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn word(seq: u64) -> Word {
        Word { schedule: None, seq, due_ns: 10 * seq, line: seq.to_string() }
    }

    #[tokio::test]
    async fn words_from_another_thread_come_in_their_order_and_wake_who_waits() {
        const WORDS: u64 = 1_000;
        let mailbox = Arc::new(Mailbox::default());
        let publisher = std::thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || (1..=WORDS).for_each(|seq| mailbox.put(word(seq)))
        });
        for seq in 1..=WORDS {
            assert_eq!(mailbox.take().await, word(seq));
        }
        publisher.join().unwrap();
        assert_eq!(mailbox.oldest_due_ns(), None);
        (7..9).for_each(|seq| mailbox.put(word(seq)));
        assert_eq!(mailbox.oldest_due_ns(), Some(70));
    }
}
