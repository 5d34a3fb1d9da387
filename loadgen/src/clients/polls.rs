//! When a client may send its next poll: once nothing that has arrived is left to be read.
//!
//! To send a poll takes a worker as long as to read an answer, and a fan-out brings thousands of answers at once. Sent in
//! between, polls would let the rest lie unread: time that clients on machines of their own do not lose, and that would be
//! in the latency of a transport that asks, and of no other.

use std::cell::Cell;

use tokio::{
    sync::{Notify, Semaphore},
    task::yield_now,
};

/// Polls released at once: enough to be worth a look at what has arrived, too few for that to wait long.
const RELEASED_MAX: u32 = 16;

/// The deferred polls of one worker's clients, released in the order in which they were deferred.
#[derive(Debug)]
pub(crate) struct DeferredPolls {
    /// How often anything was read.
    reads: Cell<u64>,
    waiting: Cell<u32>,
    deferred: Notify,
    permits: Semaphore,
}

impl Default for DeferredPolls {
    fn default() -> Self {
        Self { reads: Cell::default(), waiting: Cell::default(), deferred: Notify::new(), permits: Semaphore::new(0) }
    }
}

impl DeferredPolls {
    /// Something was read.
    pub(crate) fn note_read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    /// Waits until a poll may be sent.
    pub(crate) async fn defer(&self) {
        self.waiting.set(self.waiting.get() + 1);
        self.deferred.notify_one();
        self.permits.acquire().await.expect("never closed").forget();
    }

    /// Releases polls, for as long as the worker works.
    pub(crate) async fn release(&self) {
        loop {
            if self.waiting.get() == 0 {
                self.deferred.notified().await;
                continue;
            }
            let reads = self.reads.get();
            // Everybody who is ready comes first, and so does what the kernel has meanwhile.
            yield_now().await;
            if self.reads.get() == reads {
                let released = self.waiting.get().min(RELEASED_MAX);
                self.waiting.set(self.waiting.get() - released);
                self.permits.add_permits(released as usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    #[tokio::test]
    async fn polls_come_after_reads_and_none_is_left_out() {
        const CLIENTS: u32 = 100;
        const READS: u32 = 5;
        let said = LocalSet::new()
            .run_until(async {
                let polls = Rc::new(DeferredPolls::default());
                let said = Rc::new(RefCell::new(Vec::new()));
                spawn_local({
                    let polls = Rc::clone(&polls);
                    async move { polls.release().await }
                });
                let clients: Vec<_> = (0..CLIENTS)
                    .map(|_| {
                        let (polls, said) = (Rc::clone(&polls), Rc::clone(&said));
                        spawn_local(async move {
                            for _ in 0..READS {
                                yield_now().await;
                                polls.note_read();
                                said.borrow_mut().push("read");
                            }
                            polls.defer().await;
                            said.borrow_mut().push("poll");
                        })
                    })
                    .collect();
                for client in clients {
                    client.await.unwrap();
                }
                Rc::try_unwrap(said).unwrap().into_inner()
            })
            .await;
        let reads = (CLIENTS * READS) as usize;
        assert_eq!(said.len(), reads + CLIENTS as usize);
        assert!(said[..reads].iter().all(|what| *what == "read"), "{said:?}");
    }
}
