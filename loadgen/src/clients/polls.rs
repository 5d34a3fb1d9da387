//! When a client may ask again: once nothing that has arrived is left to be read.
//!
//! To send a poll takes a worker as long as to read an answer, and a fan-out brings thousands of answers at once. Sent in
//! between, polls would let the rest lie unread: time that clients on machines of their own do not lose, and that would be
//! in the latency of a transport that asks, and of no other.

use std::cell::Cell;

use tokio::{
    sync::{Notify, Semaphore},
    task::yield_now,
};

/// Turns given at once: enough to be worth a look at what has arrived, too few for that to wait long.
const TURNS: u32 = 16;

/// The turns of one worker's clients, in the order in which they ask for them.
#[derive(Debug)]
pub(crate) struct Turns {
    /// How often anything was read.
    reads: Cell<u64>,
    waiting: Cell<u32>,
    bell: Notify,
    given: Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Self { reads: Cell::default(), waiting: Cell::default(), bell: Notify::new(), given: Semaphore::new(0) }
    }
}

impl Turns {
    /// Something was read.
    pub(crate) fn read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    /// Waits for a turn to ask.
    pub(crate) async fn ask(&self) {
        self.waiting.set(self.waiting.get() + 1);
        self.bell.notify_one();
        self.given.acquire().await.expect("never closed").forget();
    }

    /// Gives turns, for as long as the worker works.
    pub(crate) async fn give(&self) {
        loop {
            if self.waiting.get() == 0 {
                self.bell.notified().await;
                continue;
            }
            let reads = self.reads.get();
            // Everybody who is ready comes first, and so does what the kernel has meanwhile.
            yield_now().await;
            if self.reads.get() == reads {
                let turns = self.waiting.get().min(TURNS);
                self.waiting.set(self.waiting.get() - turns);
                self.given.add_permits(turns as usize);
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
    async fn who_asks_comes_after_who_reads_and_nobody_is_left_out() {
        const CLIENTS: u32 = 100;
        const READS: u32 = 5;
        let said = LocalSet::new()
            .run_until(async {
                let turns = Rc::new(Turns::default());
                let said = Rc::new(RefCell::new(Vec::new()));
                spawn_local({
                    let turns = Rc::clone(&turns);
                    async move { turns.give().await }
                });
                let clients: Vec<_> = (0..CLIENTS)
                    .map(|_| {
                        let (turns, said) = (Rc::clone(&turns), Rc::clone(&said));
                        spawn_local(async move {
                            for _ in 0..READS {
                                yield_now().await;
                                turns.read();
                                said.borrow_mut().push("read");
                            }
                            turns.ask().await;
                            said.borrow_mut().push("ask");
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
