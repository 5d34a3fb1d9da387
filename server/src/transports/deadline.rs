//! Deadlines that move often and are met seldom.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep};

/// Ready once `deadline` has passed.
///
/// The timer is set anew only if it would fire too late, or has fired too early: setting it costs, and most deadlines move
/// on long before they are met.
pub(crate) fn poll_deadline(context: &mut Context<'_>, mut timer: Pin<&mut Sleep>, deadline: Instant) -> Poll<()> {
    if timer.deadline() > deadline {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(context).is_ready() {
        if timer.deadline() >= deadline {
            return Poll::Ready(());
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}
