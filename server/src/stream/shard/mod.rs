//! A server thread's part of a hub: it is woken once an update, not once a subscriber, and serves those who wait for it there.

mod subscription;

use std::{sync::Arc, task::Waker};

use super::{hub::Hub, spin::Spin, subscribers::Framing};

pub use subscription::{Ended, Subscription};

/// What one server thread serves of one hub.
#[derive(Debug)]
pub struct Shard {
    hub: Arc<Hub>,
    number: usize,
    frame: Framing,
    spin: Spin,
}

impl Shard {
    /// The hub's shard with this number, of which there is to be one. What its subscribers are sent is framed by `frame`.
    pub fn new(hub: &Arc<Hub>, number: usize, frame: Framing) -> Arc<Self> {
        Self::spinning(hub, number, frame, Spin::default())
    }

    /// The same, whose deliveries cost more on purpose.
    pub fn spinning(hub: &Arc<Hub>, number: usize, frame: Framing, spin: Spin) -> Arc<Self> {
        Arc::new(Self { hub: Arc::clone(hub), number, frame, spin })
    }

    /// What is read here.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Serves those who wait whenever the hub wakes it. Runs for as long as its thread serves.
    pub async fn serve(&self) {
        let (mut topics, mut awake) = (Vec::new(), Vec::<Waker>::new());
        let mut round = 0_usize;
        loop {
            self.hub.wakeup(self.number).topics(&mut topics).await;
            for topic in topics.drain(..) {
                round += 1;
                let place = topic.place(self.number);
                place.begin();
                place.subscribers.serve(&topic, (self.frame, self.spin), round, &mut awake);
            }
            // Woken only after the lock is released: a wake-up may run code that takes it.
            awake.drain(..).for_each(Waker::wake);
            // It may have been woken again; those who were woken, and who has something to say, come first.
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests;
