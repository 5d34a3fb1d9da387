//! A WebSocket client that says nothing is asked whether it is there, and given up if it does not answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::deadline::poll_deadline;

/// What a silence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silent {
    /// A ping.
    Ask,
    /// An end: it was asked, and as much time went by again.
    GiveUp,
}

/// How long a client has been silent.
#[derive(Debug)]
pub(super) struct Silence {
    interval: Duration,
    /// When something is to be done about it.
    deadline: Instant,
    asked: bool,
}

impl Silence {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, deadline: Instant::now() + interval, asked: false }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The client said something, whatever it was.
    pub(super) fn broken(&mut self) {
        *self = Self::new(self.interval);
    }

    /// Ready when the silence has lasted too long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Silent> {
        poll_deadline(context, timer, self.deadline).map(|()| {
            if self.asked {
                return Silent::GiveUp;
            }
            (self.asked, self.deadline) = (true, Instant::now() + self.interval);
            Silent::Ask
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use tokio::time::{advance, sleep_until};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_once_and_given_up_as_much_later_unless_it_speaks() {
        const INTERVAL: Duration = Duration::from_secs(20);
        let mut silence = Silence::new(INTERVAL);
        let mut timer = pin!(sleep_until(silence.deadline()));
        let begun = Instant::now();
        let mut next = async |silence: &mut Silence| {
            let silent = poll_fn(|context| silence.poll(context, timer.as_mut())).await;
            (silent, begun.elapsed().as_secs())
        };
        assert_eq!(next(&mut silence).await, (Silent::Ask, 20));
        advance(Duration::from_secs(5)).await;
        silence.broken();
        assert_eq!(next(&mut silence).await, (Silent::Ask, 45));
        assert_eq!(next(&mut silence).await, (Silent::GiveUp, 65));
    }
}
