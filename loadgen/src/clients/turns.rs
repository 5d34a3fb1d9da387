//! When a client may say something, its next poll or that it has what came: once nothing that has arrived is left to be read.
//!
//! To say something takes a worker as long as to read something, and a fan-out brings thousands of messages at once. Said in
//! between, polls and acknowledgements would let the rest lie unread: time that clients on machines of their own do not
//! lose, and more of it for one transport than for another.

use std::cell::Cell;

use tokio::{
    sync::{Notify, Semaphore},
    task::yield_now,
};

/// Turns given at once: enough to be worth a look at what has arrived, too few for that to wait long.
const GIVEN_MAX: u32 = 16;

/// The turns of one worker's clients, given in the order in which they are taken.
#[derive(Debug)]
pub(crate) struct Turns {
    /// How often anything was read.
    reads: Cell<u64>,
    /// How many wait.
    waiting: Cell<u32>,
    wanted: Notify,
    given: Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Self { reads: Cell::default(), waiting: Cell::default(), wanted: Notify::new(), given: Semaphore::new(0) }
    }
}

impl Turns {
    /// Something was read.
    pub(crate) fn note_read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    /// Waits until something may be said. Dropping the future gives the turn up.
    pub(crate) async fn take(&self) {
        let _waiting = Waiting::of(&self.waiting);
        self.wanted.notify_one();
        self.given.acquire().await.expect("never closed").forget();
    }

    /// Gives turns, for as long as the worker works.
    pub(crate) async fn give(&self) {
        loop {
            // Given to somebody who was then ended.
            self.given.forget_permits(self.given.available_permits());
            if self.waiting.get() == 0 {
                self.wanted.notified().await;
                continue;
            }
            let reads = self.reads.get();
            // Everybody who is ready comes first, and so does what the kernel has meanwhile.
            yield_now().await;
            if self.reads.get() == reads {
                self.given.add_permits(self.waiting.get().min(GIVEN_MAX) as usize);
            }
        }
    }
}

/// One who waits.
struct Waiting<'a>(&'a Cell<u32>);

impl<'a> Waiting<'a> {
    fn of(waiting: &'a Cell<u32>) -> Self {
        waiting.set(waiting.get() + 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::pending, rc::Rc};

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    #[tokio::test]
    async fn what_is_said_comes_after_reads_and_none_is_left_out() {
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
                                turns.note_read();
                                said.borrow_mut().push("read");
                            }
                            turns.take().await;
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

    /// Clients are ended while they wait, before and after they were given their turn: nobody speaks out of turn for that.
    #[tokio::test]
    async fn a_turn_that_is_given_up_is_nobody_elses() {
        LocalSet::new()
            .run_until(async {
                let turns = Rc::new(Turns::default());
                let client = || {
                    let turns = Rc::clone(&turns);
                    spawn_local(async move {
                        turns.take().await;
                        pending::<()>().await;
                    })
                };
                let waiting = client();
                yield_now().await;
                waiting.abort();
                yield_now().await;
                assert_eq!(turns.waiting.get(), 0);
                let given = client();
                yield_now().await;
                turns.given.add_permits(1);
                given.abort();
                yield_now().await;
                assert_eq!((turns.waiting.get(), turns.given.available_permits()), (0, 1), "it was given, and left");
                spawn_local({
                    let turns = Rc::clone(&turns);
                    async move { turns.give().await }
                });
                yield_now().await;
                assert_eq!(turns.given.available_permits(), 0);
                turns.take().await;
            })
            .await;
    }
}
